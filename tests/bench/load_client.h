/* SPDX-License-Identifier: ISC */
/* load_client: many connections to one server, in one thread, and their rate. */
#pragma once

/* As in bench.h, what goes wrong ends the program. A connection's descriptor blocks, but sending
 * and receiving here do not. */

#include "bench/bench_tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection {
	int fd;
	SSL *ssl;      /* NULL: no TLS */
	bool full;     /* the rest of a message waits for room */
	bool answered; /* at least once */
	size_t sent, received;
};

struct client {
	int epoll;
	const char *port;
	struct connection *connections;
	size_t count, size; /* connections, bytes of a message */
	char *message, *scratch;
	size_t unanswered; /* connections */
	uint64_t done;	   /* since the warm-up */
};

/* Allocates `count` connections; the caller opens them. */
void client_init(struct client *client, const char *port, size_t count, size_t size);
/* Registers what a connection waits for; `operation` is EPOLL_CTL_ADD or EPOLL_CTL_MOD. */
void client_watch(struct client *client, int operation, struct connection *connection);

/* Sends the rest of the message, or as much as the socket takes. */
void client_send(struct client *client, struct connection *connection);
/* True when a whole message has arrived. */
bool client_receive(struct client *client, struct connection *connection);
/* Counts `times` units of work, completed on this connection. */
void client_done(struct client *client, struct connection *connection, uint64_t times);

/* Handles events until every connection has been answered once and a warm-up is over, then for
 * `seconds`; prints the units of work per second. */
void client_run(struct client *client, double seconds,
		void (*on_event)(struct client *, struct connection *));
