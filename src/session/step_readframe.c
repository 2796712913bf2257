/* SPDX-License-Identifier: ISC */
/* step_readframe: a length, then that many bytes. */
#include "config.h"

#include "base/err.h"
#include "base/escape.h"
#include "session/frame.h"
#include "session/session.h"
#include "session/step_args.h"

#include <event2/buffer.h>

static enum step_result bad_frame(struct session *s, struct bytes data)
{
	char text[80];
	struct err err;

	(void)err_set(&err, ERR_IO, "invalid frame '%s'", escape_visible(data, text, sizeof(text)));
	return session_fail(s, &err, NULL);
}

/* The reader does not get the rest of the frame, or not yet. Of a stream that has ended
 * all is taken, without the header. */
static enum step_result unmet(struct session *s, enum stream_status status, size_t header)
{
	struct reader *reader = &s->connection->reader;

	if (status == STREAM_AGAIN)
		return session_wait(s, WAIT_READ);
	(void)reader_readexactly(reader, header, NULL);
	s->step_start = session_consumed(s); /* the header does not count */
	status = reader_readexactly(reader, SIZE_MAX, s->data);
	return session_read_unmet(s, status, s->data, 0);
}

/* The header is known: is the rest there, and is it one? */
static enum step_result take_frame(struct session *s, enum frame_format format, size_t header,
				   uint64_t body)
{
	struct reader *reader = &s->connection->reader;
	size_t trailer = frame_trailer(format), whole;
	enum stream_status status;
	const unsigned char *data;

	if (body > s->shared->settings->limit)
		return session_fail_overrun(s, "the frame is above");
	whole = header + (size_t)body + trailer;
	status = reader_wait(reader, whole);
	if (status != STREAM_OK)
		return unmet(s, status, header);
	data = evbuffer_pullup(reader->in, (ev_ssize_t)whole);
	if (trailer > 0 && data[whole - 1] != ',')
		return bad_frame(s, bytes_of(data, whole));
	(void)reader_readexactly(reader, header, NULL);
	(void)reader_readexactly(reader, (size_t)body, s->data);
	(void)reader_readexactly(reader, trailer, NULL);
	session_record(s, s->data, 0, false);
	return STEP_NEXT;
}

static enum step_result run_readframe(struct session *s, const struct step *step)
{
	enum frame_format format = (enum frame_format)step->n;
	struct reader *reader = &s->connection->reader;
	unsigned char data[FRAME_HEADER_SIZE];
	ev_ssize_t got = evbuffer_copyout(reader->in, data, sizeof(data));
	size_t header;
	uint64_t body;

	switch (frame_header(format, bytes_of(data, (size_t)got), &header, &body)) {
	case FRAME_OK:
		return take_frame(s, format, header, body);
	case FRAME_BAD:
		return bad_frame(s, bytes_of(data, header));
	case FRAME_MORE:
		break;
	}
	/* The whole frame may be one byte more: ask for no more than that. */
	return unmet(s, reader_wait(reader, (size_t)got + 1), 0);
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
