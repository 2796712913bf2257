/* SPDX-License-Identifier: ISC */
/* pump_buffered: through the evbuffers; serves any pair. */
#include "config.h"

#include "io/fd_reader.h"
#include "session/pump.h"

#include <event2/buffer.h>
#include <string.h>

enum { PIECES_PER_RUN = 8 };

/* Put a CR before each LF that has none. */
static void add_crs(struct pump *pump, struct evbuffer *data, struct evbuffer *into)
{
	size_t len = evbuffer_get_length(data);
	const unsigned char *text = evbuffer_pullup(data, -1);
	size_t from = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n' && !pump->after_cr) {
			evbuffer_add(into, text + from, i - from);
			evbuffer_add(into, "\r", 1);
			from = i;
		}
		pump->after_cr = text[i] == '\r';
	}
	evbuffer_add(into, text + from, len - from);
	evbuffer_drain(data, len);
}

static void send_input(struct pump *pump, struct session *s, struct evbuffer *data)
{
	struct evbuffer *lines;

	pump->bytes += evbuffer_get_length(data);
	if (!pump->crlf) {
		writer_write_buffer(&s->connection->writer, data);
	} else {
		lines = evbuffer_new();
		add_crs(pump, data, lines);
		writer_write_buffer(&s->connection->writer, lines);
		evbuffer_free(lines);
	}
	connection_flush(s->connection);
}

static enum stream_status run_up(struct pump *pump, struct session *s)
{
	struct evbuffer *data = event_writer_scratch(s->shared->events);

	for (int budget = PIECES_PER_RUN; budget > 0; budget--) {
		size_t room = writer_room(&s->connection->writer);
		enum stream_status status;

		if (s->connection->writer.broken)
			return STREAM_OK;
		if (room == 0) {
			(void)session_wait(s, WAIT_WRITE);
			return STREAM_AGAIN;
		}
		status = fd_reader_read(pump->input, room, data);
		if (status == STREAM_AGAIN)
			(void)session_wait(s, WAIT_INPUT);
		if (status != STREAM_OK)
			return status;
		send_input(pump, s, data);
	}
	return STREAM_OK;
}

static enum stream_status run_down(struct pump *pump, struct session *s)
{
	struct evbuffer *data = event_writer_scratch(s->shared->events);

	for (int budget = PIECES_PER_RUN; budget > 0; budget--) {
		enum stream_status status;

		if (session_output_full(s))
			return STREAM_AGAIN;
		status = reader_read(&s->connection->reader, SIZE_MAX, data);
		pump->bytes += evbuffer_get_length(data);
		if (evbuffer_get_length(data) > 0)
			session_piece(s, data, true);
		if (status == STREAM_AGAIN)
			(void)session_wait(s, WAIT_READ);
		if (status != STREAM_OK)
			return status;
	}
	return STREAM_OK;
}

static enum stream_status buffered_run(struct pump *pump, struct session *s)
{
	return pump->direction == PUMP_UP ? run_up(pump, s) : run_down(pump, s);
}

const struct pump_kind pump_buffered = { "buffered", NULL, buffered_run };
