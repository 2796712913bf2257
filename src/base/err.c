/* SPDX-License-Identifier: ISC */
/* err: an error, and the exit status that it means. */
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
static bool set_text(struct err *err, char *text)
{
	size_t len = strlen(text);

	if (len >= ERR_TEXT_SIZE)
		len = bytes_utf8_prefix(bytes_of(text, ERR_TEXT_SIZE - 1));
	memcpy(err->text, text, len);
	memset(err->text + len, 0, ERR_TEXT_SIZE - len);
	free(text);
	return false;
}

/* Take over `text`. */
static bool fill(struct err *err, enum err_kind kind, int sys, char *text)
{
	err->kind = kind;
	err->sys = sys;
	err->status = 0;
	return set_text(err, text);
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
static char *pair(char *what, const char *text)
{
	char *both = alloc_printf("%s: %s", what, text);

	free(what);
	return both;
}

bool err_sys(struct err *err, enum err_kind kind, int sys, const char *format, ...)
{
	va_list args;
	char *what;

	va_start(args, format);
	what = alloc_vprintf(format, args);
	va_end(args);
	return fill(err, kind, sys, pair(what, err_message(sys)));
}

struct err err_errno(enum err_kind kind, int sys)
{
	struct err err;

	(void)fill(&err, kind, sys, alloc_string(err_message(sys)));
	return err;
}

bool err_prefix(struct err *err, const char *format, ...)
{
	va_list args;
	char *prefix;

	va_start(args, format);
	prefix = alloc_vprintf(format, args);
	va_end(args);
	return set_text(err, pair(prefix, err->text));
}

bool err_append(struct err *err, const char *format, ...)
{
	va_list args;
	char *suffix, *both;

	va_start(args, format);
	suffix = alloc_vprintf(format, args);
	va_end(args);
	both = alloc_printf("%s%s", err->text, suffix);
	free(suffix);
	return set_text(err, both);
}

struct err err_timeout(uint64_t ms, const char *option)
{
	struct err err;

	(void)err_set(&err, ERR_TIMEOUT, "timed out after %.10g s (%s)", (double)ms / 1000, option);
	return err;
}

int err_status(const struct err *err)
{
	if (err->kind == ERR_COMMAND)
		return err->status;
	return err->kind == ERR_TLS_TRUNCATED ? ERR_TLS : (int)err->kind;
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
	[ERR_EXEC] = { "exec", "no /bin/sh (COMMAND has a status of its own)" },
	[ERR_TLS_TRUNCATED] = { "tls-truncated", NULL },
	[ERR_COMMAND] = { "exec", NULL },
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
