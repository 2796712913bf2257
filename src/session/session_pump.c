/* SPDX-License-Identifier: ISC */
/* session_pump: the pumps of a session's steps. */
#include "config.h"

#include "session/session_pump.h"

#include "base/alloc.h"
#include "io/fd_reader.h"
#include "session/session_log.h"
#include "session/session_record.h"
#include "session/session_step.h"
#include "session/session_struct.h"

#include <stdlib.h>

/* A piece of the running step's record. */
static void add_piece(void *arg, struct evbuffer *data)
{
	session_piece(arg, data, true);
}

struct pump *session_pump_new(struct session *s, const char *way, struct pump_end source,
			      struct pump_end dest)
{
	char *session = log_enabled(LOG_DEBUG) ? session_name(s) : NULL;
	char *name = session != NULL ? alloc_printf("%s: pump %s", session, way) : NULL;

	free(session);
	return pump_new(source, dest, &s->task, s->shared->pipes, s->shared->settings->pump, name);
}

struct pump *session_pump_up(struct session *s, struct fd_reader *input, bool crlf)
{
	struct pump_end dest = pump_end_connection(s->connection);

	dest.crlf = crlf;
	fd_reader_set_task(input, &s->task);
	return session_pump_new(s, "up", pump_end_input(input), dest);
}

struct pump *session_pump_down(struct session *s)
{
	struct pump_end dest = pump_end_output(s->shared->events->output);

	if (s->shared->events->json || s->record != NULL || session_shows_hex(s)) {
		dest.intercept = add_piece;
		dest.intercept_arg = s;
	}
	return session_pump_new(s, "down", pump_end_connection(s->connection), dest);
}

bool session_pump_wait(struct session *s, enum pump_result result)
{
	switch (result) {
	case PUMP_MORE:
		(void)session_wait(s, WAIT_TURN);
		return true;
	case PUMP_WAIT_SOURCE:
	case PUMP_WAIT_DEST:
		(void)session_wait(s, WAIT_PUMP);
		return true;
	case PUMP_END:
	case PUMP_SOURCE_FAILED:
	case PUMP_DEST_FAILED:
		break;
	}
	return false;
}

enum step_result session_pump_run_down(struct session *s, struct pump *pump)
{
	enum pump_result result = pump_run(pump);

	if (result == PUMP_WAIT_DEST || result == PUMP_DEST_FAILED)
		return session_wait(s, WAIT_OUTPUT); /* of a failure its owner ends the session */
	if (session_pump_wait(s, result))
		return STEP_AGAIN;
	if (result == PUMP_SOURCE_FAILED)
		return session_read_unmet(s, STREAM_ERROR, s->data, 0);
	return STEP_NEXT;
}

void session_pump_watch(struct session *s, struct pump_stall *stall, uint64_t bytes, uint64_t ms,
			const char *notice)
{
	struct timer *timer = session_timer(s);

	if (stall->told || (bytes == stall->bytes && timer_pending(timer)))
		return;
	stall->told = bytes == stall->bytes && timer_expired(timer);
	stall->bytes = bytes;
	if (stall->told)
		session_log(s, LOG_NOTICE, "%s", notice);
	else
		timer_start(timer, ms);
}
