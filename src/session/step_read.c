/* SPDX-License-Identifier: ISC */
/* step_read: the steps that read one record, or lines. */
#include "config.h"

#include "io/fd_writer.h"
#include "session/session_pump.h"
#include "session/session_record.h"
#include "session/session_step.h"
#include "session/session_struct.h"
#include "session/step_args.h"

#include <stdlib.h>

/* --- read --- */

/* No N. No SIZE is as large. */
static const uint64_t TO_THE_END = UINT64_MAX;

static bool parse_read(struct step *step, struct step_words *words, struct err *err)
{
	step->n = TO_THE_END;
	return !step_args_number_next(words) || step_args_size(step, words, err);
}

static void free_state(void *pump)
{
	pump_free(pump);
}

/* Everything to the end of the stream, as it comes. */
static enum step_result read_to_end(struct session *s)
{
	enum step_result result;

	if (s->state == NULL)
		s->state = session_pump_down(s);
	result = session_pump_run_down(s, s->state);
	if (result == STEP_NEXT)
		session_piece_end(s);
	return result;
}

static enum step_result run_read(struct session *s, const struct step *step)
{
	enum stream_status status;

	if (step->n == TO_THE_END)
		return read_to_end(s);
	status = reader_read(&s->connection->reader, step->n, s->data);
	return session_take_record(s, status, 0);
}

/* --- readline --- */

struct readline_state {
	uint64_t done; /* lines read */
};

/* Can the lines go straight to the output, many at once, without being looked at? */
static bool lines_pass_through(const struct session *s)
{
	return !s->shared->events->json && !s->shared->settings->chomp && s->record == NULL &&
	       !session_shows_hex(s);
}

/* Lines at hand, straight to the output; what is left of a stream that has ended, too. */
static enum stream_status pass_lines(struct session *s, uint64_t max, uint64_t *lines)
{
	struct fd_writer *output = s->shared->events->output;
	enum stream_status status =
		reader_readlines(&s->connection->reader, max, fd_writer_queue(output), lines);

	fd_writer_added(output);
	return status;
}

static enum step_result run_readline(struct session *s, const struct step *step)
{
	struct readline_state *state = session_state(s, sizeof(*state));
	bool pass = lines_pass_through(s), more;
	uint64_t lines = 1;
	enum stream_status status = pass ? pass_lines(s, step->n - state->done, &lines)
					 : reader_readline(&s->connection->reader, s->data);

	/* A partial last line is a line, where the stream ended well. */
	if (status == STREAM_EOF && session_taken(s) > 0) {
		status = STREAM_OK;
		lines = 1;
	}
	if (status != STREAM_OK)
		return session_read_unmet(s, status, s->data, 0);
	state->done += lines;
	more = state->done < step->n;
	if (!pass)
		session_record(s, s->data, session_line_end(s->data), more);
	s->step_start = session_consumed(s); /* a failure tells of one line */
	return more ? STEP_MORE : STEP_NEXT;
}

/* --- readexactly --- */

/* More than the limit is not kept until it is whole, but passed on. */
static enum step_result read_piece(struct session *s, uint64_t n)
{
	uint64_t left = n - session_taken(s);
	uint64_t most = s->shared->events->json ? s->shared->settings->limit : SIZE_MAX;
	enum stream_status status =
		reader_read(&s->connection->reader, left < most ? left : most, s->data);
	bool more = session_taken(s) < n;

	if (status != STREAM_OK)
		return session_read_unmet(s, status, s->data, n);
	session_piece(s, s->data, more);
	return more ? STEP_MORE : STEP_NEXT;
}

static enum step_result run_readexactly(struct session *s, const struct step *step)
{
	enum stream_status status;

	if (step->n > s->shared->settings->limit)
		return read_piece(s, step->n);
	status = reader_readexactly(&s->connection->reader, (size_t)step->n, s->data);
	return session_take_record(s, status, step->n);
}

/* --- readuntil --- */

static enum step_result run_readuntil(struct session *s, const struct step *step)
{
	const struct separators *seps = step->args;
	struct reader *reader = &s->connection->reader;
	enum stream_status status = reader_readuntil(reader, seps, s->data);

	if (status != STREAM_OK)
		return session_read_unmet(s, status, s->data, 0);
	if (seps->count > 1)
		s->separator = reader->matched;
	session_record(s, s->data, reader->matched->len, false);
	return STEP_NEXT;
}

const struct step_kind step_read = {
	.name = "read",
	.args = "[N]",
	.summary = "read to the end, or once at most N bytes",
	.returns = "the bytes as they arrive; with N, at least 1 and at most N of them",
	.fails = "with N, incomplete-read if the stream has ended; io, tls or timeout",
	.example = "write hello read 100",
	.flags = STEP_READS | STEP_PRINTS | STEP_RECORD,
	.parse = parse_read,
	.run = run_read,
	.free_state = free_state,
};

const struct step_kind step_readline = {
	.name = "readline",
	.args = "[COUNT]",
	.summary = "read COUNT lines (1)",
	.returns = "each line as soon as it is complete",
	.fails = "incomplete-read if no line is left, limit-overrun, io, tls or timeout",
	.example = "writeline PING readline",
	.flags = STEP_READS | STEP_PRINTS | STEP_RECORD,
	.parse = step_args_count,
	.run = run_readline,
};

const struct step_kind step_readexactly = {
	.name = "readexactly",
	.args = "N",
	.summary = "read exactly N bytes",
	.returns = "the N bytes",
	.fails = "incomplete-read if fewer arrive, printing those; io, tls or timeout",
	.example = "readexactly 16",
	.flags = STEP_READS | STEP_PRINTS | STEP_RECORD,
	.parse = step_args_size,
	.run = run_readexactly,
};

const struct step_kind step_readuntil = {
	.name = "readuntil",
	.args = "SEP [or SEP]...",
	.summary = "read up to and including a separator",
	.returns = "everything up to and including the separator that ends first",
	.fails = "incomplete-read without a separator, limit-overrun, io, tls or timeout",
	.example = "writeline stats readuntil END or ERROR",
	.flags = STEP_READS | STEP_PRINTS | STEP_RECORD,
	.parse = step_args_separators,
	.free_args = free,
	.run = run_readuntil,
};
