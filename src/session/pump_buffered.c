/* SPDX-License-Identifier: ISC */
/* pump_buffered: through evbuffers; serves any pair. */
#include "config.h"

#include "session/pump.h"

#include <event2/buffer.h>

enum { PIECES_PER_RUN = 8 };

static enum pump_result move_piece(struct pump *pump)
{
	const struct pump_dest_ops *dest = pump->dest.ops;
	size_t room = dest->room(pump->dest.end);
	enum stream_status status;
	size_t len;

	if (dest->is_broken(pump->dest.end))
		return PUMP_DEST_FAILED;
	if (room == 0) {
		if (dest->wait != NULL)
			dest->wait(pump->dest.end, pump->task);
		return PUMP_WAIT_DEST;
	}
	status = pump->source.ops->read(pump->source.end, room, pump->data);
	len = evbuffer_get_length(pump->data);
	pump->bytes += len;
	if (len > 0)
		dest->write(pump->dest.end, pump->data);
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
