/* SPDX-License-Identifier: ISC */
/* err: one record that says what went wrong, and the exit status it means. */
#include "config.h"

#include "base/err.h"

#include "base/alloc.h"
#include "base/bytes.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_SIZE = 128 };

/* Take over `text`. */
static bool fill(struct err *err, enum err_kind kind, int sys, char *text)
{
	size_t len = strlen(text);

	if (len >= ERR_TEXT_SIZE)
		len = bytes_utf8_prefix(bytes_of(text, ERR_TEXT_SIZE - 1));
	*err = (struct err){ .kind = kind, .sys = sys };
	memcpy(err->text, text, len);
	free(text);
	return false;
}

/* Here and below the arguments may point into err->text. */
bool err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = alloc_vprintf(format, args);
	va_end(args);
	return fill(err, kind, 0, text);
}

/* "WHAT: TEXT"; takes over `what`. */
static bool fill_pair(struct err *err, enum err_kind kind, int sys, char *what, const char *text)
{
	char *both = alloc_printf("%s: %s", what, text);

	free(what);
	return fill(err, kind, sys, both);
}

bool err_sys(struct err *err, enum err_kind kind, int sys, const char *format, ...)
{
	va_list args;
	char *what;

	va_start(args, format);
	what = alloc_vprintf(format, args);
	va_end(args);
	return fill_pair(err, kind, sys, what, err_message(sys));
}

bool err_prefix(struct err *err, const char *format, ...)
{
	va_list args;
	char *prefix;

	va_start(args, format);
	prefix = alloc_vprintf(format, args);
	va_end(args);
	return fill_pair(err, err->kind, err->sys, prefix, err->text);
}

bool err_append(struct err *err, const char *suffix)
{
	return fill(err, err->kind, err->sys, alloc_printf("%s%s", err->text, suffix));
}

struct err err_timeout(uint64_t ms, const char *option)
{
	struct err err;

	(void)err_set(&err, ERR_TIMEOUT, "timed out after %.10g s (%s)", (double)ms / 1000, option);
	return err;
}

int err_status(enum err_kind kind)
{
	return kind == ERR_TLS_TRUNCATED ? ERR_TLS : (int)kind;
}

static const struct {
	const char *name, *meaning;
} kinds[] = {
	[ERR_OK] = { "ok", "everything has succeeded" },
	[ERR_IO] = { "io", "the stream or a local file broke; not a frame" },
	[ERR_USAGE] = { "usage", "the command line is wrong, or a file named on it" },
	[ERR_RESOLVE] = { "resolve", "the name has no address" },
	[ERR_CONNECT] = { "connect", "refused, unreachable; cannot listen" },
	[ERR_TLS] = { "tls", "TLS failed: handshake, verification, truncation" },
	[ERR_TIMEOUT] = { "timeout", "a time limit passed" },
	[ERR_INCOMPLETE_READ] = { "incomplete-read", "the stream ended before what was asked for" },
	[ERR_LIMIT_OVERRUN] = { "limit-overrun", "no end within the limit, a response too large" },
	[ERR_EXPECTATION] = { "expectation", "expect, at-eof, --fail or --field did not hold" },
	[ERR_PROXY] = { "proxy", NULL },
	[ERR_EXEC] = { "exec", NULL },
	[ERR_TLS_TRUNCATED] = { "tls-truncated", NULL },
};

const char *err_name(enum err_kind kind)
{
	return kinds[kind].name;
}

const char *err_meaning(enum err_kind kind)
{
	return kinds[kind].meaning;
}

const char *err_message(int sys)
{
	/* One for each thread: names are resolved in threads. */
	static _Thread_local char message[MESSAGE_SIZE];

	(void)snprintf(message, sizeof(message), "%s", strerror(sys));
	/* "RPC ..." keeps its capitals. */
	if (!isupper((unsigned char)message[1]))
		message[0] = (char)tolower((unsigned char)message[0]);
	return message;
}
