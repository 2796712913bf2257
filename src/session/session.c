/* SPDX-License-Identifier: ISC */
/* session: a list of steps run over one stream. */
#include "config.h"

#include "session/session.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "net/input.h"
#include "session/relay.h"

#include <assert.h>
#include <event2/buffer.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Steps in one run; then others have their turn. */
enum { STEPS_PER_RUN = 128 };

static void session_run(void *arg);

/* --- life --- */

static struct timer *start_timer(struct session *s, uint64_t ms)
{
	struct timer *timer;

	if (ms == 0)
		return NULL;
	timer = timer_new(&s->task);
	timer_start(timer, ms);
	return timer;
}

struct session *session_new(const struct session_parts *parts, struct transport *transport,
			    unsigned conn, uint64_t deadline_ms, session_done_fn done, void *arg)
{
	const struct session_settings *settings = parts->settings;
	struct session *s = alloc_zeroed(sizeof(*s));

	s->parts = parts;
	s->conn = conn;
	s->done = done;
	s->arg = arg;
	s->started_us = loop_now_us();
	s->deadline_ms = deadline_ms;
	task_init(&s->task, parts->loop, session_run, s);
	stream_init(&s->stream, transport, settings->limit, settings->high_water,
		    settings->low_water, &s->task);
	if (parts->steps->keeps_record)
		s->record = evbuffer_new();
	s->deadline = start_timer(s, deadline_ms);
	if (transport_handshake(transport) == STREAM_AGAIN)
		s->step_timer = start_timer(s, settings->handshake_timeout_ms);
	s->idle_timer = start_timer(s, settings->idle_timeout_ms);
	task_wake(&s->task);
	return s;
}

static void state_clear(struct session *s)
{
	input_free(s->state.input);
	relay_free(s->state.relay);
	memset(&s->state, 0, sizeof(s->state));
}

static void session_free(struct session *s)
{
	state_clear(s);
	sink_unwait(s->parts->sink, &s->task);
	if (s->parts->input != NULL)
		input_set_task(s->parts->input, NULL);
	timer_free(s->deadline);
	timer_free(s->step_timer);
	timer_free(s->idle_timer);
	timer_free(s->timer);
	stream_free(&s->stream);
	task_cancel(&s->task);
	if (s->record != NULL)
		evbuffer_free(s->record);
	free(s->err);
	free(s);
}

void session_abort(struct session *s)
{
	if (s != NULL)
		session_free(s);
}

const struct err *session_error(const struct session *s)
{
	return s->err;
}

/* The first failure in time is the session's. */
static void note_error(struct session *s, const struct err *err)
{
	if (s->err == NULL)
		s->err = alloc_copy(err, sizeof(*err));
}

void session_end(struct session *s, const struct err *err)
{
	note_error(s, err);
	s->phase = SESSION_OVER;
	task_wake(&s->task);
}

char *session_peer(const struct session *s)
{
	struct evbuffer *text = sink_scratch(s->parts->sink);
	char *name;
	size_t len;

	if (!transport_info(s->stream.transport, INFO_PEERNAME, text) ||
	    evbuffer_get_length(text) == 0)
		return alloc_printf("connection %u", s->conn);
	len = evbuffer_get_length(text);
	name = alloc_zeroed(len + 1);
	evbuffer_remove(text, name, len);
	return name;
}

uint64_t session_consumed(const struct session *s)
{
	return s->stream.transport->received - reader_buffered(&s->stream.reader);
}

struct timer *session_timer(struct session *s)
{
	if (s->timer == NULL)
		s->timer = timer_new(&s->task);
	return s->timer;
}

/* --- waiting --- */

enum step_result session_wait(struct session *s, enum session_wait wait)
{
	s->waits |= wait;
	if (wait == WAIT_TURN)
		task_wake(&s->task);
	return STEP_AGAIN;
}

bool session_output_full(struct session *s)
{
	if (!sink_above(s->parts->sink))
		return false;
	sink_wait(s->parts->sink, &s->task);
	s->waits |= WAIT_OUTPUT;
	return true;
}

