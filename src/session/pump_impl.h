/* SPDX-License-Identifier: ISC */
/* pump_impl: the inside of a pump, for pump.c and pump_splice.c. */
#pragma once

#include "session/pump.h"

struct evbuffer;
struct splice;

struct pump {
	uint64_t bytes; /* taken from the source so far */
	struct pump_end source, dest;
	struct task *task;	    /* borrowed; woken by the ends */
	struct splice_pipes *pipes; /* borrowed; NULL: none are to be had */
	char *name;		    /* "connection 1: pump up", for -vvv; owned; NULL without it */
	struct evbuffer *data; /* on its way between two evbuffers; empty between runs; owned */
	struct splice *splice; /* of pump_splice.c; owned; NULL: buffered */
	bool after_cr;	       /* for dest.crlf: the last byte so far was a CR */
	bool splice_later;     /* between two connections */
	unsigned char runs;    /* that moved something, until then */
};

/* Write `data` to the destination, which leaves it empty. */
void pump_write(struct pump *pump);

/* One run of either kind. */
enum pump_result pump_buffered_run(struct pump *pump);
enum pump_result pump_splice_run(struct pump *pump);

/* Set `splice` if it can serve the two ends. */
void pump_splice_open(struct pump *pump);
void pump_splice_free(struct pump *pump);
