/* SPDX-License-Identifier: ISC */
/* step_readexactly: so many bytes and no more. */
#include "config.h"

#include "base/alloc.h"
#include "session/session.h"
#include "session/step_args.h"

#include <stdlib.h>

struct readexactly_args {
	uint64_t n;
};

static bool parse_readexactly(struct step *step, struct step_words *words, struct err *err)
{
	struct readexactly_args *args = step->args = alloc_zeroed(sizeof(*args));

	if (!step_args_size(words, &args->n, err))
		return false;
	if (args->n == 0)
		step->flags &= ~STEP_READS; /* a loop would go round without waiting */
	return true;
}

/* More than the limit is not kept until it is whole, but passed on. */
static enum step_result read_piece(struct session *s, uint64_t n)
{
	uint64_t left = n - session_taken(s);
	uint64_t most =
		event_writer_is_json(s->shared->events) ? s->shared->settings->limit : SIZE_MAX;
	enum stream_status status =
		reader_read(&s->connection->reader, (size_t)(left < most ? left : most), s->data);
	bool more = session_taken(s) < n;

	if (status != STREAM_OK)
		return session_read_unmet(s, status, s->data, n);
	session_piece(s, s->data, more);
	return more ? STEP_MORE : STEP_NEXT;
}

static enum step_result run_readexactly(struct session *s, const struct step *step)
{
	uint64_t n = ((const struct readexactly_args *)step->args)->n;

	if (n > s->shared->settings->limit)
		return read_piece(s, n);
	return session_take_record(s,
				   reader_readexactly(&s->connection->reader, (size_t)n, s->data),
				   0, n);
}

const struct step_kind step_readexactly = {
	.name = "readexactly",
	.args = "N",
	.summary = "read exactly N bytes",
	.returns = "the N bytes",
	.fails = "incomplete-read if fewer arrive, printing those; io, tls or timeout",
	.example = "readexactly 16",
	.flags = STEP_READS | STEP_PRINTS | STEP_RECORD,
	.parse = parse_readexactly,
	.free_args = free,
	.run = run_readexactly,
};