/* Against the one danger of pulling, the lost wake-up: after AGAIN something
 * must be able to wake us. */
static void assert_armed(const struct session *s)
{
	assert(s->waits != 0);
	assert(!(s->waits & WAIT_READ) || reader_room(&s->stream.reader) > 0);
	assert(!(s->waits & WAIT_WRITE) || s->task.pending ||
	       writer_queued(&s->stream.writer) > 0 || s->stream.transport->shut_wanted);
	assert(!(s->waits & WAIT_TIMER) || timer_pending(s->timer) || timer_expired(s->timer));
}

/* --- records --- */

struct step_event session_event(const struct session *s)
{
	const struct step *step = &s->parts->steps->steps[s->at];

	return (struct step_event){
		.conn = s->conn,
		.index = step->index,
		.step = step->kind->name,
	};
}

void session_record_begin(struct session *s)
{
	if (s->record != NULL)
		evbuffer_drain(s->record, evbuffer_get_length(s->record));
}

void session_record_add(struct session *s, const struct evbuffer *data, size_t len)
{
	size_t limit = s->parts->settings->limit;
	struct evbuffer_iovec part;
	size_t have, want;

	if (s->record == NULL)
		return;
	have = evbuffer_get_length(s->record);
	want = have < limit ? limit - have : 0;
	if (want > len)
		want = len;
	if (want == 0)
		return;
	evbuffer_reserve_space(s->record, (ev_ssize_t)want, &part, 1);
	part.iov_len = (size_t)evbuffer_copyout((struct evbuffer *)data, part.iov_base, want);
	evbuffer_commit_space(s->record, &part, 1);
}

/* Take `count` bytes off the end. */
static void cut_end(struct evbuffer *data, size_t count)
{
	size_t keep = evbuffer_get_length(data) - count;
	struct evbuffer *whole;

	if (count == 0)
		return;
	whole = evbuffer_new();
	evbuffer_add_buffer(whole, data);
	evbuffer_remove_buffer(whole, data, keep);
	evbuffer_free(whole);
}

/* JSON pieces are cut between characters: put the begin that was kept in front,
 * and keep the one at the end. */
static void hold_character(struct session *s, struct evbuffer *data, bool more)
{
	struct step_state *state = &s->state;
	size_t len, whole;

	if (state->held_len > 0)
		evbuffer_prepend(data, state->held, state->held_len);
	state->held_len = 0;
	len = evbuffer_get_length(data);
	if (!more || len == 0)
		return;
	whole = bytes_utf8_prefix(bytes_of(evbuffer_pullup(data, -1), len));
	if (len - whole > sizeof(state->held))
		return;
	state->held_len = len - whole;
	memcpy(state->held, evbuffer_pullup(data, -1) + whole, state->held_len);
	cut_end(data, state->held_len);
}

static void give(struct session *s, struct evbuffer *data, bool more, bool newline)
{
	struct step_event event = session_event(s);

	event.has_bytes = true;
	event.bytes = evbuffer_get_length(data);
	event.data = data;
	event.more = more;
	event.newline = newline && s->parts->settings->chomp;
	sink_step(s->parts->sink, &event);
}

void session_piece(struct session *s, struct evbuffer *data, bool more)
{
	s->state.bytes += evbuffer_get_length(data);
	session_record_add(s, data, evbuffer_get_length(data));
	if (sink_is_json(s->parts->sink))
		hold_character(s, data, more);
	if (evbuffer_get_length(data) > 0 || !more)
		give(s, data, more, !more);
}

/* A record too long for one JSON event. */
static void record_in_pieces(struct session *s, struct evbuffer *data, bool more)
{
	size_t limit = s->parts->settings->limit;
	struct evbuffer *piece = evbuffer_new();

	while (evbuffer_get_length(data) > limit) {
		evbuffer_remove_buffer(data, piece, limit);
		hold_character(s, piece, true);
		give(s, piece, true, false);
	}
	hold_character(s, data, false);
	give(s, data, more, false);
	evbuffer_free(piece);
}

