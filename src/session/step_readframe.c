/* SPDX-License-Identifier: ISC */
/* step_readframe: a length, then that many bytes. */
#include "config.h"

#include "base/err.h"
#include "base/escape.h"
#include "session/frame.h"
#include "session/session_record.h"
#include "session/session_step.h"
#include "session/session_struct.h"
#include "session/step_args.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <stdio.h>

/* At most `max` of the bytes that are there. */
static struct bytes front(struct session *s, size_t max)
{
	struct evbuffer *in = s->connection->reader.in;
	size_t len = evbuffer_get_length(in);

	if (len > max)
		len = max;
	return bytes_of(len > 0 ? evbuffer_pullup(in, (ev_ssize_t)len) : NULL, len);
}

static enum step_result bad_frame(struct session *s, const char *length)
{
	char text[80];
	struct err err;

	(void)err_set(&err, ERR_IO, "invalid frame%s: '%s'", length,
		      escape_visible(front(s, sizeof(text)), text, sizeof(text)));
	return session_fail(s, &err, NULL);
}

/* The reader does not get the rest of the frame, or not yet: of a body that is `expected`
 * bytes long, or of the header while that is 0. Of a stream that has ended all is taken. */
static enum step_result unmet(struct session *s, enum stream_status status, size_t header,
			      uint64_t expected)
{
	struct reader *reader = &s->connection->reader;

	if (status == STREAM_AGAIN)
		return session_wait(s, WAIT_READ);
	(void)reader_readexactly(reader, header, NULL);
	s->step_start = session_consumed(s); /* the header does not count */
	(void)reader_readexactly(reader, SIZE_MAX, s->data);
	return session_read_ended(s, s->data, expected, true);
}

/* The header is known: is the rest there, and is it one? */
static enum step_result take_frame(struct session *s, enum frame_format format,
				   const struct frame_header *header)
{
	struct reader *reader = &s->connection->reader;
	size_t trailer = frame_trailer(format), body = (size_t)header->body, whole;
	enum stream_status status;
	char text[64];

	if (header->body > s->shared->settings->limit) {
		(void)snprintf(text, sizeof(text), "a frame of %" PRIu64 " bytes is above",
			       header->body);
		return session_fail_overrun(s, text);
	}
	whole = header->len + body + trailer;
	status = reader_wait(reader, whole);
	if (status != STREAM_OK)
		return unmet(s, status, header->len,
			     reader_buffered(reader) < header->len + body ? body : body + trailer);
	if (trailer > 0 && front(s, whole).data[whole - 1] != ',') {
		(void)snprintf(text, sizeof(text), " of %zu byte%s", body, body == 1 ? "" : "s");
		return bad_frame(s, text);
	}
	(void)reader_readexactly(reader, header->len, NULL);
	(void)reader_readexactly(reader, body, s->data);
	(void)reader_readexactly(reader, trailer, NULL);
	session_record(s, s->data, 0, false);
	return STEP_NEXT;
}

static enum step_result run_readframe(struct session *s, const struct step *step)
{
	enum frame_format format = (enum frame_format)step->n;
	struct frame_header *header = session_state(s, sizeof(*header));
	size_t limit = s->shared->settings->limit;
	struct bytes data = front(s, format == FRAME_LSP ? limit : FRAME_HEADER_SIZE);

	switch (frame_header_read(header, format, data)) {
	case FRAME_OK:
		return take_frame(s, format, header);
	case FRAME_BAD:
		return bad_frame(s, "");
	case FRAME_MORE:
		break;
	}
	if (format == FRAME_LSP && data.len == limit)
		return session_fail_overrun(s, "the header is above");
	/* The whole frame may be one byte more: ask for no more than that. */
	return unmet(s, reader_wait(&s->connection->reader, data.len + 1), 0, 0);
}

const struct step_kind step_readframe = {
	.name = "readframe",
	.args = "FORMAT",
	.summary = "read a length, then that many bytes",
	.returns = "the bytes that the length announces, without the length",
	.fails = "io if it is not a frame, incomplete-read, limit-overrun, tls or timeout",
	.example = "writeframe varint hello readframe varint",
	.flags = STEP_READS | STEP_PRINTS | STEP_RECORD,
	.parse = step_args_format,
	.run = run_readframe,
};
