/* SPDX-License-Identifier: ISC */
/* pump_end: the ends of a pump: connections, standard input and output, files, commands. */
#pragma once

/*
 * An end is a row of functions and the object they are called with, which the pump
 * borrows. A pump knows nothing else of its ends, but for connections: what a call
 * past their buffers met must be told to them. A new source or destination is a new
 * row. An end that looks at the bytes, or changes them, has no raw descriptor.
 */

#include "stream/reader.h"

#include <stdbool.h>
#include <stddef.h>

struct connection;
struct evbuffer;
struct fd_reader;
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
