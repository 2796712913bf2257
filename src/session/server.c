/* SPDX-License-Identifier: ISC */
/* server: a listener's connections, each in its session. */
#include "config.h"

#include "session/server.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "io/child.h"
#include "io/descriptor.h"
#include "io/fd_writer.h"
#include "io/loop.h"
#include "io/sockaddr.h"
#include "net/listener.h"
#include "session/arrival.h"
#include "session/session.h"
#include "session/session_log.h"
#include "session/session_struct.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <unistd.h>

/* For listeners, pipes, lookups, and attempts to connect side by side. */
enum { OWN_DESCRIPTORS = 48 };

enum server_state {
	SERVER_ACCEPTING,
	SERVER_FULL, /* accepts again when a connection ends or is refused, or the events are out */
	SERVER_CLOSING,	  /* accepts no more; serves the rest */
	SERVER_FINISHING, /* the same after a signal, for at most the close timeout */
	SERVER_OVER,	  /* `done` has been called */
};

struct server {
	const struct session_shared *shared;
	const struct serve_options *options;
	struct listener *listener;   /* owned; NULL once no more are accepted */
	struct readiness *readiness; /* NULL for a connected descriptor */
	TAILQ_HEAD(, session) sessions;
	TAILQ_HEAD(, arrival) arrivals; /* with --accept-proxy: their PROXY header has not come */
	enum server_state state;
	uint64_t max_open, max_accepted; /* UINT64_MAX: no bound */
	const char *max_open_reason;	 /* what bounds max_open */
	uint64_t open;			 /* sessions */
	struct stats ended;		 /* ... and what came of those that have ended */
	uint64_t arriving;		 /* arrivals: each has a place, and no number */
	uint64_t accepted;		 /* so far; the number of the last one */
	uint64_t failed;		 /* the lowest number that failed; 0: none */
	int failed_status;		 /* ... and its exit status */
	bool max_reported;		 /* SERVER_FULL is reported once */
	struct task task;
	struct timer *accept_timer; /* NULL: --accept-timeout was not given */
	struct timer *finish_timer;
	server_done_fn done;
	void *arg;
};

/* The one place that changes the state. The listener may be the caller, so the task
 * frees it. */
static void set_state(struct server *server, enum server_state state)
{
	static const char *const names[] = { "accepting", "full", "closing", "finishing", "over" };

	if (server->state == state)
		return;
	log_line(LOG_DEBUG, "server: %s -> %s", names[server->state], names[state]);
	server->state = state;
	if (server->listener == NULL)
		return;
	if (state == SERVER_ACCEPTING)
		listener_resume(server->listener);
	else
		listener_pause(server->listener);
	if (state > SERVER_FULL)
		task_wake(&server->task);
}

/* --- how many --- */

static void report_full(struct server *server)
{
	if (server->max_reported || (server->shared->steps->flags & STEP_STDIN))
		return;
	server->max_reported = true;
	log_line(LOG_NOTICE, "%" PRIu64 " connection%s (%s): new ones wait", server->max_open,
		 server->max_open == 1 ? "" : "s", server->max_open_reason);
}

static void end(struct server *server)
{
	set_state(server, SERVER_OVER);
	server->done(server->arg, server->failed_status);
}

/* Each connection leaves events, even where it is over at once. */
static bool output_is_full(const struct server *server)
{
	const struct event_writer *events = server->shared->events;

	return events->json && fd_writer_above(events->output);
}

/* True while connections must wait for standard output. */
static bool wait_for_output(struct server *server)
{
	if (!output_is_full(server))
		return false;
	fd_writer_wait(server->shared->events->output, &server->task);
	return true;
}

/* The number of connections or the state has changed. */
static void update(struct server *server)
{
	if (server->state > SERVER_FULL) {
		if (server->open == 0 && server->state != SERVER_OVER)
			end(server);
	} else if (server->accepted >= server->max_accepted) {
		set_state(server, SERVER_CLOSING);
	} else if (server->open + server->arriving >= server->max_open) {
		set_state(server, SERVER_FULL);
		report_full(server);
	} else if (server->accepted + server->arriving >= server->max_accepted ||
		   wait_for_output(server)) {
		set_state(server, SERVER_FULL);
	} else {
		set_state(server, SERVER_ACCEPTING);
	}
}

static void restart_accept_timer(struct server *server)
{
	if (server->accept_timer != NULL)
		timer_start(server->accept_timer, server->options->accept_timeout_ms);
}

