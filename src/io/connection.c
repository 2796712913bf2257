/* SPDX-License-Identifier: ISC */
/* connection: a reader and a writer on a transport, and its orderly end. */
#include "config.h"

#include "io/connection.h"

#include "io/lingering_close.h"
#include "io/loop.h"

#include <event2/buffer.h>

static void wake(void *arg)
{
	task_wake(arg);
}

void connection_init(struct connection *s, struct transport *transport, size_t limit, size_t high,
		     size_t low, struct task *task)
{
	*s = (struct connection){ .transport = transport, .task = task };
	reader_init(&s->reader, transport->input, limit);
	writer_init(&s->writer, transport->output, high, low);
	transport_set_wake(transport, wake, task);
}

void connection_free(struct connection *s)
{
	lingering_close_free(s->closing);
	transport_free(s->transport);
	*s = (struct connection){ 0 };
}

void connection_refresh(struct connection *s)
{
	const struct transport *t = s->transport;

	if (t->ended && !s->reader.ended) {
		if (t->read_error != NULL)
			reader_feed_error(&s->reader);
		else
			reader_feed_eof(&s->reader);
	}
	if (t->write_error != NULL)
		writer_feed_error(&s->writer);
}

static size_t room(const struct connection *s)
{
	if (s->closing != NULL)
		return CLOSING_ROOM;
	return s->transport->raw ? 0 : reader_room(&s->reader);
}

bool connection_update(struct connection *s)
{
	size_t queued = writer_queued(&s->writer);

	if (queued > 0)
		transport_flush(s->transport);
	transport_want(s->transport, room(s));
	return writer_queued(&s->writer) < queued;
}

const struct err *connection_read_error(const struct connection *s)
{
	return s->transport->read_error;
}

const struct err *connection_write_error(const struct connection *s)
{
	return s->transport->write_error;
}

enum stream_status connection_write_eof(struct connection *s)
{
	s->writer.ended = true;
	transport_shut(s->transport);
	transport_flush(s->transport);
	connection_refresh(s);
	if (s->transport->write_error != NULL)
		return STREAM_ERROR;
	return s->transport->shut_done ? STREAM_OK : STREAM_AGAIN;
}

enum stream_status connection_close(struct connection *s, uint64_t timeout_ms, struct err *err)
{
	if (s->closing == NULL)
		s->closing = lingering_close_new(s, timeout_ms);
	return lingering_close_run(s->closing, err);
}

void connection_abort(struct connection *s)
{
	(void)evbuffer_drain(s->transport->output, evbuffer_get_length(s->transport->output));
	transport_abort(s->transport);
}
