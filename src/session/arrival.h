/* SPDX-License-Identifier: ISC */
/* arrival: an accepted connection before its PROXY header has come. */
#pragma once

/*
 * It has no number yet and is not counted. A header that is missing, wrong or late is a
 * line, which names the socket's own peer, and no failure of the listener. The limits are
 * those of the handshake and of the connection.
 */

#include "io/loop.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct arrival;
struct opening;
struct session_shared;
struct transport;

/* The header has come: `transport` is handed over and has its addresses. NULL: the
 * connection was refused. `arrival` is freed when this returns. */
typedef void (*arrival_done_fn)(void *arg, struct arrival *arrival, struct transport *transport);

struct arrival {
	struct task task;
	struct opening *opening; /* owned */
	char *peer;		 /* owned; NULL: it has no address */
	uint64_t since_ms;	 /* when it was accepted */
	bool tls;		 /* for its owner, as `link` */
	arrival_done_fn done;
	void *arg;
	TAILQ_ENTRY(arrival) link;
};

/* `transport` is handed over, `shared` borrowed. */
struct arrival *arrival_new(const struct session_shared *shared, struct transport *transport,
			    bool tls, arrival_done_fn done, void *arg);

/* Before it is done: `done` is not called. */
void arrival_free(struct arrival *a);
