/* SPDX-License-Identifier: ISC */
/* server: a listener's connections, each in its session. */
#include "config.h"

#include "session/server.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "io/loop.h"
#include "io/sockaddr.h"
#include "io/stdout_writer.h"
#include "net/listener.h"
#include "session/session.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/queue.h>

enum server_state {
	SERVER_ACCEPTING,
	SERVER_FULL,	  /* accepts again when a connection ends, or the events are out */
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
	enum server_state state;
	uint64_t most_at_once, most_in_all; /* UINT64_MAX: no bound */
	uint64_t open;			    /* sessions */
	unsigned accepted;		    /* so far; the number of the last one */
	unsigned failed;		    /* the lowest number that failed; 0: none */
	int failed_status;		    /* ... and its exit status */
	bool max_reported;		    /* SERVER_FULL is reported once */
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
	log_line(LOG_DEBUG, "server: %s, was %s", names[state], names[server->state]);
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

static void report_max(struct server *server)
{
	if (server->max_reported || (server->shared->steps->flags & STEP_STDIN))
		return;
	server->max_reported = true;
	log_line(LOG_NOTICE, "%" PRIu64 " connection%s (--max-conns): new ones wait", server->open,
		 server->open == 1 ? "" : "s");
}

static void end(struct server *server)
{
	set_state(server, SERVER_OVER);
	server->done(server->arg, server->failed_status);
}

/* Each connection leaves events, even where it is over at once. */
static bool events_wait(struct server *server)
{
	struct event_writer *events = server->shared->events;

	if (!events->json || !stdout_writer_above(events->output))
		return false;
	stdout_writer_wait(events->output, &server->task);
	return true;
}

/* The number of connections or the state has changed. */
static void update(struct server *server)
{
	if (server->state > SERVER_FULL) {
		if (server->open == 0 && server->state != SERVER_OVER)
			end(server);
	} else if (server->accepted >= server->most_in_all) {
		set_state(server, SERVER_CLOSING);
	} else if (server->open >= server->most_at_once) {
		set_state(server, SERVER_FULL);
		report_max(server);
	} else if (events_wait(server)) {
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

static void session_done(void *arg, struct session *session)
{
	struct server *server = arg;
	unsigned conn = session->conn;

	if (session->err != NULL && (server->failed == 0 || conn < server->failed)) {
		server->failed = conn;
		server->failed_status = err_status(session->err->kind);
	}
	TAILQ_REMOVE(&server->sessions, session, link);
	session_log(session, LOG_INFO, "ended");
	server->open--;
	if (server->listener != NULL)
		listener_retry(server->listener);
	if (server->open == 0)
		restart_accept_timer(server);
	update(server);
}

static void accepted(void *arg, int fd, const struct socket_address *peer, bool tls)
{
	struct server *server = arg;
	unsigned conn = ++server->accepted;
	struct transport *transport =
		transport_plain_new(server->shared->loop, fd, peer, server->options->nagle);
	struct session *session;

	server->open++;
	restart_accept_timer(server);
	session =
		session_new(server->shared, transport, tls, conn, loop_now(), session_done, server);
	TAILQ_INSERT_TAIL(&server->sessions, session, link);
	update(server);
}

/* --- time and signals --- */

static void abort_all(struct server *server)
{
	struct session *session;

	while ((session = TAILQ_FIRST(&server->sessions)) != NULL) {
		TAILQ_REMOVE(&server->sessions, session, link);
		session_free(session);
	}
	server->open = 0;
}

static void accept_timed_out(struct server *server)
{
	struct err err;

	(void)err_set(&err, ERR_TIMEOUT, "no connection within %.10g s (--accept-timeout)",
		      (double)server->options->accept_timeout_ms / 1000);
	report_error(server->shared->events, 0, NULL, &err);
	server->failed_status = err_status(err.kind);
	end(server);
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
		if (server->open == 0 && server->state == SERVER_ACCEPTING)
			accept_timed_out(server);
		else if (server->open == 0) /* the events wait, and so does it */
			restart_accept_timer(server);
	}
	if (timer_expired(server->finish_timer)) {
		timer_stop(server->finish_timer);
		abort_all(server);
		update(server);
	}
}

void server_finish(struct server *server)
{
	if (server->state == SERVER_OVER)
		return;
	if (server->state == SERVER_FINISHING)
		abort_all(server);
	else
		set_state(server, SERVER_FINISHING);
	update(server);
	if (server->state == SERVER_OVER)
		return;
	log_line(LOG_NOTICE,
		 "finishing %" PRIu64 " connection%s, send the signal again to stop now",
		 server->open, server->open == 1 ? "" : "s");
	server->finish_timer = timer_new(&server->task);
	timer_start(server->finish_timer, server->shared->settings->close_timeout_ms);
}

/* --- life --- */

struct server *server_new(const struct session_shared *shared, const struct serve_options *options,
			  server_done_fn done, void *arg)
{
	struct server *server = alloc_zeroed(sizeof(*server));

	server->shared = shared;
	server->options = options;
	server->done = done;
	server->arg = arg;
	TAILQ_INIT(&server->sessions);
	server->most_at_once = options->max_conns > 0 ? options->max_conns : UINT64_MAX;
	if (shared->steps->flags & STEP_STDIN)
		server->most_at_once = 1; /* connections share standard input */
	server->most_in_all = options->keep_open ? UINT64_MAX : 1;
	if (options->accept_count > 0)
		server->most_in_all = options->accept_count;
	task_init(&server->task, shared->loop, server_run, server);
	return server;
}

bool server_listen(struct server *server, const struct address *addresses, size_t count,
		   const struct listener_options *listening, struct err *err)
{
	struct loop *loop = server->shared->loop;

	server->readiness = readiness_new(loop, &server->options->readiness);
	server->listener = listener_new(loop, addresses, count, listening, accepted, server, err);
	if (server->listener == NULL)
		return false;
	for (size_t i = 0; i < listener_count(server->listener); i++)
		event_writer_listening(server->shared->events,
				       listener_address(server->listener, i));
	if (!readiness_announce(server->readiness, server->listener, err))
		return false;
	if (server->options->accept_timeout_ms > 0)
		server->accept_timer = timer_new(&server->task);
	restart_accept_timer(server);
	listener_resume(server->listener);
	return true;
}

void server_adopt(struct server *server, int fd, bool tls)
{
	struct socket_address peer = sockaddr_peer(fd);

	set_state(server, SERVER_CLOSING);
	accepted(server, fd, &peer, tls);
}

void server_free(struct server *server)
{
	if (server == NULL)
		return;
	abort_all(server);
	listener_free(server->listener);
	readiness_free(server->readiness);
	timer_free(server->accept_timer);
	timer_free(server->finish_timer);
	stdout_writer_unwait(server->shared->events->output, &server->task);
	task_cancel(&server->task);
	free(server);
}
