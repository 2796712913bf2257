/* SPDX-License-Identifier: ISC */
/* err: an error, and the exit status that it means. */
#pragma once

/*
 * The layer that detects an error fills the record, a layer that knows a name
 * prefixes it, and event_writer_error() or src/cli prints it. It is a plain value that owns
 * nothing and may be copied. Normal answers ("again", "ended") are not errors.
 *
 * Fallible functions return bool and take a `struct err *` last. On failure
 * they return false and have filled it; on success it is untouched.
 */

#include <stdbool.h>
#include <stdint.h>

enum { ERR_TEXT_SIZE = 480 };

/* One kind for each line of the manual's table of exit statuses, whose number it is;
 * tls-truncated, which shares the status of tls; and a command's own. */
enum err_kind {
	ERR_OK,
	ERR_IO,
	ERR_USAGE,
	ERR_RESOLVE,
	ERR_CONNECT,
	ERR_TLS,
	ERR_TIMEOUT,
	ERR_INCOMPLETE_READ,
	ERR_LIMIT_OVERRUN,
	ERR_EXPECTATION,
	ERR_PROXY,
	ERR_EXEC,
	ERR_TLS_TRUNCATED,
	ERR_COMMAND, /* a command has failed, with an exit status of its own */
};

struct err {
	enum err_kind kind;
	int sys;    /* errno where one was the cause, else 0 */
	int status; /* ERR_COMMAND: the exit status of the command; else 0 */
	char text[ERR_TEXT_SIZE];
};

/* Fill `err` (kind, text; sys 0). Always false, so that a caller can `return
 * err_set(...)`. A text that does not fit is cut at a character. */
bool err_set(struct err *err, enum err_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a failed system call: ": " and the message of errno `sys` are
 * appended in lower case ("connection refused"). */
bool err_sys(struct err *err, enum err_kind kind, int sys, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The message of errno `sys` alone. */
struct err err_errno(enum err_kind kind, int sys);

/* "timed out after N s (OPTION)" for a limit of `ms` milliseconds, ERR_TIMEOUT. */
struct err err_timeout(uint64_t ms, const char *option);

/* Append to the text. Always false. */
bool err_append(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Put "PREFIX: " before the text. Always false. */
bool err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The exit status that it means. */
int err_status(const struct err *err);

/* Its name in messages and JSON: "io", "tls-truncated"... */
const char *err_name(enum err_kind kind);

/* For help, in at most 48 columns; NULL for one that the program does not exit with. */
const char *err_meaning(enum err_kind kind);

/* errno's message with its first letter in lower case. Valid until the next
 * call in the same thread; never NULL. */
const char *err_message(int sys);