/* --- connections --- */

/* It is about to be freed. */
static void forget(struct server *server, struct session *session)
{
	server->ended.failed += session->err != NULL;
	server->ended.probes += session->probe;
	stats_add(&server->ended, session);
	TAILQ_REMOVE(&server->sessions, session, link);
	session_log(session, LOG_INFO, "ended");
	server->open--;
}

static void session_done(void *arg, struct session *session)
{
	struct server *server = arg;
	uint64_t conn = session->conn;

	if (session->err != NULL && (server->failed == 0 || conn < server->failed)) {
		server->failed = conn;
		server->failed_status = err_status(session->err);
	}
	forget(server, session);
	if (server->listener != NULL)
		listener_retry(server->listener);
	if (server->open == 0)
		restart_accept_timer(server);
	update(server);
}

/* It counts from here on. */
static void serve(struct server *server, struct transport *transport, bool tls, uint64_t since_ms)
{
	uint64_t conn = ++server->accepted;
	struct session *session;

	server->open++;
	restart_accept_timer(server);
	session = session_new(server->shared, transport, tls, conn, since_ms, session_done, server);
	TAILQ_INSERT_TAIL(&server->sessions, session, link);
}

static void arrived(void *arg, struct arrival *arrival, struct transport *transport)
{
	struct server *server = arg;

	TAILQ_REMOVE(&server->arrivals, arrival, link);
	server->arriving--;
	if (transport != NULL) {
		serve(server, transport, arrival->tls, arrival->since_ms);
	} else {
		server->ended.refused++;
		listener_retry(server->listener);
	}
	update(server);
}

static void take(struct server *server, int fd, const struct socket_address *peer, bool tls)
{
	struct transport *transport =
		transport_plain_new(server->shared->loop, fd, peer, server->options->nagle);
	struct arrival *arrival;

	if (server->options->accept_proxy) {
		arrival = arrival_new(server->shared, transport, tls, arrived, server);
		TAILQ_INSERT_TAIL(&server->arrivals, arrival, link);
		server->arriving++;
	} else {
		serve(server, transport, tls, loop_now());
	}
	update(server);
}

/* A refused connection is not counted, and does not restart --accept-timeout. */
static void accepted(void *arg, int fd, const struct socket_address *peer, bool tls)
{
	struct server *server = arg;
	const char *option = access_refusal(&server->options->access, peer);
	char *name;

	if (option == NULL) {
		take(server, fd, peer, tls);
		return;
	}
	server->ended.refused++;
	name = sockaddr_text(peer);
	log_line(LOG_NOTICE, "connection from %s: refused (%s)", name, option);
	free(name);
	(void)close(fd);
}

/* --- time and signals --- */

static void abort_arrivals(struct server *server)
{
	struct arrival *arrival;

	while ((arrival = TAILQ_FIRST(&server->arrivals)) != NULL) {
		TAILQ_REMOVE(&server->arrivals, arrival, link);
		arrival_free(arrival);
	}
	server->arriving = 0;
}

static void abort_all(struct server *server)
{
	struct session *session;

	while ((session = TAILQ_FIRST(&server->sessions)) != NULL) {
		session_tell_end(session);
		forget(server, session);
		session_free(session);
	}
}

static void accept_timed_out(struct server *server)
{
	struct err err;

	(void)err_set(&err, ERR_TIMEOUT, "no connection within %.10g s (--accept-timeout)",
		      (double)server->options->accept_timeout_ms / 1000);
	event_writer_error(server->shared->events, 0, NULL, &err);
	if (server->failed == 0 || server->options->accept_count == 0)
		server->failed_status = err_status(&err);
	abort_arrivals(server);
	end(server);
}

/* Does it wait for nothing but connections, which do not count before their header? */
static bool is_idle(const struct server *server)
{
	return server->state == SERVER_ACCEPTING ||
	       (server->arriving > 0 && !output_is_full(server));
}

static void server_run(void *arg)
{
	struct server *server = arg;

	if (server->state == SERVER_FULL)
		update(server);
	if (server->state > SERVER_FULL) {
		listener_free(server->listener);
		server->listener = NULL;
	}
	if (timer_expired(server->accept_timer)) {
		timer_stop(server->accept_timer);
		if (server->open == 0 && is_idle(server))
			accept_timed_out(server);
		else if (server->open == 0) /* standard output is full */
			restart_accept_timer(server);
	}
	if (timer_expired(server->finish_timer)) {
		timer_stop(server->finish_timer);
		abort_all(server);
		update(server);
	}
}

