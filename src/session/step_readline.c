/* SPDX-License-Identifier: ISC */
/* step_readline: lines. */
#include "config.h"

#include "base/alloc.h"
#include "io/stdout_writer.h"
#include "session/session.h"
#include "session/step_args.h"

#include <event2/buffer.h>
#include <stdlib.h>

enum {
	/* Lines or pieces in one run; then others have their turn. */
	LINES_PER_RUN = 1024,
	PIECES_PER_RUN = 16,
};

struct readline_args {
	uint64_t count;
};

struct readline_state {
	uint64_t done; /* lines read */
};

static bool parse_readline(struct step *step, struct step_words *words, struct err *err)
{
	struct readline_args *args = step->args = alloc_zeroed(sizeof(*args));

	return step_args_count(words, &args->count, err);
}

/* Can the lines go straight to the output, many at once, without being looked at? */
static bool lines_pass_through(const struct session *s)
{
	return !event_writer_is_json(s->shared->events) && !s->shared->settings->chomp &&
	       s->record == NULL;
}

/* Lines at hand, straight to the output. What is left of a stream that has ended
 * is printed too, and is a line where it ended well. */
static enum stream_status pass_lines(struct session *s, uint64_t max, uint64_t *lines,
				     uint64_t *bytes)
{
	struct stdout_writer *output = event_writer_output(s->shared->events);
	uint64_t before = reader_buffered(&s->connection->reader);
	enum stream_status status =
		reader_readlines(&s->connection->reader, max, stdout_writer_queue(output), lines);

	stdout_writer_added(output);
	*bytes = before - reader_buffered(&s->connection->reader);
	if (status == STREAM_EOF && *bytes > 0) {
		*lines = 1;
		return STREAM_OK;
	}
	return status;
}

static enum step_result run_lines(struct session *s, uint64_t count)
{
	struct readline_state *state = session_state(s, sizeof(*state));

	for (int budget = PIECES_PER_RUN; budget > 0; budget--) {
		enum stream_status status;
		uint64_t lines, bytes;

		if (event_writer_above(s->shared->events))
			return session_wait_output(s);
		status = pass_lines(s, count - state->done, &lines, &bytes);
		if (status == STREAM_EOF || status == STREAM_ERROR)
			return session_read_ended(s, NULL, bytes, 0);
		if (status != STREAM_OK)
			return session_take_record(s, status, NULL, 0, 0);
		state->done += lines;
		if (state->done == count)
			return STEP_NEXT;
	}
	return session_wait(s, WAIT_TURN);
}

static enum step_result run_readline(struct session *s, const struct step *step)
{
	struct evbuffer *line = event_writer_scratch(s->shared->events);
	uint64_t count = ((const struct readline_args *)step->args)->count;
	struct readline_state *state = session_state(s, sizeof(*state));

	if (lines_pass_through(s))
		return run_lines(s, count);
	for (int budget = LINES_PER_RUN; budget > 0; budget--) {
		enum stream_status status;

		if (event_writer_above(s->shared->events))
			return session_wait_output(s);
		status = reader_readline(&s->connection->reader, line);
		/* A partial last line is a line, where the stream ended well. */
		if (status == STREAM_EOF && evbuffer_get_length(line) > 0)
			status = STREAM_OK;
		if (status != STREAM_OK)
			return session_take_record(s, status, line, 0, 0);
		state->done++;
		session_record(s, line, session_line_end(line), state->done < count);
		if (state->done == count)
			return STEP_NEXT;
	}
	return session_wait(s, WAIT_TURN);
}

const struct step_kind step_readline = {
	.name = "readline",
	.args = "[COUNT]",
	.summary = "read COUNT lines (1)",
	.returns = "each line as soon as it is complete",
	.fails = "incomplete-read if no line is left, limit-overrun, io, tls or timeout",
	.example = "writeline PING readline",
	.flags = STEP_READS | STEP_PRINTS | STEP_RECORD,
	.parse = parse_readline,
	.free_args = free,
	.run = run_readline,
	.free_state = free,
};
