/* SPDX-License-Identifier: ISC */
/* log: lines for people on standard error. */
#pragma once

/*
 * Every line is "liu: TEXT\n" in one write(2), so that the lines of several
 * processes do not mix; a ready line is TEXT alone, for scripts. Control
 * characters in TEXT are made visible, since a peer may have chosen them. The
 * level and the colour are mutable globals: every module logs.
 */

#include <stdbool.h>

/* The kind of a line, which decides at which level it is printed. */
enum log_level {
	LOG_USAGE,  /* a command line that is wrong; always printed */
	LOG_ASKED,  /* what an option asks for; always printed */
	LOG_ERROR,  /* failures; hidden by -qq */
	LOG_READY,  /* "listening on"; hidden by -q */
	LOG_NOTICE, /* warnings and hints; hidden by -q */
	LOG_INFO,   /* -v: connections, addresses tried */
	LOG_DETAIL, /* -vv: steps */
	LOG_DEBUG,  /* -vvv: every change of state */
};

/* `level`: the number of -v less the number of -q. At start 0, without colour. */
void log_set(int level, bool color);
bool log_enabled(enum log_level level);

/* Call it before each line, but for those that it logs itself; NULL: no more. */
void log_before(void (*call)(void *arg), void *arg);

/* Keeps errno. A line that cannot be written is lost. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
