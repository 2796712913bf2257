/* SPDX-License-Identifier: ISC */
/* step_loop: back to the first step. */
#include "config.h"

#include "base/err.h"
#include "session/session_step.h"
#include "session/session_struct.h"

/* The next round would meet the same failure, for ever. */
static enum step_result no_progress(struct session *s)
{
	struct err err = *s->tried;

	(void)err_prefix(&err, "no progress in this round");
	return session_fail(s, &err, NULL);
}

/* loop: ends well when the peer has ended and this round has read nothing. */
static enum step_result run_loop(struct session *s, const struct step *step)
{
	struct writer *writer = &s->connection->writer;

	(void)step;
	if (writer->broken)
		return STEP_WRITE_FAILED;
	if (writer_queued(writer) > writer->low)
		return session_wait(s, WAIT_WRITE);
	if (reader_at_eof(&s->connection->reader) && session_consumed(s) == s->round_start)
		return STEP_STOP;
	if (s->tried != NULL && session_consumed(s) == s->round_start)
		return no_progress(s);
	s->next = 0;
	return STEP_NEXT;
}

const struct step_kind step_loop = {
	.name = "loop",
	.args = "",
	.summary = "repeat the list until the peer closes",
	.returns = "nothing, once the peer has closed between two rounds",
	.fails = "incomplete-read, what try caught if a round read nothing, io or timeout",
	.example = "readline writeline ok loop",
	.flags = STEP_LAST | STEP_LOOPS,
	.run = run_loop,
};
