/* SPDX-License-Identifier: ISC */
/* step_readline: lines. */
#include "config.h"

#include "base/alloc.h"
#include "io/stdout_writer.h"
#include "session/session.h"
#include "session/step_args.h"

#include <stdlib.h>

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

/* Lines at hand, straight to the output; what is left of a stream that has ended, too. */
static enum stream_status pass_lines(struct session *s, uint64_t max, uint64_t *lines)
{
	struct stdout_writer *output = event_writer_output(s->shared->events);
	enum stream_status status =
		reader_readlines(&s->connection->reader, max, stdout_writer_queue(output), lines);

	stdout_writer_added(output);
	return status;
}

static enum step_result run_readline(struct session *s, const struct step *step)
{
	uint64_t count = ((const struct readline_args *)step->args)->count, lines = 1;
	struct readline_state *state = session_state(s, sizeof(*state));
	bool pass = lines_pass_through(s), more;
	enum stream_status status = pass ? pass_lines(s, count - state->done, &lines)
					 : reader_readline(&s->connection->reader, s->data);

	/* A partial last line is a line, where the stream ended well. */
	if (status == STREAM_EOF && session_taken(s) > 0) {
		status = STREAM_OK;
		lines = 1;
	}
	if (status != STREAM_OK)
		return session_read_unmet(s, status, s->data, 0);
	state->done += lines;
	more = state->done < count;
	if (!pass)
		session_record(s, s->data, session_line_end(s->data), more);
	s->step_start = session_consumed(s); /* a failure tells of one line */
	return more ? STEP_MORE : STEP_NEXT;
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
};
