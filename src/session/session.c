/* SPDX-License-Identifier: ISC */
/* session: a list of steps run over one stream. */
#include "config.h"

#include "session/session.h"
#include "session/session_struct.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/fd_reader.h"
#include "io/fd_writer.h"
#include "net/opening.h"
#include "session/session_log.h"
#include "session/session_record.h"
#include "session/session_step.h"
#include "session/session_time.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>

enum { STEPS_PER_RUN = 1024 }; /* then others have their turn */

static void session_run(void *arg);

/* --- life --- */

static void start_opening(struct session *s, struct transport *transport)
{
	const struct session_settings *settings = s->shared->settings;
	const struct opening_limit limit = { settings->timeout_ms, "--timeout" };
	const struct opening_limit handshake = { settings->handshake_timeout_ms,
						 "--handshake-timeout" };

	s->opening = opening_new(&s->task, transport, limit, s->started_us / 1000);
	opening_add_tls(s->opening, s->shared->tls, NULL, NULL, handshake, NULL);
}

/* The connection is open. */
static void begin(struct session *s, struct transport *transport)
{
	const struct session_settings *settings = s->shared->settings;

	s->phase = SESSION_STEPS;
	s->connection = connection_new(transport, settings->limit, settings->high_water,
				       settings->low_water, &s->task);
	session_time_begin(s, s->started_us / 1000);
	s->started_us = loop_now_us();
	session_log_tls(s, "", s->connection);
	if (!s->shared->steps->silent)
		event_writer_open(s->shared->events, s->conn, s->shared->address, s->connection);
}

struct session *session_new(const struct session_shared *shared, struct transport *transport,
			    bool tls, uint64_t conn, uint64_t since_ms, session_done_fn done,
			    void *arg)
{
	struct session *s = alloc_zeroed(sizeof(*s));

	s->shared = shared;
	s->conn = conn;
	s->done = done;
	s->arg = arg;
	s->data = shared->events->scratch;
	task_init(&s->task, shared->loop, session_run, s);
	if (shared->steps->flags & STEP_NEEDS_RECORD)
		s->record = evbuffer_new();
	s->started_us = 1000 * since_ms;
	if (tls)
		start_opening(s, transport);
	else
		begin(s, transport);
	if (shared->listening) {
		if (log_enabled(LOG_DEBUG))
			transport_set_name(transport, session_name(s));
		session_log(s, LOG_INFO, "accepted");
	}
	task_wake(&s->task);
	return s;
}

static void state_clear(struct session *s)
{
	const struct step_kind *kind;

	if (s->state == NULL) /* always so at the end of the list, which has no step */
		return;
	kind = s->shared->steps->steps[s->at].kind;
	if (kind->free_state != NULL)
		kind->free_state(s->state);
	else
		free(s->state);
	s->state = NULL;
}

void session_free(struct session *s)
{
	if (s == NULL)
		return;
	state_clear(s);
	fd_writer_unwait(s->shared->events->output, &s->task);
	if (s->shared->input != NULL)
		fd_reader_set_task(s->shared->input, NULL);
	session_time_free(s);
	timer_free(s->timer);
	opening_free(s->opening);
	connection_free(s->connection);
	task_cancel(&s->task);
	if (s->record != NULL)
		evbuffer_free(s->record);
	free(s->err);
	free(s->tried);
	free(s);
}

static void move_to(struct session *s, enum session_phase phase)
{
	static const char *const names[] = {
		[SESSION_OPENING] = "opening",
		[SESSION_STEPS] = "steps",
		[SESSION_READING_REST] = "reading the rest",
		[SESSION_CLOSING] = "closing",
		[SESSION_OVER] = "over",
	};

	session_log(s, LOG_DEBUG, "%s -> %s", names[s->phase], names[phase]);
	s->phase = phase;
}

void session_end(struct session *s, const struct err *err)
{
	session_note_error(s, err);
	move_to(s, SESSION_OVER);
	task_wake(&s->task);
}

/* --- waiting --- */

static enum step_result wait_output(struct session *s)
{
	fd_writer_wait(s->shared->events->output, &s->task);
	return session_wait(s, WAIT_OUTPUT);
}

/* Against the one danger of pulling, the lost wake-up: after AGAIN something
 * must be able to wake us. */
static void assert_armed(const struct session *s)
{
	assert(s->waits != 0);
	assert(!(s->waits & WAIT_READ) || task_pending(&s->task) ||
	       connection_wakes_reader(s->connection));
	assert(!(s->waits & WAIT_WRITE) || task_pending(&s->task) ||
	       connection_wakes_writer(s->connection));
	assert(!(s->waits & WAIT_TIMER) || timer_pending(s->timer) || timer_expired(s->timer));
}

/*
 * Read what the peer had sent before sending failed, and print it unless it would get it
 * back; then that is the error. The peer may have stopped reading alone, and never end:
 * it is given as much time as closing would give it, and less when it is silent.
 */
