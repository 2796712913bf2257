/* SPDX-License-Identifier: ISC */
/* session_step: functions of a session for its running step. */
#include "config.h"

#include "session/session_step.h"

#include "base/alloc.h"
#include "base/err.h"
#include "session/session_record.h"
#include "session/session_struct.h"
#include "session/session_time.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <stdio.h>

enum {
	TURN_US = 5000, /* see session_turn_end() */
	SILENCE_MS = 1000,
	POLL_MS = 1000,
};

uint64_t session_consumed(const struct session *s)
{
	return connection_received(s->connection) - reader_buffered(&s->connection->reader);
}

uint64_t session_taken(const struct session *s)
{
	return session_consumed(s) - s->step_start;
}

uint64_t session_turn_end(struct session *s)
{
	if (s->turn_end_us == 0)
		s->turn_end_us = loop_now_us() + TURN_US;
	return s->turn_end_us;
}

void *session_state(struct session *s, size_t size)
{
	if (s->state == NULL)
		s->state = alloc_zeroed(size);
	return s->state;
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

bool session_watch_silence(struct session *s, const struct connection *c)
{
	uint64_t received = connection_received(c);
	struct timer *timer;

	if (!c->writer.broken)
		return false;
	timer = session_timer(s);
	if (s->waits & WAIT_OUTPUT) { /* what the peer sends has to wait for it, too */
		timer_stop(timer);
		return false;
	}
	if (timer_expired(timer) && received == s->heard)
		return true;
	if (!timer_pending(timer) || received != s->heard)
		timer_start(timer, SILENCE_MS);
	s->heard = received;
	return false;
}

bool session_watch_gone(struct session *s, const struct connection *c)
{
	struct timer *timer = session_timer(s);

	if (timer_pending(timer))
		return false;
	if (timer_expired(timer)) {
		if (transport_peer_state(c->transport) != PEER_OPEN)
			return true;
		transport_probe(c->transport);
	}
	timer_start(timer, POLL_MS);
	return false;
}

/* --- failing --- */

/* The first failure in time is the session's. */
void session_note_error(struct session *s, const struct err *err)
{
	if (s->err == NULL)
		s->err = alloc_copy(err, sizeof(*err));
}

enum step_result session_fail_for(struct session *s, const struct err *err,
				  struct step_event *event, bool forgivable)
{
	const struct step *step = &s->shared->steps->steps[s->at];
	struct step_event own = session_event(s);
	struct err named = *err;

	if (event == NULL) {
		event = &own;
		event->has_bytes = step->kind->flags & STEP_TOTAL;
		event->bytes = event->has_bytes ? session_taken(s) : 0;
	}
	session_complete_failure(s, event);
	if (s->shared->steps->visible)
		err_prefix(&named, "step %zu (%s)", step->index, step->text);
	if (err->kind == ERR_LIMIT_OVERRUN) /* its own, or one that `try` caught in a loop */
		event->limit = s->shared->settings->limit;
	event->error = &named;
	event->tried = step->tried && forgivable;
	if (!s->shared->steps->silent)
		event_writer_step(s->shared->events, event);
	s->err_told = true;
	session_note_error(s, &named);
	return STEP_FAIL;
}

enum step_result session_fail(struct session *s, const struct err *err, struct step_event *event)
{
	return session_fail_for(s, err, event, true);
}

enum step_result session_read_ended(struct session *s, struct evbuffer *data, uint64_t expected,
				    bool of)
{
	const struct err *broken = connection_read_error(s->connection);
	struct step_event event = session_event(s);
	uint64_t got = session_taken(s);
	char whole[32] = "";
	struct err err;

	event.has_bytes = true;
	event.bytes = got;
	event.data = data;
	if (data != NULL)
		session_record_add(s, data, evbuffer_get_length(data));
	if (broken != NULL)
		return session_fail(s, broken, &event);
	if ((s->shared->steps->flags & STEP_LOOPS) && session_consumed(s) == s->round_start)
		return STEP_STOP;
	event.expected = expected;
	if (of && expected > 0)
		(void)snprintf(whole, sizeof(whole), " of %" PRIu64, expected);
	(void)err_set(&err, ERR_INCOMPLETE_READ, "the peer closed after %" PRIu64 "%s byte%s", got,
		      whole, got == 1 && whole[0] == '\0' ? "" : "s");
	return session_fail(s, &err, &event);
}

enum step_result session_fail_overrun(struct session *s, const char *what)
{
	struct err err;

	(void)err_set(&err, ERR_LIMIT_OVERRUN, "%s the limit of %zu bytes (--limit)", what,
		      s->shared->settings->limit);
	return session_fail(s, &err, NULL);
}

enum step_result session_read_unmet(struct session *s, enum stream_status status,
				    struct evbuffer *data, uint64_t expected)
{
	if (status == STREAM_AGAIN)
		return session_wait(s, WAIT_READ);
	if (status == STREAM_OVERRUN)
		return session_fail_overrun(s, "no end within");
	return session_read_ended(s, data, expected, false);
}

enum step_result session_take_record(struct session *s, enum stream_status status,
				     uint64_t expected)
{
	if (status != STREAM_OK)
		return session_read_unmet(s, status, s->data, expected);
	session_record(s, s->data, 0, false);
	return STEP_NEXT;
}

/* --- ending --- */

enum stream_status session_close(struct session *s, struct connection *c, bool hurry,
				 struct err *err)
{
	uint64_t limit = s->shared->settings->close_timeout_ms;
	bool bounded = s->shared->settings->has_close_timeout || hurry;
	enum stream_status status = connection_close(c, bounded ? limit : 0, limit, err);

	/* Only what is unsent makes silence a failure. */
	if (status == STREAM_AGAIN && connection_unsent(c) == 0)
		session_time_idle_off(s);
	return status;
}
