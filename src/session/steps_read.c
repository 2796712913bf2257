/* SPDX-License-Identifier: ISC */
/* steps_read: the steps that take bytes from the peer. */
#include "config.h"

#include "base/err.h"
#include "base/escape.h"
#include "io/stdout_writer.h"
#include "session/frame.h"
#include "session/pump.h"
#include "session/session.h"
#include "session/steps.h"

#include <event2/buffer.h>
#include <inttypes.h>

enum {
	/* Lines or pieces in one run; then others have their turn. */
	RECORDS_PER_RUN = 1024,
	PIECES_PER_RUN = 16,
};

static struct evbuffer *scratch(struct session *s)
{
	return event_writer_scratch(s->shared->events);
}

/* What a read that is one record answers, once it has been asked. */
static enum step_result take_record(struct session *s, enum stream_status status, size_t strip,
				    uint64_t expected)
{
	struct evbuffer *data = scratch(s);

	switch (status) {
	case STREAM_OK:
		session_record(s, data, strip, false);
		return STEP_NEXT;
	case STREAM_AGAIN:
		return session_wait(s, WAIT_READ);
	case STREAM_OVERRUN:
		return session_fail_overrun(s, "no end within");
	case STREAM_EOF:
	case STREAM_ERROR:
		break;
	}
	return session_fail_read(s, data, evbuffer_get_length(data), expected);
}

/* read: everything to the end of the stream, as it comes. */
static enum step_result read_to_end(struct session *s)
{
	struct pump *pump = session_pump(s, PUMP_DOWN, NULL);

	switch (pump_run(pump, s)) {
	case STREAM_OK:
		return session_wait(s, WAIT_TURN);
	case STREAM_AGAIN:
		return STEP_AGAIN;
	case STREAM_EOF:
		session_piece_end(s);
		return STEP_NEXT;
	case STREAM_OVERRUN:
	case STREAM_ERROR:
		break;
	}
	return session_fail_read(s, scratch(s), pump->bytes, 0);
}

enum step_result run_read(struct session *s, const struct step *step)
{
	if (!step->has_number)
		return read_to_end(s);
	if (session_output_full(s))
		return STEP_AGAIN;
	return take_record(s, reader_read(&s->connection.reader, (size_t)step->number, scratch(s)),
			   0, 0);
}

/* The length of a line's end. */
static size_t line_end(struct evbuffer *line)
{
	size_t len = evbuffer_get_length(line);
	size_t tail = len < 2 ? len : 2;
	struct evbuffer_ptr at;
	char end[2] = { 0 };

	if (tail == 0)
		return 0;
	evbuffer_ptr_set(line, &at, len - tail, EVBUFFER_PTR_SET);
	evbuffer_copyout_from(line, &at, end, tail);
	if (end[tail - 1] != '\n')
		return 0;
	return tail == 2 && end[0] == '\r' ? 2 : 1;
}

/* Nobody looks at the lines: they go straight to the output, many at once. */
static bool lines_pass_through(const struct session *s)
{
	return !event_writer_is_json(s->shared->events) && !s->shared->settings->chomp &&
	       s->record == NULL;
}

/* Lines at hand, straight to the output. What is left of a stream that has ended
 * is printed too, and is a line where it ended well. */
static enum stream_status pass_lines(struct session *s, uint64_t max)
{
	struct stdout_writer *output = event_writer_output(s->shared->events);
	uint64_t before = reader_buffered(&s->connection.reader), lines;
	enum stream_status status =
		reader_readlines(&s->connection.reader, max, stdout_writer_queue(output), &lines);

	stdout_writer_added(output);
	s->state.piece = before - reader_buffered(&s->connection.reader);
	if (status == STREAM_EOF && s->state.piece > 0) {
		status = STREAM_OK;
		lines = 1;
	}
	s->state.records += lines;
	return status;
}

static enum step_result run_lines(struct session *s, const struct step *step)
{
	for (int budget = PIECES_PER_RUN; budget > 0; budget--) {
		enum stream_status status;

		if (session_output_full(s))
			return STEP_AGAIN;
		status = pass_lines(s, step->number - s->state.records);
		if (status == STREAM_EOF || status == STREAM_ERROR)
			return session_fail_read(s, NULL, s->state.piece, 0);
		if (status != STREAM_OK)
			return take_record(s, status, 0, 0);
		if (s->state.records == step->number)
			return STEP_NEXT;
	}
	return session_wait(s, WAIT_TURN);
}

