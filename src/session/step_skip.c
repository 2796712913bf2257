/* SPDX-License-Identifier: ISC */
/* step_skip: the steps that read and throw away. */
#include "config.h"

#include "session/session_record.h"
#include "session/session_step.h"
#include "session/session_struct.h"
#include "session/step_args.h"

#include <stdlib.h>

struct skipline_state {
	uint64_t lines; /* skipped whole */
	uint64_t bytes; /* of these */
};

static enum step_result answer(struct session *s, enum stream_status status, uint64_t expected)
{
	if (status != STREAM_OK)
		return session_read_unmet(s, status, NULL, expected);
	return session_step_moved(s, session_taken(s));
}

static enum step_result run_skip(struct session *s, const struct step *step)
{
	enum stream_status status =
		reader_read(&s->connection->reader, step->n - session_taken(s), NULL);

	if (status == STREAM_OK && session_taken(s) < step->n)
		return STEP_MORE;
	return answer(s, status, step->n);
}

static enum step_result run_skipline(struct session *s, const struct step *step)
{
	struct skipline_state *state = session_state(s, sizeof(*state));
	enum stream_status status = reader_skipuntil(&s->connection->reader, &separators_newline);

	/* A partial last line is a line, as for readline. */
	if (status == STREAM_EOF && session_taken(s) > state->bytes)
		status = STREAM_OK;
	if (status == STREAM_OK) {
		state->bytes = session_taken(s);
		if (++state->lines < step->n)
			return STEP_MORE;
	}
	return answer(s, status, 0);
}

static enum step_result run_skipuntil(struct session *s, const struct step *step)
{
	return answer(s, reader_skipuntil(&s->connection->reader, step->args), 0);
}

const struct step_kind step_skip = {
	.name = "skip",
	.args = "N",
	.summary = "discard N bytes",
	.returns = "nothing",
	.fails = "incomplete-read if fewer bytes arrive, io, tls or timeout",
	.example = "skip 4 readline",
	.flags = STEP_READS,
	.parse = step_args_size,
	.run = run_skip,
};

const struct step_kind step_skipline = {
	.name = "skipline",
	.args = "[COUNT]",
	.summary = "discard COUNT lines (1)",
	.returns = "nothing",
	.fails = "incomplete-read if no line is left, io, tls or timeout",
	.example = "skipline 2 readline",
	.flags = STEP_READS,
	.parse = step_args_count,
	.run = run_skipline,
};

const struct step_kind step_skipuntil = {
	.name = "skipuntil",
	.args = "SEP [or SEP]...",
	.summary = "discard up to and including a separator",
	.returns = "nothing",
	.fails = "incomplete-read without a separator, io, tls or timeout",
	.example = "skipuntil : readline",
	.flags = STEP_READS,
	.parse = step_args_separators,
	.free_args = free,
	.run = run_skipuntil,
};
