/* SPDX-License-Identifier: ISC */
/* pump_end: what a pump takes bytes from and gives them to. */
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
struct stdout_writer;
struct task;

struct pump_source_ops {
	/* Append about `max` bytes at most. STREAM_OK: at least one; STREAM_AGAIN: the
	 * source will wake the pump's task; STREAM_EOF, STREAM_ERROR. */
	enum stream_status (*read)(void *end, size_t max, struct evbuffer *into);
	/* A descriptor that does not block and whose bytes are the source's, or -1.
	 * NULL: there is none. */
	int (*raw_fd)(void *end);
};

struct pump_dest_ops {
	/* STREAM_OK: about `*room` bytes may be added; STREAM_AGAIN: none, until there is
	 * a wake-up; STREAM_ERROR: it is broken. */
	enum stream_status (*room)(void *end, size_t *room);
	void (*write)(void *end, struct evbuffer *data); /* leaves it empty */
	/* Wake `task` when there is room again. NULL: the end does that unasked. */
	void (*wait)(void *end, struct task *task);
	int (*raw_fd)(void *end); /* as for a source */
	/* Where there is raw_fd: send what write() was given, as far as that can be done
	 * now. True when all has gone, so that the raw descriptor comes next. */
	bool (*flush)(void *end);
};

struct pump_source {
	const struct pump_source_ops *ops;
	void *end;
	struct connection *connection; /* NULL: it is another end */
};

struct pump_dest {
	const struct pump_dest_ops *ops;
	void *end;
	struct connection *connection;
	bool crlf; /* a CR is put before each LF that has none */
	/* Gets the bytes instead of the end's own write(). NULL: none looks at them. */
	void (*look)(void *arg, struct evbuffer *data);
	void *arg;
};

/* What the peer sends, and what is sent to it. The pump's task must be the
 * connection's, whose owner calls connection_refresh() and connection_update() around
 * the pump. */
struct pump_source pump_source_connection(struct connection *c);
struct pump_dest pump_dest_connection(struct connection *c);

/* Standard input or a file, whose task the pump's must be. Standard output. */
struct pump_source pump_source_input(struct fd_reader *input);
struct pump_dest pump_dest_output(struct stdout_writer *output);
