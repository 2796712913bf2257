/* SPDX-License-Identifier: ISC */
/* step_readexactly: so many bytes and no more. */
#include "config.h"

#include "base/alloc.h"
#include "session/session.h"
#include "session/step_args.h"

#include <event2/buffer.h>
#include <stdlib.h>

enum { PIECES_PER_RUN = 16 }; /* then others have their turn */

struct readexactly_args {
	uint64_t n;
};

struct readexactly_state {
	uint64_t passed; /* bytes handed on, when read in pieces */
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
static enum step_result readexactly_in_pieces(struct session *s, uint64_t n)
{
	struct readexactly_state *state = session_state(s, sizeof(*state));
	struct evbuffer *data = event_writer_scratch(s->shared->events);
	size_t most =
		event_writer_is_json(s->shared->events) ? s->shared->settings->limit : SIZE_MAX;

	for (int budget = PIECES_PER_RUN; budget > 0; budget--) {
		uint64_t left = n - state->passed;
		enum stream_status status;
		size_t got;

		if (event_writer_above(s->shared->events))
			return session_wait_output(s);
		status = reader_read(&s->connection->reader, left > most ? most : (size_t)left,
				     data);
		if (status == STREAM_AGAIN)
			return session_wait(s, WAIT_READ);
		got = evbuffer_get_length(data);
		if (status != STREAM_OK)
			return session_read_ended(s, data, state->passed + got, n);
		session_piece(s, data, got < left);
		state->passed += got;
		if (state->passed == n)
			return STEP_NEXT;
	}
	return session_wait(s, WAIT_TURN);
}

static enum step_result run_readexactly(struct session *s, const struct step *step)
{
	struct evbuffer *data = event_writer_scratch(s->shared->events);
	uint64_t n = ((const struct readexactly_args *)step->args)->n;

	if (n > s->shared->settings->limit)
		return readexactly_in_pieces(s, n);
	if (event_writer_above(s->shared->events))
		return session_wait_output(s);
	return session_take_record(s, reader_readexactly(&s->connection->reader, (size_t)n, data),
				   data, 0, n);
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
	.free_state = free,
};
