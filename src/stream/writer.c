/* SPDX-License-Identifier: ISC */
/* writer: the send queue and its water marks; asyncio's StreamWriter. */
#include "config.h"

#include "stream/writer.h"

#include "stream/buffer_move.h"

#include <assert.h>
#include <event2/buffer.h>

enum { ROOM_MIN = 4096 };

void writer_init(struct writer *w, struct evbuffer *out, size_t high, size_t low)
{
	assert(low <= high);
	*w = (struct writer){ .out = out, .high = high, .low = low };
}

/* The transport drains the queue, so `above` is brought up to date when it is asked for.
 * Returns the bytes queued. */
static size_t refresh(struct writer *w)
{
	size_t queued = writer_queued(w);

	if (queued > w->high)
		w->above = true;
	else if (queued <= w->low)
		w->above = false;
	return queued;
}

void writer_added(struct writer *w)
{
	if (w->broken)
		writer_feed_error(w);
	refresh(w);
}

void writer_write(struct writer *w, struct bytes data)
{
	assert(!w->ended);
	(void)evbuffer_add(w->out, data.data, data.len); /* out of memory ends the program */
	writer_added(w);
}

void writer_write_buffer(struct writer *w, struct evbuffer *data)
{
	assert(!w->ended);
	buffer_move(data, evbuffer_get_length(data), w->out);
	writer_added(w);
}

void writer_share_buffer(struct writer *w, struct evbuffer *data)
{
	assert(!w->ended);
	buffer_share(data, w->out);
	writer_added(w);
}

enum stream_status writer_drain(struct writer *w)
{
	if (w->broken)
		return STREAM_ERROR;
	refresh(w);
	return w->above ? STREAM_AGAIN : STREAM_OK;
}

enum stream_status writer_flush(struct writer *w)
{
	if (w->broken)
		return STREAM_ERROR;
	return writer_queued(w) > 0 ? STREAM_AGAIN : STREAM_OK;
}

size_t writer_room(struct writer *w)
{
	size_t queued = refresh(w);

	if (w->above)
		return 0;
	return w->high - queued > ROOM_MIN ? w->high - queued : ROOM_MIN;
}

size_t writer_queued(const struct writer *w)
{
	return evbuffer_get_length(w->out);
}

void writer_feed_error(struct writer *w)
{
	w->broken = true;
	w->dropped += writer_queued(w);
	(void)evbuffer_drain(w->out, writer_queued(w)); /* fails on frozen buffers only */
	w->above = false;
}