void session_record_cut(struct session *s, size_t len)
{
	cut_end(s->record, evbuffer_get_length(s->record) - len);
}

void session_record(struct session *s, struct evbuffer *data, size_t strip, bool more)
{
	session_record_begin(s);
	session_record_add(s, data, evbuffer_get_length(data) - strip);
	if (s->parts->settings->chomp)
		cut_end(data, strip);
	if (sink_is_json(s->parts->sink) && evbuffer_get_length(data) > s->parts->settings->limit)
		record_in_pieces(s, data, more);
	else
		give(s, data, more, true);
}

/* --- failing --- */

enum step_result session_fail(struct session *s, const struct err *err, struct step_event *event)
{
	const struct step *step = &s->parts->steps->steps[s->at];
	struct step_event own = session_event(s);
	struct err named = *err;

	if (event == NULL)
		event = &own;
	event->error = err;
	if (!s->parts->steps->silent)
		sink_step(s->parts->sink, event);
	if (s->parts->steps->visible)
		err_prefix(&named, "step %zu (%s)", step->index, step->text);
	note_error(s, &named);
	return STEP_FAIL;
}

/* What goes on after a failed write: see session.h. */
enum step_result session_fail_write(struct session *s)
{
	s->phase = SESSION_SALVAGE;
	return STEP_AGAIN;
}

static struct err read_failure(const struct session *s, uint64_t got)
{
	const struct err *broken = stream_read_error(&s->stream);
	struct err err;

	if (broken != NULL)
		return *broken;
	(void)err_set(&err, ERR_INCOMPLETE_READ, "the peer closed after %" PRIu64 " byte%s", got,
		      got == 1 ? "" : "s");
	return err;
}

enum step_result session_fail_read(struct session *s, struct evbuffer *data, uint64_t got,
				   uint64_t expected)
{
	struct step_event event = session_event(s);
	struct err err = read_failure(s, got);

	if (s->parts->steps->loops && err.kind == ERR_INCOMPLETE_READ &&
	    session_consumed(s) == s->round_start)
		return STEP_STOP;
	event.has_expected = expected > 0 && err.kind == ERR_INCOMPLETE_READ;
	event.expected = expected;
	if (data != NULL && s->state.held_len > 0)
		hold_character(s, data, false);
	event.has_bytes = true;
	event.bytes = data != NULL ? evbuffer_get_length(data) : got;
	event.data = data;
	return session_fail(s, &err, &event);
}

enum step_result session_fail_overrun(struct session *s)
{
	size_t limit = s->parts->settings->limit;
	struct step_event event = session_event(s);
	struct err err;

	(void)err_set(&err, ERR_LIMIT_OVERRUN, "no end within the limit of %zu bytes (--limit)",
		      limit);
	event.has_limit = true;
	event.limit = limit;
	return session_fail(s, &err, &event);
}

/* --- time --- */

static struct err timed_out(uint64_t ms, const char *option)
{
	struct err err;

	(void)err_set(&err, ERR_TIMEOUT, "timed out after %.10g s (%s)", (double)ms / 1000, option);
	return err;
}

/* A time limit has passed: within a step it is that step's failure. */
static enum step_result fail_late(struct session *s, uint64_t ms, const char *option)
{
	struct err err = timed_out(ms, option);

	if (s->phase == SESSION_STEPS || s->phase == SESSION_SALVAGE)
		return session_fail(s, &err, NULL);
	if (s->phase == SESSION_HANDSHAKE) {
		(void)err_prefix(&err, "TLS handshake");
		sink_error(s->parts->sink, s->conn, &err);
	} else {
		(void)err_prefix(&err, "closing");
	}
	note_error(s, &err);
	return STEP_FAIL;
}

