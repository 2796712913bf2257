/* SPDX-License-Identifier: ISC */
/* steps_control: the steps that look, wait, go round and end. */
#include "config.h"

#include "base/err.h"
#include "base/escape.h"
#include "session/session.h"
#include "session/steps.h"

#include <event2/buffer.h>
#include <stdlib.h>

static enum step_result done(struct session *s)
{
	struct step_event event = session_event(s);

	sink_step(s->parts->sink, &event);
	return STEP_NEXT;
}

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
		return done(s);
	}
	(void)err_set(&err, ERR_EXPECTATION, "got '%s'",
		      escape_visible(bytes_of(text, len), shown, sizeof(shown)));
	session_record_cut(s, len);
	return session_fail(s, &err, NULL);
}

/* info: one fact and a newline. */
enum step_result run_info(struct session *s, const struct step *step)
{
	struct evbuffer *data = sink_scratch(s->parts->sink);
	struct step_event event = session_event(s);

	if (session_output_full(s))
		return STEP_AGAIN;
	event.no_data = !transport_info(s->stream.transport, step->key, data) ||
			evbuffer_get_length(data) == 0;
	session_record_begin(s);
	session_record_add(s, data, evbuffer_get_length(data));
	event.data = data;
	event.newline = true;
	sink_step(s->parts->sink, &event);
	return STEP_NEXT;
}

enum step_result run_sleep(struct session *s, const struct step *step)
{
	struct timer *timer = session_timer(s);

	if (timer_expired(timer)) {
		timer_stop(timer);
		return done(s);
	}
	if (!timer_pending(timer))
		timer_start(timer, step->number);
	return session_wait(s, WAIT_TIMER);
}

/* close: what every list does at its end. */
enum step_result run_close(struct session *s, const struct step *step)
{
	(void)step;
	(void)done(s);
	return STEP_STOP;
}

enum step_result run_abort(struct session *s, const struct step *step)
{
	(void)step;
	(void)done(s);
	stream_abort(&s->stream);
	s->phase = SESSION_OVER;
	return STEP_STOP;
}

/* loop: ends well when the peer has ended and this round has read nothing. */
enum step_result run_loop(struct session *s, const struct step *step)
{
	struct writer *writer = &s->stream.writer;

	(void)step;
	if (writer->broken)
		return session_fail_write(s);
	if (writer_queued(writer) > writer->low)
		return session_wait(s, WAIT_WRITE);
	if (reader_at_eof(&s->stream.reader) && session_consumed(s) == s->round_start)
		return STEP_STOP;
	/* The next round would meet the same bytes, for ever. */
	if (s->overran && session_consumed(s) == s->round_start)
		return session_fail_overrun(s, "nothing can be read within");
	s->next = 0;
	return STEP_NEXT;
}
