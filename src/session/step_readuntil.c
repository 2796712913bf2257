/* SPDX-License-Identifier: ISC */
/* step_readuntil: a record up to its separator. */
#include "config.h"

#include "session/session.h"
#include "session/step_args.h"

static void free_args(void *args)
{
	separators_free(args);
}

static bool parse_readuntil(struct step *step, struct step_words *words, struct err *err)
{
	step->args = step_args_separators(words, err);
	return step->args != NULL;
}

static enum step_result run_readuntil(struct session *s, const struct step *step)
{
	struct reader *reader = &s->connection->reader;
	enum stream_status status = reader_readuntil(reader, step->args, s->data);

	return session_take_record(s, status, reader->matched, 0);
}

const struct step_kind step_readuntil = {
	.name = "readuntil",
	.args = "SEP [or SEP]...",
	.summary = "read up to and including a separator",
	.returns = "everything up to and including the separator that ends first",
	.fails = "incomplete-read without a separator, limit-overrun, io, tls or timeout",
	.example = "writeline stats readuntil END or ERROR",
	.flags = STEP_READS | STEP_PRINTS | STEP_RECORD,
	.parse = parse_readuntil,
	.free_args = free_args,
	.run = run_readuntil,
};