static bool idle_over(struct session *s)
{
	uint64_t limit = s->parts->settings->idle_timeout_ms;
	uint64_t bytes = s->stream.transport->received + s->stream.transport->sent;
	uint64_t now = loop_now();

	if (bytes != s->idle_bytes || s->idle_since == 0) {
		s->idle_bytes = bytes;
		s->idle_since = now;
	}
	if (!timer_expired(s->idle_timer))
		return false;
	if (now - s->idle_since >= limit)
		return true;
	timer_start(s->idle_timer, limit - (now - s->idle_since));
	return false;
}

/* What a limit that has passed means for the running step; AGAIN: none has. */
static enum step_result check_time(struct session *s, bool *deadline)
{
	const struct session_settings *settings = s->parts->settings;

	*deadline = timer_expired(s->deadline);
	if (*deadline)
		return fail_late(s, s->deadline_ms, "--timeout");
	if (s->idle_timer != NULL && idle_over(s)) {
		timer_start(s->idle_timer, settings->idle_timeout_ms);
		s->idle_since = loop_now();
		return fail_late(s, settings->idle_timeout_ms, "--idle-timeout");
	}
	if (!timer_expired(s->step_timer))
		return STEP_AGAIN;
	timer_stop(s->step_timer);
	if (s->phase == SESSION_HANDSHAKE)
		return fail_late(s, settings->handshake_timeout_ms, "--handshake-timeout");
	return fail_late(s, settings->step_timeout_ms, "--step-timeout");
}

/* --- the phases; each says whether the next one can run at once --- */

static void end_steps(struct session *s)
{
	timer_stop(s->step_timer);
	timer_stop(s->timer);
	/* After a time limit nobody waits any longer. */
	if (s->err != NULL && s->err->kind == ERR_TIMEOUT)
		s->phase = SESSION_OVER;
	else if (s->phase != SESSION_OVER)
		s->phase = SESSION_CLOSING;
}

static bool run_handshake(struct session *s)
{
	struct err err;

	switch (transport_handshake(s->stream.transport)) {
	case STREAM_AGAIN:
		s->waits = WAIT_READ;
		return false;
	case STREAM_OK:
		timer_free(s->step_timer);
		s->step_timer = NULL;
		if (s->parts->settings->step_timeout_ms > 0)
			s->step_timer = timer_new(&s->task);
		s->opened = !s->parts->steps->silent;
		if (s->opened)
			sink_open(s->parts->sink, s->conn, s->stream.transport);
		s->phase = SESSION_STEPS;
		return true;
	case STREAM_EOF:
	case STREAM_OVERRUN:
	case STREAM_ERROR:
		break;
	}
	err = *s->stream.transport->read_error;
	(void)err_prefix(&err, "TLS handshake");
	sink_error(s->parts->sink, s->conn, &err);
	note_error(s, &err);
	s->phase = SESSION_OVER;
	return true;
}

static void begin_step(struct session *s, const struct step *step)
{
	state_clear(s);
	s->state.begun = true;
	s->next = s->at + 1;
	if (s->at == 0)
		s->round_start = session_consumed(s);
	if (step->flags & STEP_RECORD)
		session_record_begin(s);
	if (s->step_timer != NULL)
		timer_start(s->step_timer, s->parts->settings->step_timeout_ms);
	if (log_enabled(LOG_DETAIL))
		log_line(LOG_DETAIL, "connection %u: step %zu: %s", s->conn, step->index,
			 step->text);
}

/* On to the next step; false when that was the last. */
static bool leave_step(struct session *s)
{
	timer_stop(s->timer);
	state_clear(s);
	s->at = s->next;
	return s->at < s->parts->steps->count;
}

/* A failed step under `try` is reported, and the list goes on. */
static bool forgive(struct session *s, const struct step *step)
{
	if (!step->tried || s->err == NULL)
		return false;
	log_line(LOG_ERROR, "%s (tried)", s->err->text);
	free(s->err);
	s->err = NULL;
	s->phase = SESSION_STEPS;
	return true;
}

/* Read what the peer had sent before sending failed; then that is the error. */
static enum step_result salvage(struct session *s)
{
	struct evbuffer *data = sink_scratch(s->parts->sink);
	enum stream_status status;