enum step_result run_readline(struct session *s, const struct step *step)
{
	struct evbuffer *line = scratch(s);

	if (lines_pass_through(s))
		return run_lines(s, step);
	for (int budget = RECORDS_PER_RUN; budget > 0; budget--) {
		enum stream_status status;

		if (session_output_full(s))
			return STEP_AGAIN;
		status = reader_readline(&s->connection.reader, line);
		/* A partial last line is a line, where the stream ended well. */
		if (status == STREAM_EOF && evbuffer_get_length(line) > 0)
			status = STREAM_OK;
		if (status != STREAM_OK)
			return take_record(s, status, 0, 0);
		s->state.records++;
		session_record(s, line, line_end(line), s->state.records < step->number);
		if (s->state.records == step->number)
			return STEP_NEXT;
	}
	return session_wait(s, WAIT_TURN);
}

/* More than the limit is not kept until it is whole, but passed on. */
static enum step_result readexactly_in_pieces(struct session *s, uint64_t n)
{
	struct evbuffer *data = scratch(s);
	size_t most =
		event_writer_is_json(s->shared->events) ? s->shared->settings->limit : SIZE_MAX;

	for (int budget = PIECES_PER_RUN; budget > 0; budget--) {
		uint64_t left = n - s->state.bytes;
		enum stream_status status;

		if (session_output_full(s))
			return STEP_AGAIN;
		status =
			reader_read(&s->connection.reader, left > most ? most : (size_t)left, data);
		if (status == STREAM_AGAIN)
			return session_wait(s, WAIT_READ);
		if (status != STREAM_OK)
			return session_fail_read(s, data,
						 s->state.bytes + evbuffer_get_length(data), n);
		session_piece(s, data, evbuffer_get_length(data) < left);
		if (s->state.bytes == n)
			return STEP_NEXT;
	}
	return session_wait(s, WAIT_TURN);
}

enum step_result run_readexactly(struct session *s, const struct step *step)
{
	uint64_t n = step->number;

	if (n > s->shared->settings->limit)
		return readexactly_in_pieces(s, n);
	if (session_output_full(s))
		return STEP_AGAIN;
	return take_record(s, reader_readexactly(&s->connection.reader, (size_t)n, scratch(s)), 0,
			   n);
}

enum step_result run_readuntil(struct session *s, const struct step *step)
{
	struct reader *reader = &s->connection.reader;
	enum stream_status status;

	if (session_output_full(s))
		return STEP_AGAIN;
	status = reader_readuntil(reader, step->seps, scratch(s));
	return take_record(s, status, status == STREAM_OK ? reader->matched : 0, 0);
}

static enum step_result bad_frame(struct session *s, const unsigned char *data, size_t len)
{
	char text[80];
	struct err err;

	(void)err_set(&err, ERR_IO, "these bytes are no frame: '%s'",
		      escape_visible(bytes_of(data, len), text, sizeof(text)));
	return session_fail(s, &err, NULL);
}

/* All that is left of a stream that ended within a frame. */
static enum step_result cut_frame(struct session *s, size_t header)
{
	struct evbuffer *data = scratch(s);
	struct reader *reader = &s->connection.reader;
	uint64_t skipped;

	if (header > 0)
		(void)reader_skip(reader, header, &skipped);
	(void)reader_readexactly(reader, SIZE_MAX, data);
	return session_fail_read(s, data, evbuffer_get_length(data), 0);
}

/* The whole frame is buffered: take header, body and trailer. */
static enum step_result take_frame(struct session *s, size_t header, size_t body, size_t trailer)
{
	struct reader *reader = &s->connection.reader;
	struct evbuffer *data = scratch(s);
	uint64_t skipped;

	(void)reader_skip(reader, header, &skipped);
	(void)reader_readexactly(reader, body, data);
	if (trailer > 0)
		(void)reader_skip(reader, trailer, &skipped);
	session_record(s, data, 0, false);
	return STEP_NEXT;
}

