/* SPDX-License-Identifier: ISC */
/* step_echo: send back what arrives, as it comes or in whole frames. */
#include "config.h"

#include "base/alloc.h"
#include "base/err.h"
#include "session/session.h"
#include "session/step_args.h"
#include "stream/separators.h"

#include <event2/buffer.h>
#include <stdlib.h>

/* What ends a frame. */
enum echo_mode { ECHO_RAW, ECHO_LINE, ECHO_EXACTLY, ECHO_UNTIL };

struct echo_args {
	enum echo_mode mode;
	uint64_t n;		 /* ECHO_EXACTLY */
	struct separators *seps; /* ECHO_UNTIL; owned */
};

static void free_args(void *p)
{
	struct echo_args *args = p;

	separators_free(args->seps);
	free(args);
}

static bool parse_size(struct echo_args *args, struct step_words *words, struct err *err)
{
	size_t limit = words->context->settings->limit;

	if (!step_args_size(words, &args->n, err))
		return false;
	if (args->n == 0)
		return err_set(err, ERR_USAGE, "N is 0");
	if (args->n > limit)
		return err_set(err, ERR_USAGE, "N is above the limit of %zu bytes (--limit)",
			       limit);
	return true;
}

static bool parse_echo(struct step *step, struct step_words *words, struct err *err)
{
	struct echo_args *args = step->args = alloc_zeroed(sizeof(*args));

	if (step_args_keyword(words, "line")) {
		args->mode = ECHO_LINE;
	} else if (step_args_keyword(words, "exactly")) {
		args->mode = ECHO_EXACTLY;
		return parse_size(args, words, err);
	} else if (step_args_keyword(words, "until")) {
		args->mode = ECHO_UNTIL;
		args->seps = step_args_separators(words, err);
		return args->seps != NULL;
	}
	return true;
}

static enum stream_status next_frame(struct session *s, const struct echo_args *args,
				     struct evbuffer *data)
{
	struct reader *reader = &s->connection->reader;

	switch (args->mode) {
	case ECHO_RAW:
		return reader_read(reader, writer_room(&s->connection->writer), data);
	case ECHO_LINE:
		return reader_readline(reader, data);
	case ECHO_EXACTLY:
		return reader_readexactly(reader, (size_t)args->n, data);
	case ECHO_UNTIL:
		break;
	}
	return reader_readuntil(reader, args->seps, data);
}

/* A last partial frame is sent back too. Once sending has failed, what comes has nowhere
 * to go. */
static enum step_result run_echo(struct session *s, const struct step *step)
{
	struct writer *writer = &s->connection->writer;
	enum stream_status status;

	if (writer->broken)
		return session_fail(s, connection_write_error(s->connection), NULL);
	if (writer_room(writer) == 0)
		return session_wait(s, WAIT_WRITE);
	status = next_frame(s, step->args, s->data);
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
	.flags = STEP_LAST | STEP_READS | STEP_SENDS,
	.parse = parse_echo,
	.free_args = free_args,
	.run = run_echo,
};
