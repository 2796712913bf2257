/* SPDX-License-Identifier: ISC */
/* pump_end: what a pump takes bytes from and gives them to. */
#ifndef LIU_SESSION_PUMP_END_H
#define LIU_SESSION_PUMP_END_H

/*
 * An end is a row of functions and the object they are called with, which the pump
 * borrows. A pump knows nothing else of its ends, so that a new source or
 * destination is a new row. An end that looks at the bytes, or changes them, has no
 * raw descriptor. Functions marked optional may be NULL.
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
	 * source will wake the pump's task; STREAM_EOF and STREAM_ERROR may come with the
	 * last bytes. */
	enum stream_status (*read)(void *end, size_t max, struct evbuffer *into);

	/* A descriptor that does not block and whose bytes are the source's, or -1.
	 * Optional, and so is all that follows. */
	int (*raw_fd)(void *end);
	/* Do bytes, or the end, wait to be read that the raw descriptor no longer has? */
	bool (*is_ahead)(void *end);
	/* The raw descriptor is read by the pump alone from now on, or no longer. */
	void (*bypass)(void *end, bool on);
	void (*moved)(void *end, size_t bytes); /* read from the raw descriptor */
	/* Reading the raw descriptor failed with this errno, or met the end (0), which
	 * read() answers from now on. NULL: read() meets the same again. */
	void (*failed)(void *end, int sys);
};

struct pump_dest_ops {
	/* Bytes that may be added now, roughly; 0: none, until a wake-up. */
	size_t (*room)(void *end);
	bool (*is_broken)(void *end);
	void (*write)(void *end, struct evbuffer *data); /* leaves it empty */
	/* Wake `task` when there is room again. Optional: the end does that unasked. */
	void (*wait)(void *end, struct task *task);

	/* As for a source. All that follows is optional. */
	int (*raw_fd)(void *end);
	/* Send what write() was given, as far as that can be done now; true when all of it
	 * has gone and the raw descriptor comes next. Present where raw_fd is. */
	bool (*flush)(void *end);
	void (*moved)(void *end, size_t bytes);
	/* Writing to the raw descriptor failed: the end is broken now. NULL: the next
	 * write() fails too. */
	void (*failed)(void *end, int sys);
};

struct pump_source {
	const struct pump_source_ops *ops;
	void *end;
};

struct pump_dest {
	const struct pump_dest_ops *ops;
	void *end;
};

/* What the peer sends, and what is sent to it. The task must be the connection's;
 * its owner calls connection_refresh() and connection_update() around the pump. */
struct pump_source pump_source_connection(struct connection *c);
struct pump_dest pump_dest_connection(struct connection *c);

/* Standard input or a file; the task must be the input's. Standard output. */
struct pump_source pump_source_input(struct fd_reader *input);
struct pump_dest pump_dest_output(struct stdout_writer *output);

/* Another source, with a CR put before each LF that has none. */
struct pump_crlf {
	struct pump_source source;
	bool after_cr; /* the last byte so far was a CR */
};

struct pump_source pump_source_crlf(struct pump_crlf *crlf);

#endif
