/* SPDX-License-Identifier: ISC */
/* readiness: tells other programs that a listener listens, and where. */
#pragma once

/*
 * By a line on standard error, a file that appears by rename, a descriptor that is then
 * closed, and NOTIFY_SOCKET (sd_notify(3)).
 */

#include <stdbool.h>

struct err;
struct listener;
struct loop;
struct readiness;

struct readiness_options {
	const char *address_file; /* NULL: none */
	int ready_fd;		  /* -1: none */
};

/* Can the file and the descriptor be used? ERR_USAGE; nothing is written. */
bool readiness_check(const struct readiness_options *options, struct err *err);

/* Before anything listens: an old file is removed. `options` is borrowed. */
struct readiness *readiness_new(struct loop *loop, const struct readiness_options *options);

/* Announce the listener everywhere: ERR_IO when the file or the descriptor cannot be
 * written. A full descriptor and the supervisor may take their time; a failure then is a
 * line. */
bool readiness_announce(struct readiness *r, const struct listener *listener, struct err *err);

/* Remove the file if it is still ours. NULL is allowed. */
void readiness_free(struct readiness *r);
