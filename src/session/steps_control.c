/* SPDX-License-Identifier: ISC */
/* steps_control: the steps that look, wait, go round and end. */
#include "config.h"

#include "base/err.h"
#include "base/escape.h"
#include "session/session.h"
#include "session/steps.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

/* expect: the record is a C string for regexec; a NUL in it ends it. */
enum step_result run_expect(struct session *s, const struct step *step)
{
	size_t len = evbuffer_get_length(s->record);
	const char *text;
	char shown[160];
	struct err err;

	evbuffer_add(s->record, "", 1);
	text = (const char *)evbuffer_pullup(s->record, -1);
	if (regexec(step->regex, text, 0, NULL, 0) == 0) {
		session_record_cut(s, len);
		return session_step_done(s);
	}
	(void)err_set(&err, ERR_EXPECTATION, "got '%s'",
		      escape_visible(bytes_of(text, len), shown, sizeof(shown)));
	session_record_cut(s, len);
	return session_fail(s, &err, NULL);
}

/* A peer may have chosen it, and one line it shall be. */
static void show_controls(struct evbuffer *fact)
{
	size_t len = evbuffer_get_length(fact);
	char *shown = escape_controls(bytes_of(evbuffer_pullup(fact, -1), len));

	evbuffer_drain(fact, len);
	evbuffer_add(fact, shown, strlen(shown));
	free(shown);
}

/* info: one fact and a newline. */
enum step_result run_info(struct session *s, const struct step *step)
{
	struct evbuffer *data = event_writer_scratch(s->shared->events);
	struct step_event event = session_event(s);

	if (session_output_full(s))
		return STEP_AGAIN;
	event.no_data = !transport_info(s->connection.transport, step->key, data) ||
			evbuffer_get_length(data) == 0;
	session_record_begin(s);
	session_record_add(s, data, evbuffer_get_length(data));
	if (!event_writer_is_json(s->shared->events) && step->key != INFO_PEERCERT &&
	    step->key != INFO_PEERCERT_NAMES)
		show_controls(data);
	event.data = data;
	event.newline = true;
	event_writer_step(s->shared->events, &event);
	return STEP_NEXT;
}

enum step_result run_sleep(struct session *s, const struct step *step)
{
	struct timer *timer = session_timer(s);

	if (timer_expired(timer)) {
		timer_stop(timer);
		return session_step_done(s);
	}
	if (!timer_pending(timer))
		timer_start(timer, step->number);
	return session_wait(s, WAIT_TIMER);
}

/* close: what every list does at its end. */
enum step_result run_close(struct session *s, const struct step *step)
{
	struct err err;

	(void)step;
	session_time_idle_off(s); /* the closing has its own patience */
	switch (connection_close(&s->connection, s->shared->settings->close_timeout_ms, &err)) {
	case STREAM_AGAIN:
		return session_wait(s, WAIT_CLOSE);
	case STREAM_ERROR:
		s->phase = SESSION_OVER;
		return session_fail(s, &err, NULL);
	case STREAM_OK:
	case STREAM_EOF:
	case STREAM_OVERRUN:
		break;
	}
	(void)session_step_done(s);
	s->phase = SESSION_OVER;
	return STEP_STOP;
}

enum step_result run_abort(struct session *s, const struct step *step)
{
	(void)step;
	(void)session_step_done(s);
	connection_abort(&s->connection);
	s->phase = SESSION_OVER;
	return STEP_STOP;
}

/* loop: ends well when the peer has ended and this round has read nothing. */
enum step_result run_loop(struct session *s, const struct step *step)
{
	struct writer *writer = &s->connection.writer;

	(void)step;
	if (writer->broken)
		return session_fail_write(s);
	if (writer_queued(writer) > writer->low)
		return session_wait(s, WAIT_WRITE);
	if (reader_at_eof(&s->connection.reader) && session_consumed(s) == s->round_start)
		return STEP_STOP;
	/* The next round would meet the same bytes, for ever. */
	if (s->overran && session_consumed(s) == s->round_start)
		return session_fail_overrun(s, "nothing can be read within");
	s->next = 0;
	return STEP_NEXT;
}
