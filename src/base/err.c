/* SPDX-License-Identifier: ISC */
/* err: one record that says what went wrong, and the exit status it means. */
#include "config.h"

#include "base/err.h"

#include "base/bytes.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_SIZE = 128 };

/* The arguments may point into err->text, so the text is formatted aside first. */
bool err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
	char text[ERR_TEXT_SIZE] = "";
	va_list args;
	size_t len;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) >= ERR_TEXT_SIZE) {
		len = bytes_utf8_prefix(bytes_of(text, ERR_TEXT_SIZE - 1));
		text[len] = '\0';
	}
	va_end(args);
	*err = (struct err){ .kind = kind };
	memcpy(err->text, text, strlen(text) + 1);
	return false;
}

bool err_sys(struct err *err, enum err_kind kind, int sys, const char *format, ...)
{
	char what[ERR_TEXT_SIZE];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	(void)err_set(err, kind, "%s: %s", what, err_message(sys));
	err->sys = sys;
	return false;
}

bool err_prefix(struct err *err, const char *format, ...)
{
	char prefix[ERR_TEXT_SIZE];
	int sys = err->sys;
	va_list args;

	va_start(args, format);
	(void)vsnprintf(prefix, sizeof(prefix), format, args);
	va_end(args);
	(void)err_set(err, err->kind, "%s: %s", prefix, err->text);
	err->sys = sys;
	return false;
}

bool err_append(struct err *err, const char *suffix)
{
	int sys = err->sys;

	(void)err_set(err, err->kind, "%s%s", err->text, suffix);
	err->sys = sys;
	return false;
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

const char *err_name(enum err_kind kind)
{
	static const char *const names[] = {
		[ERR_OK] = "ok",
		[ERR_IO] = "io",
		[ERR_USAGE] = "usage",
		[ERR_RESOLVE] = "resolve",
		[ERR_CONNECT] = "connect",
		[ERR_TLS] = "tls",
		[ERR_TIMEOUT] = "timeout",
		[ERR_INCOMPLETE_READ] = "incomplete-read",
		[ERR_LIMIT_OVERRUN] = "limit-overrun",
		[ERR_EXPECTATION] = "expectation",
		[ERR_PROXY] = "proxy",
		[ERR_EXEC] = "exec",
		[ERR_TLS_TRUNCATED] = "tls-truncated",
	};

	return names[kind];
}

/* A table, because strerrorname_np(3) is glibc's alone. */
const char *err_symbol(int sys)
{
#define SYMBOL(name)                                                                               \
	{                                                                                          \
		name, #name                                                                        \
	}
	static const struct {
		int sys;
		const char *symbol;
	} symbols[] = {
		SYMBOL(EACCES),	      SYMBOL(EADDRINUSE),   SYMBOL(EADDRNOTAVAIL),
		SYMBOL(EAFNOSUPPORT), SYMBOL(EAGAIN),	    SYMBOL(EALREADY),
		SYMBOL(EBADF),	      SYMBOL(EBADMSG),	    SYMBOL(EBUSY),
		SYMBOL(ECONNABORTED), SYMBOL(ECONNREFUSED), SYMBOL(ECONNRESET),
		SYMBOL(EDESTADDRREQ), SYMBOL(EDQUOT),	    SYMBOL(EEXIST),
		SYMBOL(EFAULT),	      SYMBOL(EFBIG),	    SYMBOL(EHOSTDOWN),
		SYMBOL(EHOSTUNREACH), SYMBOL(EINPROGRESS),  SYMBOL(EINTR),
		SYMBOL(EINVAL),	      SYMBOL(EIO),	    SYMBOL(EISCONN),
		SYMBOL(EISDIR),	      SYMBOL(ELOOP),	    SYMBOL(EMFILE),
		SYMBOL(EMSGSIZE),     SYMBOL(ENAMETOOLONG), SYMBOL(ENETDOWN),
		SYMBOL(ENETRESET),    SYMBOL(ENETUNREACH),  SYMBOL(ENFILE),
		SYMBOL(ENOBUFS),      SYMBOL(ENODEV),	    SYMBOL(ENOENT),
		SYMBOL(ENOMEM),	      SYMBOL(ENOPROTOOPT),  SYMBOL(ENOSPC),
		SYMBOL(ENOSYS),	      SYMBOL(ENOTCONN),	    SYMBOL(ENOTDIR),
		SYMBOL(ENOTSOCK),     SYMBOL(ENXIO),	    SYMBOL(EOPNOTSUPP),
		SYMBOL(EOVERFLOW),    SYMBOL(EPERM),	    SYMBOL(EPIPE),
		SYMBOL(EPROTO),	      SYMBOL(EPROTOTYPE),   SYMBOL(EPROTONOSUPPORT),
		SYMBOL(EROFS),	      SYMBOL(ESHUTDOWN),    SYMBOL(ETIMEDOUT),
		SYMBOL(ETXTBSY),
	};
#undef SYMBOL

	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++)
		if (symbols[i].sys == sys)
			return symbols[i].symbol;
	return NULL;
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
