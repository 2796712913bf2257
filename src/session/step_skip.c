/* SPDX-License-Identifier: ISC */
/* step_skip: the steps that read and throw away. */
#include "config.h"

#include "base/alloc.h"
#include "session/session.h"
#include "session/step_args.h"

#include <stdlib.h>

enum { LINES_PER_RUN = 1024 }; /* then others have their turn */

struct skip_state {
	uint64_t bytes; /* skipped by the step */
	uint64_t line;	/* ... of them of the line that is being skipped */
	uint64_t lines; /* skipped whole */
};

/* skip and skipline; skipuntil has its separators. */
struct skip_args {
	uint64_t count; /* bytes, or lines */
};

static bool parse_skip(struct step *step, struct step_words *words, struct err *err)
{
	struct skip_args *args = step->args = alloc_zeroed(sizeof(*args));

	if (!step_args_size(words, &args->count, err))
		return false;
	if (args->count == 0)
		step->flags &= ~STEP_READS; /* a loop would go round without waiting */
	return true;
}

static bool parse_skipline(struct step *step, struct step_words *words, struct err *err)
{
	struct skip_args *args = step->args = alloc_zeroed(sizeof(*args));

	return step_args_count(words, &args->count, err);
}

static void free_separators(void *args)
{
	separators_free(args);
}

static bool parse_skipuntil(struct step *step, struct step_words *words, struct err *err)
{
	step->args = step_args_separators(words, err);
	return step->args != NULL;
}

/* What a skip answers that has not got what it wants. */
static enum step_result skip_ended(struct session *s, enum stream_status status, uint64_t bytes,
				   uint64_t expected)
{
	if (status == STREAM_AGAIN)
		return session_wait(s, WAIT_READ);
	return session_read_ended(s, NULL, bytes, expected);
}

static enum step_result run_skip(struct session *s, const struct step *step)
{
	const struct skip_args *args = step->args;
	struct skip_state *state = session_state(s, sizeof(*state));

	while (state->bytes < args->count) {
		uint64_t skipped = 0;
		enum stream_status status =
			reader_skip(&s->connection->reader, args->count - state->bytes, &skipped);

		state->bytes += skipped;
		if (status != STREAM_OK)
			return skip_ended(s, status, state->bytes, args->count);
	}
	return session_step_moved(s, state->bytes);
}

static enum step_result run_skipline(struct session *s, const struct step *step)
{
	const struct skip_args *args = step->args;
	struct skip_state *state = session_state(s, sizeof(*state));

	for (int budget = LINES_PER_RUN; state->lines < args->count; budget--) {
		uint64_t skipped = 0;
		enum stream_status status;

		if (budget == 0)
			return session_wait(s, WAIT_TURN);
		status = reader_skipuntil(&s->connection->reader, separators_newline(), &skipped);
		state->bytes += skipped;
		state->line += skipped;
		/* A partial last line is a line, as for readline. */
		if (status == STREAM_EOF && state->line > 0)
			status = STREAM_OK;
		if (status != STREAM_OK)
			return skip_ended(s, status, state->bytes, 0);
		state->line = 0;
		state->lines++;
	}
	return session_step_moved(s, state->bytes);
}

static enum step_result run_skipuntil(struct session *s, const struct step *step)
{
	struct skip_state *state = session_state(s, sizeof(*state));
	uint64_t skipped = 0;
	enum stream_status status = reader_skipuntil(&s->connection->reader, step->args, &skipped);

	state->bytes += skipped;
	if (status != STREAM_OK)
		return skip_ended(s, status, state->bytes, 0);
	return session_step_moved(s, state->bytes);
}

const struct step_kind step_skip = {
	.name = "skip",
	.args = "N",
	.summary = "discard N bytes",
	.returns = "nothing",
	.fails = "incomplete-read if fewer bytes arrive, io, tls or timeout",
	.example = "skip 4 readline",
	.flags = STEP_READS,
	.parse = parse_skip,
	.free_args = free,
	.run = run_skip,
	.free_state = free,
};

const struct step_kind step_skipline = {
	.name = "skipline",
	.args = "[COUNT]",
	.summary = "discard COUNT lines (1)",
	.returns = "nothing",
	.fails = "incomplete-read if no line is left, io, tls or timeout",
	.example = "skipline 2 readline",
	.flags = STEP_READS,
	.parse = parse_skipline,
	.free_args = free,
	.run = run_skipline,
	.free_state = free,
};

const struct step_kind step_skipuntil = {
	.name = "skipuntil",
	.args = "SEP [or SEP]...",
	.summary = "discard up to and including a separator",
	.returns = "nothing",
	.fails = "incomplete-read without a separator, io, tls or timeout",
	.example = "skipuntil : readline",
	.flags = STEP_READS,
	.parse = parse_skipuntil,
	.free_args = free_separators,
	.run = run_skipuntil,
	.free_state = free,
};
