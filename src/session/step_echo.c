/* SPDX-License-Identifier: ISC */
/* step_echo: send back what comes, as it comes or by whole frames. */
#include "config.h"

#include "session/session.h"
#include "session/step_args.h"

#include <event2/buffer.h>

enum { FRAMES_PER_RUN = 1024 };

static enum stream_status next_frame(struct session *s, const struct step *step,
				     struct evbuffer *data)
{
	struct reader *reader = &s->connection->reader;

	switch (step->echo) {
	case ECHO_RAW:
		return reader_read(reader, writer_room(&s->connection->writer), data);
	case ECHO_LINE:
		return reader_readline(reader, data);
	case ECHO_EXACTLY:
		return reader_readexactly(reader, (size_t)step->number, data);
	case ECHO_UNTIL:
		break;
	}
	return reader_readuntil(reader, step->seps, data);
}

/* At the end of the stream: a total, and the list is done. */
static enum step_result echo_ended(struct session *s)
{
	(void)session_step_moved(s, s->state.bytes);
	return STEP_STOP;
}

/*
 * All frames that are there are answered in one run, and leave in one write at
 * its end. A last partial frame is sent back too. Once sending has failed, what
 * comes has nowhere to go.
 */
static enum step_result run_echo(struct session *s, const struct step *step)
{
	struct evbuffer *data = event_writer_scratch(s->shared->events);

	for (int budget = FRAMES_PER_RUN; budget > 0; budget--) {
		enum stream_status status;

		if (s->connection->writer.broken)
			return session_fail(s, connection_write_error(s->connection), NULL);
		if (writer_room(&s->connection->writer) == 0)
			return session_wait(s, WAIT_WRITE);
		status = next_frame(s, step, data);
		s->state.bytes += evbuffer_get_length(data);
		writer_write_buffer(&s->connection->writer, data);
		switch (status) {
		case STREAM_OK:
			break;
		case STREAM_AGAIN:
			return session_wait(s, WAIT_READ);
		case STREAM_EOF:
			return echo_ended(s);
		case STREAM_OVERRUN:
			return session_fail_overrun(s, "no end within");
		case STREAM_ERROR:
			return session_fail_read(s, NULL, s->state.bytes, 0);
		}
	}
	return session_wait(s, WAIT_TURN);
}

const struct step_kind step_echo = {
	.name = "echo",
	.args = "[line | exactly N | until SEP]",
	.summary = "send back what comes",
	.flags = STEP_LAST | STEP_READS | STEP_SENDS,
	.parse = parse_echo,
	.run = run_echo,
};