	do {
		if (session_output_full(s))
			return STEP_AGAIN;
		status = reader_read(&s->stream.reader, SIZE_MAX, data);
		if (evbuffer_get_length(data) > 0)
			session_piece(s, data, true);
	} while (status == STREAM_OK);
	if (status == STREAM_AGAIN)
		return session_wait(s, WAIT_READ);
	return session_fail(s, stream_write_error(&s->stream), NULL);
}

static enum step_result run_step(struct session *s, const struct step *step)
{
	enum step_result result = STEP_AGAIN;

	if (s->phase == SESSION_STEPS)
		result = step->kind->run(s, step);
	if (s->phase == SESSION_SALVAGE)
		result = salvage(s);
	return result;
}

/* Deal with what a step has answered: does the list go on? */
static bool take_result(struct session *s, const struct step *step, enum step_result result,
			bool forgivable)
{
	switch (result) {
	case STEP_FAIL:
		if (forgivable && forgive(s, step))
			return leave_step(s);
		return false;
	case STEP_NEXT:
		return leave_step(s);
	case STEP_STOP:
		return false;
	case STEP_AGAIN:
		break;
	}
	return true;
}

static bool run_steps(struct session *s)
{
	for (int budget = STEPS_PER_RUN; budget > 0; budget--) {
		const struct step *step = &s->parts->steps->steps[s->at];
		enum step_result result;

		if (!s->state.begun)
			begin_step(s, step);
		s->waits = 0;
		result = run_step(s, step);
		if (result == STEP_AGAIN)
			return false;
		if (!take_result(s, step, result, true)) {
			end_steps(s);
			return true;
		}
	}
	(void)session_wait(s, WAIT_TURN);
	return false;
}

static bool run_closing(struct session *s)
{
	struct err err;

	switch (stream_close(&s->stream, s->parts->settings->close_timeout_ms, &err)) {
	case STREAM_AGAIN:
		return false;
	case STREAM_ERROR:
		(void)err_prefix(&err, "closing");
		if (s->err == NULL)
			sink_error(s->parts->sink, s->conn, &err);
		note_error(s, &err);
		break;
	case STREAM_OK:
	case STREAM_EOF:
	case STREAM_OVERRUN:
		break;
	}
	s->phase = SESSION_OVER;
	return true;
}

static void finish(struct session *s)
{
	if (s->opened)
		sink_close(s->parts->sink, s->conn, s->stream.transport->sent,
			   s->stream.transport->received, loop_now_us() - s->started_us);
	s->done(s->arg, s);
	session_free(s);
}

/* A limit has passed: the running step fails, or everything ends. */
static void apply_time(struct session *s)
{
	bool deadline;
	enum step_result result = check_time(s, &deadline);
	const struct step *step = &s->parts->steps->steps[s->at];

	if (result == STEP_AGAIN)
		return;
	if (s->phase == SESSION_HANDSHAKE || s->phase == SESSION_CLOSING)
		s->phase = SESSION_OVER;
	else if (!take_result(s, step, result, !deadline))
		end_steps(s);
}

static void session_run(void *arg)
{
	struct session *s = arg;
	bool more = true;
	size_t queued;

	stream_refresh(&s->stream);
	if (s->phase != SESSION_OVER)
		apply_time(s);
	while (more) {
		switch (s->phase) {
		case SESSION_HANDSHAKE:
			more = run_handshake(s);
			break;
		case SESSION_STEPS:
		case SESSION_SALVAGE:
			more = run_steps(s);
			break;
		case SESSION_CLOSING:
			more = run_closing(s);
			break;
		case SESSION_OVER:
			finish(s);
			return;
		}
	}
	queued = writer_queued(&s->stream.writer);
	stream_update(&s->stream);
	/* What left just now wakes nobody. */
	if ((s->waits & WAIT_WRITE) && writer_queued(&s->stream.writer) < queued)
		task_wake(&s->task);
	if (s->phase == SESSION_STEPS || s->phase == SESSION_SALVAGE)
		assert_armed(s);
}
