/* SPDX-License-Identifier: ISC */
/* pump_buffered: through evbuffers; serves any pair. */
#include "config.h"

#include "session/pump.h"

#include <event2/buffer.h>

enum { PIECES_PER_RUN = 8 };

static enum pump_result move_piece(struct pump *pump)
{
	const struct pump_dest *dest = &pump->dest;
	size_t room;
	enum stream_status status = dest->ops->room(dest->end, &room);

	if (status == STREAM_AGAIN && dest->ops->wait != NULL)
		dest->ops->wait(dest->end, pump->task);
	if (status != STREAM_OK)
		return status == STREAM_AGAIN ? PUMP_WAIT_DEST : PUMP_DEST_FAILED;
	status = pump->source.ops->read(pump->source.end, room, pump->data);
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

static enum pump_result buffered_run(struct pump *pump)
{
	enum pump_result result = PUMP_MORE;

	for (int budget = PIECES_PER_RUN; budget > 0 && result == PUMP_MORE; budget--)
		result = move_piece(pump);
	return result;
}

const struct pump_kind pump_buffered = { "buffered", NULL, buffered_run };
