/* SPDX-License-Identifier: ISC */
/* echo_frame: the next frame that the step echo sends back. */
#include "config.h"

#include "session/echo_frame.h"

#include "session/session_struct.h"
#include "stream/separators.h"

enum stream_status echo_frame_read(struct session *s, const struct step *step, size_t room)
{
	struct reader *reader = &s->connection->reader;

	if (step->args != NULL)
		return reader_readuntil(reader, step->args, s->data);
	if (step->n > 0)
		return reader_readexactly(reader, (size_t)step->n, s->data);
	return reader_read(reader, room, s->data);
}
