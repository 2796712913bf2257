/* SPDX-License-Identifier: ISC */
/* stats: the totals of a command's connections, for --stats. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct session;

struct stats {
	/* Of a listener. */
	uint64_t connections; /* accepted, and not refused */
	uint64_t open;	      /* of these, now */
	uint64_t failed;
	uint64_t probes;  /* ended before they sent a byte; not failures */
	uint64_t refused; /* by --allow, --deny and --accept-proxy */
	/* Bytes, over all connections. */
	uint64_t received, sent;
};

/* Add the bytes of a session, so far. */
void stats_add(struct stats *stats, const struct session *session);

/* One line for people and scripts, of what has happened in so many microseconds. Owned by
 * the caller. */
char *stats_text(const struct stats *stats, bool listening, uint64_t us);