static enum step_result read_rest(struct session *s)
{
	enum stream_status status;

	if (fd_writer_above(s->shared->events->output)) {
		s->read_rest_until_ms = 0; /* that time is not the peer's */
		return wait_output(s);
	}
	status = reader_read(&s->connection->reader, SIZE_MAX, s->data);
	if (s->read_rest_until_ms == 0)
		s->read_rest_until_ms = loop_now() + s->shared->settings->close_timeout_ms;
	if (s->shared->steps->prints)
		session_piece(s, s->data, true);
	else
		evbuffer_drain(s->data, evbuffer_get_length(s->data));
	if (status == STREAM_OK)
		return STEP_MORE;
	if (status == STREAM_AGAIN && loop_now() < s->read_rest_until_ms)
		return session_wait(s, WAIT_READ);
	return session_fail(s, connection_write_error(s->connection), NULL);
}

/* --- the phases; each says whether the next one can run at once --- */

/* False while it is not open, nor known to have failed. */
static bool run_opening(struct session *s)
{
	struct err err;

	switch (opening_run(s->opening, &err)) {
	case OPENING_AGAIN:
		return false;
	case OPENING_DONE:
		begin(s, opening_take(s->opening));
		opening_free(s->opening);
		s->opening = NULL;
		return true;
	case OPENING_FAILED:
		break;
	}
	session_note_error(s, &err);
	move_to(s, SESSION_OVER);
	return true;
}

/* Of a connection that is known to have broken nothing is left to close. */
static bool needs_no_closing(const struct session *s)
{
	const struct err *broken = connection_read_error(s->connection);

	return s->err != NULL && broken != NULL && broken->kind == ERR_IO;
}

static void begin_step(struct session *s, const struct step *step)
{
	s->begun = true;
	s->held_len = 0;
	s->separator = NULL;
	s->read_rest_until_ms = 0;
	s->next = s->at + 1;
	s->step_start = session_consumed(s);
	if (s->at == 0) {
		s->round_start = s->step_start;
		free(s->tried);
		s->tried = NULL;
	}
	if (step->flags & STEP_RECORD)
		session_record_begin(s);
	session_time_step(s);
	session_log(s, LOG_DETAIL, "step %zu: %s", step->index, step->text);
}

/* On to the next step; false when that was the last. */
static bool leave_step(struct session *s)
{
	timer_stop(s->timer);
	state_clear(s);
	s->begun = false;
	s->at = s->next;
	return s->at < s->shared->steps->count;
}

static void report(const struct session *s)
{
	char *name = s->shared->listening ? session_name(s) : NULL;

	event_writer_error(s->err_told ? NULL : s->shared->events, s->conn, name, s->err);
	free(name);
}

/* A failed step under `try` is reported, and the list goes on. */
static bool forgive(struct session *s)
{
	if (!s->shared->steps->steps[s->at].tried)
		return false;
	if (s->err->kind != ERR_TIMEOUT) {
		free(s->tried);
		s->tried = alloc_copy(s->err, sizeof(*s->err));
	}
	(void)err_append(s->err, " (tried)");
	report(s);
	free(s->err);
	s->err = NULL;
	s->err_told = false;
	if (s->phase != SESSION_STEPS)
		move_to(s, SESSION_STEPS);
	return true;
}

/* Deal with what the running step has answered. */
static void take_result(struct session *s, enum step_result result, bool forgivable)
{
	if (result == STEP_FAIL && forgivable && forgive(s))
		result = STEP_NEXT;
	switch (result) {
	case STEP_AGAIN:
	case STEP_MORE:
		return;
	case STEP_WRITE_FAILED:
		timer_stop(s->timer);
		move_to(s, SESSION_READING_REST);
		return;
	case STEP_NEXT:
		if (leave_step(s))
			return;
		break;
	case STEP_FAIL:
	case STEP_STOP:
	case STEP_CLOSED:
		break;
	}
	session_time_step_off(s);
	timer_stop(s->timer);
	state_clear(s);
	move_to(s, result == STEP_CLOSED || needs_no_closing(s) ? SESSION_OVER : SESSION_CLOSING);
}

/* With JSON each step gives an event at least. */
static bool waits_for_output(const struct session *s, const struct step *step)
{
	return (s->shared->events->json || (step->flags & STEP_RECORD)) &&
	       fd_writer_above(s->shared->events->output);
}

