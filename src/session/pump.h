/* SPDX-License-Identifier: ISC */
/* pump: moves all bytes from a source to a destination. */
#pragma once

/*
 * For the steps that pass on all that comes. There are two ways, tried in the order
 * of their speed:
 *
 *   splice     in the kernel, where both ends have a raw descriptor
 *   buffered   through evbuffers: any pair
 *
 * Between two connections splice begins with the first bulk, or after some messages:
 * a short connection is not worth its watches. It moves messages with recv(2) and
 * send(2) then.
 *
 * splice says whether it can serve a pair before it moves a byte, and hands over when
 * it meets what it cannot do. No byte is lost by that, and what the buffers hold always
 * goes first. A pump knows neither sessions nor events.
 */

#include "session/pump_end.h"

#include <stdbool.h>
#include <stdint.h>

struct pump;
struct splice_pipes;
struct task;

enum pump_result {
	PUMP_MORE,	    /* the budget of this turn is spent; more can be moved at once */
	PUMP_WAIT_SOURCE,   /* the source has nothing now; it will wake the task */
	PUMP_WAIT_DEST,	    /* the destination is full; it will wake the task */
	PUMP_END,	    /* the source has ended, and the destination has been given all */
	PUMP_SOURCE_FAILED, /* the source says why */
	PUMP_DEST_FAILED,   /* the destination says why */
};

/* `only` names the one way to try; NULL: the fastest that fits. `name` is handed over. */
struct pump *pump_new(struct pump_end source, struct pump_end dest, struct task *task,
		      struct splice_pipes *pipes, const char *only, char *name);
void pump_free(struct pump *pump); /* NULL is allowed */
enum pump_result pump_run(struct pump *pump);

/* Taken from the source so far. */
uint64_t pump_bytes(const struct pump *pump);

/* Is there a way of this name (--pump)? */
bool pump_known(const char *name);
