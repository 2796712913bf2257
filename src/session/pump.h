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
 * splice says whether it can serve a pair before it moves a byte, and hands over when
 * it meets what it cannot do. No byte is lost by that, and what the buffers hold always
 * goes first. A pump knows neither sessions nor events.
 */

#include "session/pump_end.h"

#include <stdbool.h>
#include <stdint.h>

struct splice;
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

/* Private to pump.c and pump_splice.c, but for `bytes`. */
struct pump {
	uint64_t bytes; /* taken from the source so far */
	struct pump_source source;
	struct pump_dest dest;
	struct task *task;	    /* borrowed; woken by the ends */
	struct splice_pipes *pipes; /* borrowed; NULL: none are to be had */
	char *name;		    /* "connection 1: pump up", for the log; owned */
	struct evbuffer *data; /* on its way between two evbuffers; empty between runs; owned */
	struct splice *splice; /* of pump_splice.c; owned; NULL: buffered */
	bool after_cr;	       /* for dest.crlf: the last byte so far was a CR */
};

/* `only` names the one way to try; NULL: the fastest that fits. `name` is handed over. */
struct pump *pump_new(struct pump_source source, struct pump_dest dest, struct task *task,
		      struct splice_pipes *pipes, const char *only, char *name);
void pump_free(struct pump *pump); /* NULL is allowed */
enum pump_result pump_run(struct pump *pump);

/* Is there a way of this name (--pump)? */
bool pump_known(const char *name);

/* Between pump.c and pump_splice.c. Write `data` to the destination; a run of the one
 * way or the other; set `splice` where the pair can be served. */
void pump_write(struct pump *pump);
enum pump_result pump_buffered_run(struct pump *pump);
enum pump_result pump_splice_run(struct pump *pump);
void pump_splice_open(struct pump *pump);
void pump_splice_free(struct pump *pump);
