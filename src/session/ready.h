/* SPDX-License-Identifier: ISC */
/* ready: tells whoever waits that we listen, and where. */
#ifndef LIU_SESSION_READY_H
#define LIU_SESSION_READY_H

/*
 * By a line on standard error, an event, a file that appears by rename, a
 * descriptor that is then closed, and NOTIFY_SOCKET (sd_notify(3)).
 */

#include <stdbool.h>

struct err;
struct listener;
struct serve_options;
struct event_writer;

/* Can the file and the descriptor be used? ERR_USAGE; nothing is written. */
bool ready_check(const struct serve_options *options, struct err *err);

/* Say it everywhere. ERR_IO when the file or the descriptor cannot be written. */
bool ready_announce(const struct listener *listener, const struct serve_options *options,
		    struct event_writer *events, struct err *err);

#endif
