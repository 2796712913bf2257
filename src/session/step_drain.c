/* SPDX-License-Identifier: ISC */
/* step_drain: the steps that wait for the write buffer. */
#include "config.h"

#include "session/session_record.h"
#include "session/session_step.h"
#include "session/session_struct.h"

/* What a wait for the write buffer answers. */
static enum step_result take_sent(struct session *s, enum stream_status status)
{
	if (status == STREAM_AGAIN)
		return session_wait(s, WAIT_WRITE);
	if (status == STREAM_ERROR)
		return STEP_WRITE_FAILED;
	return session_step_done(s);
}

static enum step_result run_drain(struct session *s, const struct step *step)
{
	(void)step;
	return take_sent(s, writer_drain(&s->connection->writer));
}

static enum step_result run_write_eof(struct session *s, const struct step *step)
{
	(void)step;
	return take_sent(s, connection_write_eof(s->connection));
}

const struct step_kind step_drain = {
	.name = "drain",
	.args = "",
	.summary = "wait until the write buffer is at its low mark",
	.returns = "nothing",
	.fails = "io if sending fails, or timeout",
	.example = "write hello drain",
	.run = run_drain,
};

const struct step_kind step_write_eof = {
	.name = "write-eof",
	.args = "",
	.summary = "flush, then close the sending half",
	.returns = "nothing, once all is sent; reading continues",
	.fails = "io if sending fails, or timeout",
	.example = "write hello write-eof read",
	.flags = STEP_WRITE_EOF,
	.run = run_write_eof,
};
