/* SPDX-License-Identifier: ISC */
/* step_readframe: a length, then that many bytes. */
#include "config.h"

#include "base/err.h"
#include "base/escape.h"
#include "session/frame.h"
#include "session/session.h"
#include "session/step_args.h"

#include <event2/buffer.h>

static enum step_result bad_frame(struct session *s, const unsigned char *data, size_t len)
{
	char text[80];
	struct err err;

	(void)err_set(&err, ERR_IO, "invalid frame '%s'",
		      escape_visible(bytes_of(data, len), text, sizeof(text)));
	return session_fail(s, &err, NULL);
}

/* All that is left of a stream that ended within a frame. */
static enum step_result cut_frame(struct session *s, size_t header)
{
	struct reader *reader = &s->connection->reader;
	enum stream_status status;
	uint64_t skipped;

	(void)reader_skip(reader, header, &skipped);
	s->step_start = session_consumed(s); /* the header does not count */
	status = reader_readexactly(reader, SIZE_MAX, s->data);
	return session_read_unmet(s, status, s->data, 0);
}

/* The whole frame is buffered: take header, body and trailer. */
static enum step_result take_frame(struct session *s, size_t header, size_t body, size_t trailer)
{
	struct reader *reader = &s->connection->reader;
	uint64_t skipped;

	(void)reader_skip(reader, header, &skipped);
	(void)reader_readexactly(reader, body, s->data);
	(void)reader_skip(reader, trailer, &skipped);
	session_record(s, s->data, 0, false);
	return STEP_NEXT;
}

/* The header is known: is the rest there, and is it one? */
static enum step_result read_body(struct session *s, enum frame_format format, size_t header,
				  uint64_t body)
{
	size_t trailer = frame_trailer(format);
	size_t limit = s->shared->settings->limit;
	enum stream_status status;
	unsigned char *end;
	size_t got;

	if (body > limit)
		return session_fail_overrun(s, "the frame is above");
	status = reader_wait(&s->connection->reader, header + (size_t)body + trailer);
	if (status == STREAM_AGAIN)
		return session_wait(s, WAIT_READ);
	if (status != STREAM_OK)
		return cut_frame(s, header);
	end = evbuffer_pullup(s->connection->reader.in,
			      (ev_ssize_t)(header + (size_t)body + trailer));
	if (trailer > 0 && end[header + body] != ',') {
		got = header + (size_t)body + trailer;
		return bad_frame(s, end, got);
	}
	return take_frame(s, header, (size_t)body, trailer);
}

static enum step_result run_readframe(struct session *s, const struct step *step)
{
	enum frame_format format = (enum frame_format)step->n;
	unsigned char data[FRAME_HEADER_MAX];
	enum stream_status status = STREAM_OK;
	size_t got = 0, header;
	uint64_t body;

	/* A header may be one byte: never ask for more than it needs. */
	for (size_t want = 1; want <= sizeof(data); want++) {
		status = reader_peek(&s->connection->reader, want, data, &got);
		if (status != STREAM_OK)
			break;
		switch (frame_header(format, data, want, &header, &body)) {
		case FRAME_OK:
			return read_body(s, format, header, body);
		case FRAME_BAD:
			return bad_frame(s, data, want);
		case FRAME_MORE:
			break;
		}
	}
	if (status == STREAM_AGAIN)
		return session_wait(s, WAIT_READ);
	return cut_frame(s, 0);
}

const struct step_kind step_readframe = {
	.name = "readframe",
	.args = "FORMAT",
	.summary = "read a length, then that many bytes",
	.returns = "the bytes that the length announces, without the length",
	.fails = "io if it is not a frame, incomplete-read, limit-overrun, tls or timeout",
	.example = "writeframe netstring hello readframe netstring",
	.flags = STEP_READS | STEP_PRINTS | STEP_RECORD,
	.parse = step_args_format,
	.run = run_readframe,
};
