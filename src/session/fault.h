/* SPDX-License-Identifier: ISC */
/* fault: how an echo server misbehaves on purpose. */
#pragma once

/*
 * struct faults is what --fault says, read once and shared by all sessions. What a
 * connection sends back goes through a queue of its own, which decides what leaves, when
 * and in which pieces, and after how many bytes the connection ends. The queue knows
 * neither sessions nor clocks: the caller says what time it is, in microseconds of any
 * monotonic clock.
 */

#include "stream/reader.h"
#include "stream/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct evbuffer;

/* Those from FAULT_STALL on end a connection after so many bytes. */
enum fault_kind {
	FAULT_DELAY, /* milliseconds; the others are bytes */
	FAULT_CHUNK,
	FAULT_RATE,
	FAULT_STALL,
	FAULT_RESET,
	FAULT_CLOSE,
	FAULT_TRUNCATE,
	FAULT_KINDS,
};

struct faults {
	unsigned given; /* a bit for each kind */
	uint64_t values[FAULT_KINDS];
};

/* Add "KIND=VALUE"; of one kind the last counts. ERR_USAGE names the kinds, or what is
 * wrong with the value. */
bool faults_add(struct faults *faults, const char *text, struct err *err);
bool faults_have(const struct faults *faults, enum fault_kind kind);
const char *fault_description(enum fault_kind ending); /* for the log: "reset" */

/* What came at one time, in front of its bytes in the queue. */
struct fault_batch {
	uint64_t due_us;
	size_t len;
};

struct fault_queue {
	enum fault_kind ending; /* that comes after `after` bytes */
	uint64_t after;		/* UINT64_MAX: none does */
	uint64_t sent;		/* bytes handed out so far */
	/* The rest is private. */
	struct writer waiting;	    /* batches; its marks bound them */
	struct fault_batch current; /* the one that is being handed out */
	uint64_t delay_us;
	uint64_t piece; /* bytes handed out at a time, at most */
	uint64_t gap_us;
	uint64_t rate;	  /* bytes a second; 0: no bound */
	uint64_t next_us; /* when the next piece may leave */
};

/* The marks, in bytes, are those of a writer. */
void fault_queue_init(struct fault_queue *q, const struct faults *faults, size_t high, size_t low);
void fault_queue_clear(struct fault_queue *q);

/* How many bytes may be added now; 0: enough are waiting. */
size_t fault_queue_room(struct fault_queue *q);
void fault_queue_add(struct fault_queue *q, struct evbuffer *data,
		     uint64_t now_us); /* empties it */

/* Append the next piece to `into`, to be sent by itself: STREAM_OK. STREAM_AGAIN: there is
 * none before *wait_ms have passed (0: none is waiting). STREAM_EOF: all that comes before
 * `ending` has been handed out. */
enum stream_status fault_queue_next(struct fault_queue *q, uint64_t now_us, struct evbuffer *into,
				    uint64_t *wait_ms);
