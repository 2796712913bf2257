/* SPDX-License-Identifier: ISC */
/* server: a listener's connections, each in its session. */
#include "config.h"

#include "session/server.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "io/loop.h"
#include "session/ready.h"
#include "session/session.h"
#include "tls/transport_tls.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/queue.h>

struct server {
	struct server_shared shared;
	struct session_shared session_shared;
	struct listener *listener; /* owned; NULL once no more are accepted */
	TAILQ_HEAD(, session) sessions;
	uint64_t open;	       /* connections being served */
	unsigned accepted;     /* so far; the last one's number */
	unsigned pipes;	       /* the pumps' */
	unsigned failed;       /* the lowest number that failed; 0: none */
	int failed_status;     /* ... and how */
	bool closing_listener; /* it is to be freed by our task */
	bool max_said;
	bool finishing; /* a signal came */
	bool over;	/* `done` has been called */
	struct task task;
	struct timer *accept_timer; /* NULL: --accept-timeout was not given */
	struct timer *finish_timer;
	server_done_fn done;
	void *arg;
};

static void end(struct server *server, int status)
{
	if (server->over)
		return;
	server->over = true;
	server->done(server->arg, status);
}

static void end_if_idle(struct server *server)
{
	bool accepting = server->listener != NULL && !server->closing_listener;

	if (!accepting && server->open == 0)
		end(server, server->failed_status);
}

/* --- accepting --- */

/* One connection at a time where they share standard input. */
static uint64_t most_at_once(const struct server *server)
{
	if (server->shared.steps->uses_stdin)
		return 1;
	return server->shared.options->max_conns;
}

static uint64_t most_in_all(const struct server *server)
{
	const struct serve_options *options = server->shared.options;

	if (options->accept_count > 0)
		return options->accept_count;
	return options->keep_open ? UINT64_MAX : 1;
}

/* The listener calls us while it accepts: it is freed from our own task. */
static void stop_accepting(struct server *server)
{
	if (server->listener == NULL)
		return;
	listener_pause(server->listener);
	server->closing_listener = true;
	task_wake(&server->task);
}

static void pause_when_full(struct server *server)
{
	uint64_t most = most_at_once(server);

	if (server->listener == NULL || most == 0 || server->open < most)
		return;
	listener_pause(server->listener);
	if (server->max_said || server->shared.steps->uses_stdin)
		return;
	server->max_said = true;
	log_line(LOG_NOTICE, "%" PRIu64 " connections (--max-conns): further ones wait",
		 server->open);
}

static void restart_accept_timer(struct server *server)
{
	if (server->accept_timer != NULL)
		timer_start(server->accept_timer, server->shared.options->accept_timeout_ms);
}

/* The connection has ended: tell, count, and make room for the next. */
static void session_done(void *arg, struct session *session)
{
	struct server *server = arg;
	const struct err *err = session_error(session);

	if (err != NULL) {
		char *peer = session_peer(session);

		log_line(LOG_ERROR, "%s: %s", peer, err->text);
		free(peer);
		if (server->failed == 0 || session->conn < server->failed) {
			server->failed = session->conn;
			server->failed_status = err_status(err->kind);
		}
	}
	log_line(LOG_INFO, "connection %u has ended", session->conn);
	TAILQ_REMOVE(&server->sessions, session, link);
	server->open--;
	if (server->listener != NULL && !server->closing_listener) {
		listener_nudge(server->listener);
		listener_resume(server->listener);
	}
	if (server->open == 0)
		restart_accept_timer(server);
	end_if_idle(server);
}

static void add_connection(struct server *server, struct transport *transport)
{
	struct session *session =
		session_new(&server->session_shared, transport, ++server->accepted,
			    server->shared.settings->timeout_ms, session_done, server);

	TAILQ_INSERT_TAIL(&server->sessions, session, link);
	server->open++;
	restart_accept_timer(server);
	if (log_enabled(LOG_INFO)) {
		char *peer = session_peer(session);

		log_line(LOG_INFO, "connection %u from %s", session->conn, peer);
		free(peer);
	}
}