/* The header is known: is the rest there, and is it one? */
static enum step_result read_body(struct session *s, const struct step *step, size_t header,
				  uint64_t body)
{
	size_t trailer = frame_trailer(step->format);
	size_t limit = s->shared->settings->limit;
	enum stream_status status;
	unsigned char *end;
	size_t got;

	if (body > limit)
		return session_fail_overrun(s, "the frame is above");
	status = reader_wait(&s->connection.reader, header + (size_t)body + trailer);
	if (status == STREAM_AGAIN)
		return session_wait(s, WAIT_READ);
	if (status != STREAM_OK)
		return cut_frame(s, header);
	end = evbuffer_pullup(s->connection.reader.in,
			      (ev_ssize_t)(header + (size_t)body + trailer));
	if (trailer > 0 && end[header + body] != ',') {
		got = header + (size_t)body + trailer;
		return bad_frame(s, end, got);
	}
	return take_frame(s, header, (size_t)body, trailer);
}

enum step_result run_readframe(struct session *s, const struct step *step)
{
	unsigned char data[FRAME_HEADER_MAX];
	enum stream_status status = STREAM_OK;
	size_t got = 0, header;
	uint64_t body;

	if (session_output_full(s))
		return STEP_AGAIN;
	/* A header may be one byte: never ask for more than it needs. */
	for (size_t want = 1; want <= sizeof(data); want++) {
		status = reader_peek(&s->connection.reader, want, data, &got);
		if (status != STREAM_OK)
			break;
		switch (frame_header(step->format, data, want, &header, &body)) {
		case FRAME_OK:
			return read_body(s, step, header, body);
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

/* What a skip answers; `enough` says whether the end is a good end for it. */
static enum step_result skip_ended(struct session *s, enum stream_status status, uint64_t expected)
{
	if (status == STREAM_AGAIN)
		return session_wait(s, WAIT_READ);
	return session_fail_read(s, NULL, s->state.bytes, expected);
}

enum step_result run_skip(struct session *s, const struct step *step)
{
	while (s->state.bytes < step->number) {
		uint64_t skipped = 0;
		enum stream_status status =
			reader_skip(&s->connection.reader, step->number - s->state.bytes, &skipped);

		s->state.bytes += skipped;
		if (status != STREAM_OK)
			return skip_ended(s, status, step->number);
	}
	return session_step_moved(s, s->state.bytes);
}

enum step_result run_skipline(struct session *s, const struct step *step)
{
	for (int budget = RECORDS_PER_RUN; s->state.records < step->number; budget--) {
		uint64_t skipped = 0;
		enum stream_status status;

		if (budget == 0)
			return session_wait(s, WAIT_TURN);
		status = reader_skipuntil(&s->connection.reader, separators_newline(), &skipped);
		s->state.bytes += skipped;
		s->state.piece += skipped;
		/* A partial last line is a line, as for readline. */
		if (status == STREAM_EOF && s->state.piece > 0)
			status = STREAM_OK;
		if (status != STREAM_OK)
			return skip_ended(s, status, 0);
		s->state.piece = 0;
		s->state.records++;
	}
	return session_step_moved(s, s->state.bytes);
}

enum step_result run_skipuntil(struct session *s, const struct step *step)
{
	uint64_t skipped = 0;
	enum stream_status status = reader_skipuntil(&s->connection.reader, step->seps, &skipped);

	s->state.bytes += skipped;
	if (status != STREAM_OK)
		return skip_ended(s, status, 0);
	return session_step_moved(s, s->state.bytes);
}

/* at-eof: a byte, or the end. */
enum step_result run_at_eof(struct session *s, const struct step *step)
{
	unsigned char byte;
	char shown[8];
	struct err err;
	size_t got;

	(void)step;
	switch (reader_peek(&s->connection.reader, 1, &byte, &got)) {
	case STREAM_AGAIN:
		return session_wait(s, WAIT_READ);
	case STREAM_EOF:
		return session_step_done(s);
	case STREAM_OK:
		(void)err_set(&err, ERR_EXPECTATION, "the stream goes on with '%s'",
			      escape_visible(bytes_of(&byte, 1), shown, sizeof(shown)));
		return session_fail(s, &err, NULL);
	case STREAM_OVERRUN:
	case STREAM_ERROR:
		break;
	}
	return session_fail_read(s, NULL, 0, 0);
}
