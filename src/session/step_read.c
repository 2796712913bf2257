/* SPDX-License-Identifier: ISC */
/* step_read: what comes, to the end or once. */
#include "config.h"

#include "base/alloc.h"
#include "session/session.h"
#include "session/session_pump.h"
#include "session/step_args.h"

#include <event2/buffer.h>
#include <stdlib.h>

/* No arguments: read to the end. */
struct read_args {
	uint64_t most;
};

static bool parse_read(struct step *step, struct step_words *words, struct err *err)
{
	struct read_args *args;

	if (!step_args_number_next(words))
		return true;
	args = step->args = alloc_zeroed(sizeof(*args));
	if (!step_args_size(words, &args->most, err))
		return false;
	if (args->most == 0)
		step->flags &= ~STEP_READS; /* a loop would go round without waiting */
	return true;
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
	const struct read_args *args = step->args;

	if (args == NULL)
		return read_to_end(s);
	return session_take_record(s,
				   reader_read(&s->connection->reader, (size_t)args->most, s->data),
				   0, 0);
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
	.free_args = free,
	.run = run_read,
	.free_state = free_state,
};
