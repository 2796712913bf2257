/* SPDX-License-Identifier: ISC */
/* pump: moves the bytes of one direction between the stream and a descriptor. */
#ifndef LIU_SESSION_PUMP_H
#define LIU_SESSION_PUMP_H

/*
 * For the steps that pass on all that comes: relay, read, writefile. There are
 * several kinds, tried in order of their speed; each says whether it can serve a
 * pair before it has moved a byte, and hands over to the next when it meets what
 * it cannot do:
 *
 *   splice     in the kernel: descriptors whose bytes are the stream's bytes
 *   buffered   through the evbuffers: anything
 *
 * A pump moves what it can within a budget and says how it stands:
 *
 *   STREAM_AGAIN   it waits; session_wait() has been called
 *   STREAM_OK      the budget is spent: more can go at once
 *   STREAM_EOF     the source has ended, and all of it has been handed over
 *   STREAM_ERROR   the source is broken
 *
 * A destination that is broken is its owner's to see, before it asks again.
 */

#include "session/session.h"
#include "stream/reader.h"

#include <stdbool.h>
#include <stdint.h>

struct fd_reader;
struct pump;
struct splice;

enum pump_direction {
	PUMP_UP,   /* an input to the peer */
	PUMP_DOWN, /* the peer to standard output */
};

struct pump_kind {
	const char *name;
	/* Can it serve this pair? Nothing has been moved. NULL: always. */
	bool (*fits)(const struct pump *pump, struct session *s);
	enum stream_status (*run)(struct pump *pump, struct session *s);
};

extern const struct pump_kind pump_buffered;
extern const struct pump_kind pump_splice;

struct pump {
	const struct pump_kind *kind; /* NULL until it first runs */
	enum pump_direction direction;
	struct fd_reader *input; /* up: the source; borrowed */
	uint64_t bytes;		 /* moved so far */
	bool crlf;		 /* up: lone LFs become CR LF */
	bool after_cr;		 /* ... and the last byte moved was a CR */
	struct splice *splice;	 /* owned; pump_splice's */
};

/* `input` is NULL for PUMP_DOWN. */
void pump_init(struct pump *pump, enum pump_direction direction, struct fd_reader *input);
void pump_clear(struct pump *pump, struct session *s); /* the transport reads again */
enum stream_status pump_run(struct pump *pump, struct session *s);

/* For the kinds: go on with the last one, which serves any pair. */
enum stream_status pump_hand_over(struct pump *pump, struct session *s);

/* The running step's own, made at its first call. */
struct pump *session_pump(struct session *s, enum pump_direction direction,
			  struct fd_reader *input);
void session_pump_free(struct session *s);

/* For pump_clear(). */
void pump_splice_free(struct splice *splice); /* NULL is allowed */

/* Is there a kind of this name (--pump)? */
bool pump_known(const char *name);

#endif
