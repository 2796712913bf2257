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
 *
 * An end is a row of functions and the object they are called with, which the pump
 * borrows. A pump knows nothing else of its ends, but for connections: what a call
 * past their buffers met must be told to them. A new source or destination is a new
 * row. An end that looks at the bytes, or changes them, has no raw descriptor.
 */

#include "stream/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection;
struct evbuffer;
struct fd_reader;
struct splice;
struct splice_pipes;
struct fd_writer;
struct task;

struct pump_end_ops {
	/* A descriptor that does not block and whose bytes are the stream's, or -1. */
	int (*raw_fd)(void *object);

	/* A source. Append about `max` bytes at most. STREAM_OK: at least one;
	 * STREAM_AGAIN: it will wake the pump's task; STREAM_EOF, STREAM_ERROR. */
	enum stream_status (*read)(void *object, size_t max, struct evbuffer *into);

	/* A destination. STREAM_OK: about `*room` bytes may be added; STREAM_AGAIN: none,
	 * until there is a wake-up; STREAM_ERROR: it is broken. */
	enum stream_status (*room)(void *object, size_t *room);
	void (*write)(void *object, struct evbuffer *data); /* leaves it empty */
	/* Wake `task` when there is room again. NULL: it does that unasked. */
	void (*wait)(void *object, struct task *task);
	/* Send what write() was given, as far as that can be done now. True when all has
	 * gone, so that the raw descriptor comes next. */
	bool (*flush)(void *object);
};

struct pump_end {
	const struct pump_end_ops *ops;
	void *object;
	struct connection *connection; /* NULL: it is another one */
	/* For a destination. */
	bool crlf; /* a CR is put before each LF that has none */
	/* Takes the bytes instead of the end's own write(). NULL: not used. */
	void (*intercept)(void *arg, struct evbuffer *data);
	void *intercept_arg;
};

/* What the peer sends, or what is sent to it. The pump's task must be the
 * connection's, whose owner calls connection_refresh() and connection_update() around
 * the pump. */
struct pump_end pump_end_connection(struct connection *c);

/* A source: standard input or a file, whose task the pump's must be. */
struct pump_end pump_end_input(struct fd_reader *input);

/* A destination: standard output. */
struct pump_end pump_end_output(struct fd_writer *output);

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

/* `only` names the one way to try; NULL: the fastest that fits. `name` is handed over. */
struct pump *pump_new(struct pump_end source, struct pump_end dest, struct task *task,
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
