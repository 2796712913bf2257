/* SPDX-License-Identifier: ISC */
/* pump: moves the bytes of one direction of a relay. */
#ifndef LIU_SESSION_PUMP_H
#define LIU_SESSION_PUMP_H

#include "session/session.h"
#include "stream/reader.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * One direction. A pump moves what it can within a budget and says how it stands:
 *
 *   STREAM_AGAIN   it waits; session_wait() has been called
 *   STREAM_OK      the budget is spent: more can go at once
 *   STREAM_EOF     the source has ended, all of it has been handed over
 *   STREAM_ERROR   the source is broken
 *
 * A sink that is broken is the relay's to see before it asks.
 */
struct pump {
	uint64_t bytes; /* moved so far */
	bool crlf;	/* lone LFs become CR LF */
	bool after_cr;	/* ... and the last byte moved was a CR */
};

/* Standard input to the peer. */
enum stream_status pump_up(struct pump *pump, struct session *s);

/* The peer to the sink. */
enum stream_status pump_down(struct pump *pump, struct session *s);

#endif
