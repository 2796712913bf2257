/* SPDX-License-Identifier: ISC */
/* session_pump: the pumps of a session's steps. */
#include "config.h"

#include "session/session_pump.h"

#include "base/alloc.h"
#include "io/stdout_writer.h"
#include "session/session.h"

#include <event2/buffer.h>

static size_t records_room(void *end)
{
	const struct session *s = end;

	return event_writer_above(s->shared->events) ? 0 : SIZE_MAX;
}

static bool records_is_broken(void *end)
{
	const struct session *s = end;

	return stdout_writer_error(event_writer_output(s->shared->events)) != NULL;
}

static void records_write(void *end, struct evbuffer *data)
{
	session_piece(end, data, true);
}

static void records_wait(void *end, struct task *task)
{
	const struct session *s = end;

	event_writer_wait(s->shared->events, task);
}

static struct pump_dest records(struct session *s)
{
	static const struct pump_dest_ops ops = {
		.room = records_room,
		.is_broken = records_is_broken,
		.write = records_write,
		.wait = records_wait,
	};

	return (struct pump_dest){ &ops, s };
}

static struct pump *new_pump(struct session *s, const char *way, struct pump_source source,
			     struct pump_dest dest)
{
	return pump_new(source, dest, &s->task, s->shared->pipes, s->shared->settings->pump,
			alloc_printf("connection %u: pump %s", s->conn, way));
}

struct pump *session_pump_up(struct session *s, struct pump_source source)
{
	return new_pump(s, "up", source, pump_dest_connection(s->connection));
}

struct pump *session_pump_down(struct session *s)
{
	bool looked_at = event_writer_is_json(s->shared->events) || s->record != NULL;

	return new_pump(s, "down", pump_source_connection(s->connection),
			looked_at ? records(s)
				  : pump_dest_output(event_writer_output(s->shared->events)));
}

enum step_result session_pump_read_failed(struct session *s, const struct pump *pump)
{
	struct evbuffer *rest = evbuffer_new();
	enum step_result result = session_read_ended(s, rest, pump->bytes, 0);

	evbuffer_free(rest);
	return result;
}

bool session_pump_waits(struct session *s, enum pump_result result)
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