void server_finish(struct server *server, const char *hint)
{
	if (server->state == SERVER_OVER)
		return;
	abort_arrivals(server);
	if (server->state == SERVER_FINISHING) {
		abort_all(server);
		children_kill(server->shared->children);
	} else {
		set_state(server, SERVER_FINISHING);
		children_end(server->shared->children, server->shared->settings->close_timeout_ms);
	}
	update(server);
	if (server->state == SERVER_OVER)
		return;
	log_line(LOG_NOTICE, "finishing %" PRIu64 " connection%s, %s", server->open,
		 server->open == 1 ? "" : "s", hint);
	server->finish_timer = timer_new(&server->task);
	timer_start(server->finish_timer, server->shared->settings->close_timeout_ms);
}

/* --- life --- */

/* Where each connection takes more than its socket, accepting must leave descriptors for it:
 * for the other connection, or for a command's two pipes, and the watch that tells when the
 * second has ended while the peer takes no more (pump_splice.c). */
static uint64_t open_by_descriptors(unsigned flags)
{
	uint64_t each = flags & STEP_COMMAND ? 4 : flags & STEP_DIALS ? 2 : 1;
	uint64_t limit = descriptor_limit();

	if (each == 1)
		return UINT64_MAX;
	return limit > OWN_DESCRIPTORS + each ? (limit - OWN_DESCRIPTORS) / each : 1;
}

static void bound_at_once(struct server *server)
{
	unsigned flags = server->shared->steps->flags;
	uint64_t given = server->options->max_conns;

	server->max_open = given > 0 ? given : UINT64_MAX;
	server->max_open_reason = "--max-conns";
	if (flags & STEP_STDIN)
		server->max_open = 1; /* connections share standard input */
	if (open_by_descriptors(flags) < server->max_open) {
		server->max_open = open_by_descriptors(flags);
		server->max_open_reason = "the limit of descriptors";
	}
}

struct server *server_new(const struct session_shared *shared, const struct serve_options *options,
			  server_done_fn done, void *arg)
{
	struct server *server = alloc_zeroed(sizeof(*server));

	server->shared = shared;
	server->options = options;
	server->done = done;
	server->arg = arg;
	TAILQ_INIT(&server->sessions);
	TAILQ_INIT(&server->arrivals);
	bound_at_once(server);
	server->max_accepted = options->keep_open ? UINT64_MAX : 1;
	if (options->accept_count > 0)
		server->max_accepted = options->accept_count;
	task_init(&server->task, shared->loop, server_run, server);
	return server;
}

bool server_listen(struct server *server, const struct address *addresses, size_t count,
		   const struct listener_options *listening, struct err *err)
{
	struct loop *loop = server->shared->loop;

	server->listener = listener_new(loop, addresses, count, listening, accepted, server, err);
	if (server->listener == NULL)
		return false;
	server->readiness = readiness_new(loop, &server->options->readiness);
	if (!listener_open(server->listener, err))
		return false;
	if (!readiness_announce(server->readiness, server->listener, err))
		return false;
	for (size_t i = 0; i < listener_count(server->listener); i++)
		event_writer_listening(server->shared->events,
				       listener_address(server->listener, i));
	if (server->options->accept_timeout_ms > 0)
		server->accept_timer = timer_new(&server->task);
	restart_accept_timer(server);
	listener_resume(server->listener);
	return true;
}

const char *server_address(const struct server *server)
{
	return listener_address(server->listener, 0);
}

void server_adopt(struct server *server, int fd, bool tls)
{
	struct socket_address peer = sockaddr_peer(fd);

	set_state(server, SERVER_CLOSING);
	serve(server, transport_plain_new(server->shared->loop, fd, &peer, server->options->nagle),
	      tls, loop_now());
}

struct stats server_stats(const struct server *server)
{
	struct stats stats = server->ended;
	const struct session *session;

	stats.connections = server->accepted;
	stats.open = server->open;
	TAILQ_FOREACH (session, &server->sessions, link)
		stats_add(&stats, session);
	return stats;
}

void server_free(struct server *server)
{
	if (server == NULL)
		return;
	abort_arrivals(server);
	abort_all(server);
	listener_free(server->listener);
	readiness_free(server->readiness);
	timer_free(server->accept_timer);
	timer_free(server->finish_timer);
	fd_writer_unwait(server->shared->events->output, &server->task);
	task_cancel(&server->task);
	free(server);
}
