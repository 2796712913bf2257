/* SPDX-License-Identifier: ISC */
/* step_close: the steps that end the connection. */
#include "config.h"

#include "base/err.h"
#include "session/session_record.h"
#include "session/session_step.h"
#include "session/session_struct.h"
#include "session/session_time.h"

/* close: what every list does at its end, and like there without the limit for steps. */
static enum step_result run_close(struct session *s, const struct step *step)
{
	struct err err;

	(void)step;
	session_time_step_off(s);
	switch (session_close(s, s->connection, false, &err)) {
	case STREAM_AGAIN:
		return session_wait(s, WAIT_CLOSE);
	case STREAM_ERROR:
		(void)session_fail(s, &err, NULL);
		return STEP_CLOSED;
	case STREAM_OK:
	case STREAM_EOF:
	case STREAM_OVERRUN:
		break;
	}
	(void)session_step_done(s);
	return STEP_CLOSED;
}

static enum step_result run_abort(struct session *s, const struct step *step)
{
	(void)step;
	(void)session_step_done(s);
	connection_abort(s->connection);
	return STEP_CLOSED;
}

const struct step_kind step_close = {
	.name = "close",
	.args = "",
	.summary = "close cleanly, as at the end of every list",
	.returns = "nothing, once all is sent and the peer has had time to end",
	.fails = "timeout if bytes are left unsent, io if sending fails",
	.example = "writeline QUIT close",
	.flags = STEP_LAST,
	.run = run_close,
};

const struct step_kind step_abort = {
	.name = "abort",
	.args = "",
	.summary = "reset the connection",
	.returns = "nothing; what is queued is not sent",
	.fails = "never",
	.example = "read 1 abort",
	.flags = STEP_LAST,
	.run = run_abort,
};
