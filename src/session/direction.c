/* SPDX-License-Identifier: ISC */
/* direction: one of the two ways of a step that joins streams. */
#include "config.h"

#include "session/direction.h"

#include "session/session_log.h"
#include "session/session_pump.h"
#include "session/session_step.h"

void direction_move_to(struct session *s, struct direction *d, enum direction_state state)
{
	static const char *const names[] = {
		[DIRECTION_FLOWING] = "flowing", [DIRECTION_FLUSHING] = "flushing",
		[DIRECTION_SHUT] = "shut",	 [DIRECTION_CUT] = "cut",
		[DIRECTION_BROKEN] = "broken",
	};

	session_log(s, LOG_DEBUG, "%s %s: %s -> %s", s->shared->steps->steps[s->at].kind->name,
		    d->name, names[d->state], names[state]);
	d->state = state;
	pump_free(d->pump);
	d->pump = NULL;
}

enum pump_result direction_flow(struct session *s, struct direction *d)
{
	enum pump_result result = pump_run(d->pump);

	if (session_pump_wait(s, result))
		return result;
	direction_move_to(s, d,
			  result == PUMP_END		 ? DIRECTION_FLUSHING
			  : result == PUMP_SOURCE_FAILED ? DIRECTION_CUT
							 : DIRECTION_BROKEN);
	return result;
}

void direction_finish_flush(struct session *s, struct direction *d, enum stream_status status)
{
	if (status == STREAM_AGAIN)
		(void)session_wait(s, WAIT_PUMP);
	else
		direction_move_to(s, d, status == STREAM_OK ? DIRECTION_SHUT : DIRECTION_BROKEN);
}
