/* SPDX-License-Identifier: ISC */
/* step_echo: send back what arrives, as it comes or in whole frames. */
#include "config.h"

#include "base/err.h"
#include "session/echo_faulty.h"
#include "session/echo_frame.h"
#include "session/session_record.h"
#include "session/session_step.h"
#include "session/session_struct.h"
#include "session/step_args.h"
#include "stream/separators.h"

#include <stdlib.h>

/* What ends a frame: step->args, separators, or step->n bytes; neither: all that is there. */
static bool parse_echo(struct step *step, struct step_words *words, struct err *err)
{
	size_t limit = words->context->settings->limit;
	struct bytes newline = bytes_of_string("\n");

	if (step_args_keyword(words, "line")) {
		step->args = separators_new(&newline, 1);
		return true;
	}
	if (step_args_keyword(words, "until"))
		return step_args_separators(step, words, err);
	if (!step_args_keyword(words, "exactly"))
		return true;
	if (!step_args_size(step, words, err))
		return false;
	if (step->n == 0)
		return err_set(err, ERR_USAGE, "N is 0");
	if (step->n > limit)
		return err_set(err, ERR_USAGE, "N is above the limit of %zu bytes (--limit)",
			       limit);
	return true;
}

/* A last partial frame is sent back too. Once sending has failed, what comes has nowhere
 * to go. */
static enum step_result run_echo(struct session *s, const struct step *step)
{
	struct writer *writer = &s->connection->writer;
	enum stream_status status;

	if (s->shared->settings->faults != NULL)
		return echo_faulty_run(s, step);
	if (writer->broken)
		return session_fail(s, connection_write_error(s->connection), NULL);
	if (writer_room(writer) == 0)
		return session_wait(s, WAIT_WRITE);
	status = echo_frame_read(s, step, writer_room(writer));
	writer_write_buffer(writer, s->data);
	if (status == STREAM_OK)
		return STEP_MORE;
	if (status != STREAM_EOF)
		return session_read_unmet(s, status, NULL, 0);
	(void)session_step_moved(s, session_taken(s));
	return STEP_STOP;
}

const struct step_kind step_echo = {
	.name = "echo",
	.args = "[line | exactly N | until SEP]",
	.summary = "send back what arrives",
	.returns = "nothing; the peer gets its bytes back",
	.fails = "limit-overrun on a long line or record, io, tls or timeout",
	.example = "echo line",
	.flags = STEP_LAST | STEP_READS | STEP_SENDS | STEP_TOTAL,
	.parse = parse_echo,
	.free_args = free,
	.run = run_echo,
	.free_state = echo_faulty_free,
};
