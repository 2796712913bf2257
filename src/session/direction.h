/* SPDX-License-Identifier: ISC */
/* direction: one of the two ways of a step that joins streams. */
#pragma once

#include "session/pump.h"
#include "session/session_struct.h"

enum direction_state {
	DIRECTION_FLOWING,
	DIRECTION_FLUSHING, /* its source has ended, and the destination still sends */
	DIRECTION_SHUT,	    /* the end was passed on, or is not to be */
	DIRECTION_CUT,	    /* its source failed before its end */
	DIRECTION_BROKEN,   /* its destination failed */
};

struct direction {
	const char *name; /* "up", from standard input or the peer; "down" */
	enum direction_state state;
	struct pump *pump; /* owned; NULL where it is not FLOWING */
};

/* The one place that changes the state. The pump ends with FLOWING. */
void direction_move_to(struct session *s, struct direction *d, enum direction_state state);

/* FLOWING: run the pump, as far as it can go now. What it waits for has been noted while it
 * is FLOWING afterwards; else it is FLUSHING, CUT or BROKEN. */
enum pump_result direction_flow(struct session *s, struct direction *d);

/* FLUSHING: `status` is the answer of the destination, asked to flush or to half-close. The
 * direction is SHUT or BROKEN then; after STREAM_AGAIN it stays, and the destination will wake
 * the task. */
void direction_finish_flush(struct session *s, struct direction *d, enum stream_status status);
