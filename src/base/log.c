/* SPDX-License-Identifier: ISC */
/* log: lines for people on standard error. */
#include "config.h"

#include "base/log.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/escape.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STDERR_WAIT_MS = 1000 };

/* The lowest level at which each kind of line is printed, and its colour. */
static const struct {
	int threshold;
	const char *color;
} kinds[] = {
	[LOG_USAGE] = { INT_MIN, "\x1B[1;31m" }, [LOG_ASKED] = { INT_MIN, "\x1B[36m" },
	[LOG_ERROR] = { -1, "\x1B[1;31m" },	 [LOG_READY] = { 0, "" },
	[LOG_NOTICE] = { 0, "\x1B[33m" },	 [LOG_INFO] = { 1, "\x1B[36m" },
	[LOG_DETAIL] = { 2, "\x1B[2m" },	 [LOG_DEBUG] = { 3, "\x1B[2m" },
};

static struct {
	int level;
	bool color;
	bool stuck;		   /* the last line could not be written */
	void (*before)(void *arg); /* NULL: nothing */
	void *arg;
} settings;

void log_set(int level, bool color)
{
	settings.level = level;
	settings.color = color;
}

void log_before(void (*call)(void *arg), void *arg)
{
	settings.before = call;
	settings.arg = arg;
}

bool log_enabled(enum log_level level)
{
	return settings.level >= kinds[level].threshold;
}

/* Standard error may be a pipe that blocks and that its reader has stopped reading.
 * Wait up to 1 s once; drop lines while it stays full. */
static bool wait_writable(void)
{
	struct pollfd stderr_fd = { .fd = STDERR_FILENO, .events = POLLOUT };

	settings.stuck = poll(&stderr_fd, 1, settings.stuck ? 0 : STDERR_WAIT_MS) == 0;
	return !settings.stuck;
}

/* A pipe that poll(2) calls writable takes PIPE_BUF bytes without blocking. */
static void write_all(const char *text, size_t len)
{
	while (len > 0 && wait_writable()) {
		ssize_t n = write(STDERR_FILENO, text, len < PIPE_BUF ? len : PIPE_BUF);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
}

/* Lines that it logs itself come without it: libevent's, when a watch cannot be added. */
static void call_before(void)
{
	void (*call)(void *arg) = settings.before;

	settings.before = NULL;
	if (call != NULL)
		call(settings.arg);
	settings.before = call;
}

void log_line(enum log_level level, const char *format, ...)
{
	int saved = errno;
	char *raw, *text, *line;
	va_list args;

	if (!log_enabled(level))
		return;
	va_start(args, format);
	raw = alloc_vprintf(format, args);
	va_end(args);
	call_before();
	text = escape_controls(bytes_of_string(raw));
	/* Scripts wait for a line that begins with this text. */
	if (level == LOG_READY)
		line = alloc_printf("%s\n", text);
	else if (settings.color)
		line = alloc_printf("%sliu:\x1B[0m %s\n", kinds[level].color, text);
	else
		line = alloc_printf("liu: %s\n", text);
	write_all(line, strlen(line));
	free(line);
	free(text);
	free(raw);
	errno = saved;
}