static bool run_steps(struct session *s)
{
	for (int budget = STEPS_PER_RUN; budget > 0; budget--) {
		const struct step *step = &s->shared->steps->steps[s->at];
		enum step_result result;

		s->waits = 0;
		if (!s->begun)
			begin_step(s, step);
		if (waits_for_output(s, step)) {
			(void)wait_output(s);
			return false;
		}
		result = s->phase == SESSION_READING_REST ? read_rest(s) : step->kind->run(s, step);
		if (result == STEP_AGAIN && (s->waits & (WAIT_READ | WAIT_PUMP)) &&
		    session_watch_silence(s, s->connection))
			result = session_fail(s, connection_write_error(s->connection), NULL);
		if (result == STEP_AGAIN)
			return false;
		take_result(s, result, true);
		if (s->phase != SESSION_STEPS && s->phase != SESSION_READING_REST)
			return true;
	}
	(void)session_wait(s, WAIT_TURN);
	return false;
}

static void closing_failed(struct session *s, struct err err)
{
	(void)err_prefix(&err, "closing");
	session_note_error(s, &err);
}

/* A command that has failed has done what it wanted to the stream: what it has written may
 * take its time. */
static bool run_closing(struct session *s)
{
	bool hurry = s->err != NULL && s->err->kind != ERR_COMMAND;
	struct err err;

	switch (session_close(s, s->connection, hurry, &err)) {
	case STREAM_AGAIN:
		return false;
	case STREAM_ERROR:
		if (!s->ignore_close_errors || err.kind == ERR_TIMEOUT)
			closing_failed(s, err);
		break;
	case STREAM_OK:
	case STREAM_EOF:
	case STREAM_OVERRUN:
		break;
	}
	move_to(s, SESSION_OVER);
	return true;
}

static bool is_failure(const struct session *s, const struct err *met)
{
	return met != NULL && s->err->kind == met->kind && s->err->sys == met->sys;
}

/* Has it failed because the peer ended or reset the connection before it sent a byte? A
 * handshake that fails without a byte has no other cause; a step may have. */
static bool is_probe(const struct session *s)
{
	const struct connection *c = s->connection;
	const struct err *err = s->err;

	if (!s->shared->probes || err == NULL ||
	    transport_heard(c != NULL ? c->transport : opening_transport(s->opening)))
		return false;
	if (c == NULL)
		return err->kind == ERR_TLS;
	if (err->kind == ERR_INCOMPLETE_READ)
		return c->reader.ended;
	return (err->kind == ERR_TLS_TRUNCATED || err->sys == ECONNRESET || err->sys == EPIPE) &&
	       (is_failure(s, connection_read_error(c)) ||
		is_failure(s, connection_write_error(c)));
}

/* Port scanners and health checks: what a step's event has told stays so, but it is not the
 * session's failure any more. */
static void forget_probe(struct session *s)
{
	session_log(s, LOG_INFO, "probe: %s", s->err->text);
	free(s->err);
	s->err = NULL;
	s->probe = true;
}

void session_tell_end(struct session *s)
{
	if (is_probe(s))
		forget_probe(s);
	if (s->shared->steps->silent)
		return;
	if (s->err != NULL)
		report(s);
	if (s->connection != NULL)
		event_writer_close(s->shared->events, s->conn, connection_sent(s->connection),
				   connection_received(s->connection),
				   loop_now_us() - s->started_us);
}

static void finish(struct session *s)
{
	if (s->err == NULL && !s->shared->steps->silent)
		session_log_unread(s);
	session_tell_end(s);
	s->done(s->arg, s);
	session_free(s);
}

/* A limit has passed: the running step fails, or everything ends. */
static void apply_time(struct session *s)
{
	struct err err;
	enum expiry expiry = session_time_check(s, &err);

	if (expiry == EXPIRY_NONE)
		return;
	connection_tell_unsent(s->connection, &err);
	if (s->phase == SESSION_CLOSING) {
		closing_failed(s, err);
		move_to(s, SESSION_OVER);
		return;
	}
	(void)session_fail_for(s, &err, NULL, expiry != EXPIRY_DEADLINE);
	take_result(s, STEP_FAIL, expiry != EXPIRY_DEADLINE);
	if (s->phase == SESSION_CLOSING) /* which would take more time */
		move_to(s, SESSION_OVER);
}

static void session_run(void *arg)
{
	struct session *s = arg;
	bool more = true;

	if (s->phase == SESSION_OPENING && !run_opening(s))
		return;
	s->turn_end_us = 0;
	if (s->connection != NULL)
		connection_refresh(s->connection);
	if (s->phase != SESSION_OVER)
		apply_time(s);
	while (more) {
		switch (s->phase) {
		case SESSION_STEPS:
		case SESSION_READING_REST:
			more = run_steps(s);
			break;
		case SESSION_CLOSING:
			more = run_closing(s);
			break;
		case SESSION_OVER:
			finish(s);
			return;
		case SESSION_OPENING:
			return;
		}
	}
	if (connection_update(s->connection) && (s->waits & (WAIT_WRITE | WAIT_PUMP)))
		task_wake(&s->task);
	session_time_note(s);
	if (s->phase == SESSION_STEPS || s->phase == SESSION_READING_REST)
		assert_armed(s);
}
