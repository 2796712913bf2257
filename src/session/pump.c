/* SPDX-License-Identifier: ISC */
/* pump: moves all bytes from a source to a destination. */
#include "config.h"

#include "session/pump.h"

#include "base/alloc.h"
#include "base/log.h"
#include "session/pump_impl.h"

#include <event2/buffer.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
	PIECES_PER_RUN = 8,
	/* Between two connections splice is worth its watches after so much in one run, or so
	 * many runs that moved something. */
	BULK = 16 * 1024,
	TALK = 4,
};

bool pump_known(const char *name)
{
	return strcmp(name, "splice") == 0 || strcmp(name, "buffered") == 0;
}

static void log_way(const struct pump *pump)
{
	log_line(LOG_DEBUG, "%s: %s", pump->name, pump->splice != NULL ? "splice" : "buffered");
}

struct pump *pump_new(struct pump_end source, struct pump_end dest, struct task *task,
		      struct splice_pipes *pipes, const char *only, char *name)
{
	struct pump *pump = alloc_zeroed(sizeof(*pump));

	*pump = (struct pump){
		.source = source,
		.dest = dest,
		.task = task,
		.pipes = pipes,
		.name = name,
		.data = evbuffer_new(),
	};
	pump->splice_later = only == NULL && source.connection != NULL && dest.connection != NULL;
	if (!pump->splice_later && (only == NULL || strcmp(only, "splice") == 0))
		pump_splice_open(pump);
	log_way(pump);
	return pump;
}

void pump_free(struct pump *pump)
{
	if (pump == NULL)
		return;
	pump_splice_free(pump);
	evbuffer_free(pump->data);
	free(pump->name);
	free(pump);
}

enum pump_result pump_run(struct pump *pump)
{
	uint64_t before = pump->bytes;
	enum pump_result result =
		pump->splice != NULL ? pump_splice_run(pump) : pump_buffered_run(pump);

	if (!pump->splice_later || pump->bytes == before ||
	    (pump->bytes - before < BULK && ++pump->runs < TALK))
		return result;
	pump->splice_later = false;
	pump_splice_open(pump);
	if (pump->splice != NULL)
		log_way(pump);
	return result;
}

/* --- buffered --- */

static void add_crs(struct pump *pump)
{
	size_t len = evbuffer_get_length(pump->data);
	char *text = alloc_copy(evbuffer_pullup(pump->data, -1), len);
	size_t from = 0;

	evbuffer_drain(pump->data, len);
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n' && !pump->after_cr) {
			evbuffer_add(pump->data, text + from, i - from);
			evbuffer_add(pump->data, "\r", 1);
			from = i;
		}
		pump->after_cr = text[i] == '\r';
	}
	evbuffer_add(pump->data, text + from, len - from);
	free(text);
}

void pump_write(struct pump *pump)
{
	if (pump->dest.crlf)
		add_crs(pump);
	if (pump->dest.intercept != NULL)
		pump->dest.intercept(pump->dest.intercept_arg, pump->data);
	else
		pump->dest.ops->write(pump->dest.object, pump->data);
}

static enum pump_result move_piece(struct pump *pump)
{
	const struct pump_end *dest = &pump->dest;
	size_t room;
	enum stream_status status = dest->ops->room(dest->object, &room);

	if (status == STREAM_AGAIN && dest->ops->wait != NULL)
		dest->ops->wait(dest->object, pump->task);
	if (status != STREAM_OK)
		return status == STREAM_AGAIN ? PUMP_WAIT_DEST : PUMP_DEST_FAILED;
	status = pump->source.ops->read(pump->source.object, room, pump->data);
	if (evbuffer_get_length(pump->data) > 0) {
		pump->bytes += evbuffer_get_length(pump->data);
		pump_write(pump);
	}
	switch (status) {
	case STREAM_OK:
		return PUMP_MORE;
	case STREAM_AGAIN:
		return PUMP_WAIT_SOURCE;
	case STREAM_EOF:
		return PUMP_END;
	case STREAM_OVERRUN:
	case STREAM_ERROR:
		break;
	}
	return PUMP_SOURCE_FAILED;
}

enum pump_result pump_buffered_run(struct pump *pump)
{
	enum pump_result result = PUMP_MORE;

	for (int budget = PIECES_PER_RUN; budget > 0 && result == PUMP_MORE; budget--)
		result = move_piece(pump);
	return result;
}

uint64_t pump_bytes(const struct pump *pump)
{
	return pump->bytes;
}
