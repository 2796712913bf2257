/* SPDX-License-Identifier: ISC */
/* server: a listener's connections, each in its session. */
#pragma once

#include "net/access.h"
#include "net/readiness.h"
#include "session/session_shared.h"
#include "session/stats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address;
struct err;
struct listener_options;
struct server;

struct serve_options {
	bool keep_open;
	uint64_t accept_count; /* --accept N; 0: no bound */
	uint64_t accept_timeout_ms;
	uint64_t max_conns; /* 0: no bound */
	bool nagle;
	struct access access;
	bool accept_proxy;
	struct readiness_options readiness;
};

typedef void (*server_done_fn)(void *arg, int status);

/* `shared` and `options` are borrowed until it is freed. `done` is called once, with the
 * exit status, when the last connection of the last accept has ended. */
struct server *server_new(const struct session_shared *shared, const struct serve_options *options,
			  server_done_fn done, void *arg);
void server_free(struct server *server);

/* Listen, say so, and accept. A connection that is refused is not one of --accept. */
bool server_listen(struct server *server, const struct address *addresses, size_t count,
		   const struct listener_options *listening, struct err *err);

/* Instead: serve fd:N, which is connected, and no other. */
void server_adopt(struct server *server, int fd, bool tls);

/* The address of the first socket, as connect takes it; borrowed; once it listens. */
const char *server_address(const struct server *server);

/* Stop accepting, send SIGTERM to the commands of exec, and serve the connections that are
 * open for at most the close timeout; then `done`. A second call ends everything at once.
 * `hint` completes the notice on standard error. */
void server_finish(struct server *server, const char *hint);

/* So far, with those that are running. */
struct stats server_stats(const struct server *server);
