/* SPDX-License-Identifier: ISC */
/* session_fail: how a step fails, and what that says. */
#include "config.h"

#include "session/session.h"

#include "base/alloc.h"
#include "base/err.h"

#include <event2/buffer.h>
#include <inttypes.h>

/* The first failure in time is the session's. */
void session_note_error(struct session *s, const struct err *err)
{
	if (s->err == NULL)
		s->err = alloc_copy(err, sizeof(*err));
}

enum step_result session_fail(struct session *s, const struct err *err, struct step_event *event)
{
	const struct step *step = &s->shared->steps->steps[s->at];
	struct step_event own = session_event(s);
	struct err named = *err;

	if (event == NULL)
		event = &own;
	if (event->data == NULL && s->held_len > 0)
		event->data = s->data;
	if (event->data != NULL) {
		session_piece_rest(s, event->data);
		event->has_bytes = true;
		event->bytes = evbuffer_get_length(event->data);
		event->newline = s->shared->settings->chomp && event->bytes > 0;
	}
	event->error = err;
	if (!s->shared->steps->silent)
		event_writer_step(s->shared->events, event);
	s->err_told = s->err_told || s->err == NULL;
	if (s->shared->steps->visible)
		err_prefix(&named, "step %zu (%s)", step->index, step->text);
	session_note_error(s, &named);
	return STEP_FAIL;
}

static struct err read_failure(const struct session *s)
{
	const struct err *broken = connection_read_error(s->connection);
	uint64_t got = session_taken(s);
	struct err err;

	if (broken != NULL)
		return *broken;
	(void)err_set(&err, ERR_INCOMPLETE_READ, "the peer closed after %" PRIu64 " byte%s", got,
		      got == 1 ? "" : "s");
	return err;
}

static enum step_result read_ended(struct session *s, struct evbuffer *data, uint64_t expected)
{
	struct step_event event = session_event(s);
	struct err err = read_failure(s);

	if ((s->shared->steps->flags & STEP_LOOPS) && err.kind == ERR_INCOMPLETE_READ &&
	    session_consumed(s) == s->round_start)
		return STEP_STOP;
	event.expected = err.kind == ERR_INCOMPLETE_READ ? expected : 0;
	if (data != NULL)
		session_record_add(s, data, evbuffer_get_length(data));
	event.has_bytes = true;
	event.bytes = session_taken(s);
	event.data = data;
	return session_fail(s, &err, &event);
}

enum step_result session_fail_overrun(struct session *s, const char *what)
{
	size_t limit = s->shared->settings->limit;
	struct step_event event = session_event(s);
	struct err err;

	(void)err_set(&err, ERR_LIMIT_OVERRUN, "%s the limit of %zu bytes (--limit)", what, limit);
	event.limit = limit;
	return session_fail(s, &err, &event);
}

enum step_result session_read_unmet(struct session *s, enum stream_status status,
				    struct evbuffer *data, uint64_t expected)
{
	if (status == STREAM_AGAIN)
		return session_wait(s, WAIT_READ);
	if (status == STREAM_OVERRUN)
		return session_fail_overrun(s, "no end within");
	return read_ended(s, data, expected);
}
