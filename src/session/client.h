/* SPDX-License-Identifier: ISC */
/* client: dials, runs one session, and is done. */
#pragma once

/*
 * Owns the dial and the session, their --timeout, and the durations of the stages.
 * Knows nothing of the command: connect has one client, head one for each URL.
 */

#include "net/dial.h"
#include "session/session_shared.h"
#include "session/stats.h"

#include <stdint.h>

struct address;
struct client;
struct err;

/* Copied, with what it points to borrowed until the client is freed. */
struct client_options {
	const struct session_shared *shared;
	const struct address *address;
	struct dial_options dialing;
	uint64_t conn;	     /* its number, from 1 */
	uint64_t started_ms; /* when --timeout began to count, by loop_now() */
};

/* Microseconds; 0 where a stage was not reached or not needed. */
struct client_times {
	struct dial_times dial;
	uint64_t total_us; /* from client_start() to the end of the session */
};

/* Called once, from the client's own task: the owner may free the client in it.
 * `err` is NULL on success, and borrowed until the client is freed. It has been
 * reported unless the list of steps is silent. */
typedef void (*client_done_fn)(void *arg, const struct err *err);

struct client *client_start(const struct client_options *options, client_done_fn done, void *arg);

/* NULL is allowed. Before it is done: `done` is not called. */
void client_free(struct client *client);

/* Before it is done: end it soon with this error, if it has none yet, without an
 * orderly close. */
void client_end(struct client *client, const struct err *err);

const struct client_times *client_times(const struct client *client);

/* Bytes so far. */
struct stats client_stats(const struct client *client);