static struct transport *make_transport(struct server *server, int fd,
					const struct socket_address *peer, bool tls)
{
	struct transport *transport =
		transport_plain_new(server->shared.loop, fd, peer, server->shared.options->nagle);

	if (tls)
		transport = transport_tls_server(transport, server->shared.tls);
	return transport;
}

static void accepted(void *arg, int fd, const struct socket_address *peer, bool tls)
{
	struct server *server = arg;

	add_connection(server, make_transport(server, fd, peer, tls));
	if (server->accepted >= most_in_all(server))
		stop_accepting(server);
	else
		pause_when_full(server);
}

/* --- time and signals --- */

static void abort_all(struct server *server)
{
	struct session *session;

	while ((session = TAILQ_FIRST(&server->sessions)) != NULL) {
		TAILQ_REMOVE(&server->sessions, session, link);
		session_abort(session);
		server->open--;
	}
}

static void nobody_came(struct server *server)
{
	struct err err;

	(void)err_set(&err, ERR_TIMEOUT, "no connection within %.10g s (--accept-timeout)",
		      (double)server->shared.options->accept_timeout_ms / 1000);
	log_line(LOG_ERROR, "%s", err.text);
	event_writer_error(server->shared.events, 0, &err);
	end(server, err_status(err.kind));
}

static void server_run(void *arg)
{
	struct server *server = arg;

	if (server->closing_listener) {
		server->closing_listener = false;
		listener_free(server->listener);
		server->listener = NULL;
		end_if_idle(server);
	}
	if (timer_expired(server->accept_timer)) {
		timer_stop(server->accept_timer);
		if (server->open == 0 && server->listener != NULL)
			nobody_came(server);
	}
	if (timer_expired(server->finish_timer)) {
		timer_stop(server->finish_timer);
		abort_all(server);
		end(server, server->failed_status);
	}
}

void server_finish(struct server *server)
{
	uint64_t grace = server->shared.settings->close_timeout_ms;

	if (server->finishing) {
		abort_all(server);
		end(server, server->failed_status);
		return;
	}
	server->finishing = true;
	stop_accepting(server);
	if (server->open == 0) {
		end(server, server->failed_status);
		return;
	}
	log_line(LOG_NOTICE, "finishing %" PRIu64 " connection%s, once more to stop now",
		 server->open, server->open == 1 ? "" : "s");
	server->finish_timer = timer_new(&server->task);
	timer_start(server->finish_timer, grace);
}

/* --- life --- */

static struct server *server_alloc(const struct server_shared *shared, server_done_fn done,
				   void *arg)
{
	struct server *server = alloc_zeroed(sizeof(*server));

	server->shared = *shared;
	server->session_shared = (struct session_shared){
		.loop = shared->loop,
		.settings = shared->settings,
		.steps = shared->steps,
		.events = shared->events,
		.input = shared->input,
		.listening = true,
		.pipes = &server->pipes,
	};
	server->done = done;
	server->arg = arg;
	TAILQ_INIT(&server->sessions);
	task_init(&server->task, shared->loop, server_run, server);
	return server;
}

struct server *server_new(const struct server_shared *shared, const struct address *addresses,
			  size_t count, const struct listener_options *listening,
			  server_done_fn done, void *arg, struct err *err)
{
	struct server *server = server_alloc(shared, done, arg);

	server->listener =
		listener_new(shared->loop, addresses, count, listening, accepted, server, err);
	if (server->listener == NULL ||
	    !ready_announce(server->listener, shared->options, shared->events, err)) {
		server_free(server);
		return NULL;
	}
	if (shared->options->accept_timeout_ms > 0)
		server->accept_timer = timer_new(&server->task);
	restart_accept_timer(server);
	listener_resume(server->listener);
	return server;
}

struct server *server_new_connected(const struct server_shared *shared, int fd, bool tls,
				    server_done_fn done, void *arg)
{
	struct server *server = server_alloc(shared, done, arg);

	add_connection(server, make_transport(server, fd, NULL, tls));
	return server;
}

void server_free(struct server *server)
{
	if (server == NULL)
		return;
	abort_all(server);
	listener_free(server->listener);
	timer_free(server->accept_timer);
	timer_free(server->finish_timer);
	task_cancel(&server->task);
	free(server);
}
