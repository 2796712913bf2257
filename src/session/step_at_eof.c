/* SPDX-License-Identifier: ISC */
/* step_at_eof: a byte, or the end. */
#include "config.h"

#include "base/err.h"
#include "base/escape.h"
#include "session/session_record.h"
#include "session/session_step.h"
#include "session/session_struct.h"

#include <event2/buffer.h>

static enum step_result run_at_eof(struct session *s, const struct step *step)
{
	struct reader *reader = &s->connection->reader;
	enum stream_status status = reader_wait(reader, 1);
	char byte, shown[8];
	struct err err;

	(void)step;
	if (status == STREAM_EOF)
		return session_step_done(s);
	if (status != STREAM_OK)
		return session_read_unmet(s, status, NULL, 0);
	(void)evbuffer_copyout(reader->in, &byte, 1); /* it is there */
	(void)err_set(&err, ERR_EXPECTATION, "the stream goes on with '%s'",
		      escape_visible(bytes_of(&byte, 1), shown, sizeof(shown)));
	return session_fail(s, &err, NULL);
}

const struct step_kind step_at_eof = {
	.name = "at-eof",
	.args = "",
	.summary = "succeed at the end of the stream",
	.returns = "nothing, once a byte or the end has come",
	.fails = "expectation if a byte comes, io, tls or timeout",
	.example = "readline at-eof",
	.run = run_at_eof,
};
