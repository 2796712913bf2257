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

struct readiness_options {
	const char *address_file; /* NULL: none */
	int ready_fd;		  /* -1: none */
};

/* Can the file and the descriptor be used? ERR_USAGE; nothing is written. */
bool readiness_check(const struct readiness_options *options, struct err *err);

/* Announce the listener everywhere. ERR_IO when the file or the descriptor cannot be
 * written. */
bool readiness_announce(const struct listener *listener, const struct readiness_options *options,
			struct err *err);
