/* SPDX-License-Identifier: ISC */
/* session_salvage: what the peer had sent, once sending to it has failed. */
#include "config.h"

#include "session/session.h"

#include <event2/buffer.h>

enum { SALVAGE_SILENCE_MS = 1000 };

/* What the peer had sent, unless it would get it back. */
static void give_salvaged(struct session *s, struct evbuffer *data)
{
	if (s->shared->steps->prints)
		session_piece(s, data, true);
	else
		evbuffer_drain(data, evbuffer_get_length(data));
}

/* The peer may have stopped reading alone, and never end: it is given as much
 * time as closing would give it, and less when it is silent. */
static bool salvage_over(struct session *s, bool came)
{
	struct timer *timer = session_timer(s);
	uint64_t now = loop_now();

	if (s->salvage_end == 0)
		s->salvage_end = now + s->shared->settings->close_timeout_ms;
	if (now >= s->salvage_end || (!came && timer_expired(timer)))
		return true;
	if (came || !timer_pending(timer))
		timer_start(timer, SALVAGE_SILENCE_MS);
	return false;
}

/* Read what the peer had sent before sending failed; then that is the error. */
enum step_result session_salvage(struct session *s)
{
	enum stream_status status;
	bool came = false;

	do {
		if (event_writer_above(s->shared->events))
			return session_wait_output(s);
		status = reader_read(&s->connection->reader, SIZE_MAX, s->data);
		came = came || evbuffer_get_length(s->data) > 0;
		give_salvaged(s, s->data);
	} while (status == STREAM_OK);
	if (status == STREAM_AGAIN && !salvage_over(s, came))
		return session_wait(s, WAIT_READ);
	return session_fail(s, connection_write_error(s->connection), NULL);
}
