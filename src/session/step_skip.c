/* SPDX-License-Identifier: ISC */
/* step_skip: the steps that read and throw away. */
#include "config.h"

#include "base/alloc.h"
#include "session/session.h"
#include "session/step_args.h"

#include <stdlib.h>

struct skipline_state {
	uint64_t lines; /* skipped whole */
	uint64_t bytes; /* of these */
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

static enum step_result answer(struct session *s, enum stream_status status, uint64_t expected)
{
	if (status != STREAM_OK)
		return session_read_unmet(s, status, NULL, expected);
	return session_step_moved(s, session_taken(s));
}

static enum step_result run_skip(struct session *s, const struct step *step)
{
	uint64_t count = ((const struct skip_args *)step->args)->count, skipped;
	enum stream_status status =
		reader_skip(&s->connection->reader, count - session_taken(s), &skipped);

	if (status == STREAM_OK && session_taken(s) < count)
		return STEP_MORE;
	return answer(s, status, count);
}

static enum step_result run_skipline(struct session *s, const struct step *step)
{
	uint64_t count = ((const struct skip_args *)step->args)->count, skipped;
	struct skipline_state *state = session_state(s, sizeof(*state));
	enum stream_status status =
		reader_skipuntil(&s->connection->reader, separators_newline(), &skipped);

	/* A partial last line is a line, as for readline. */
	if (status == STREAM_EOF && session_taken(s) > state->bytes)
		status = STREAM_OK;
	if (status == STREAM_OK) {
		state->bytes = session_taken(s);
		if (++state->lines < count)
			return STEP_MORE;
	}
	return answer(s, status, 0);
}

static enum step_result run_skipuntil(struct session *s, const struct step *step)
{
	uint64_t skipped;

	return answer(s, reader_skipuntil(&s->connection->reader, step->args, &skipped), 0);
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
};
