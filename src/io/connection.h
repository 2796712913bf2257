/* SPDX-License-Identifier: ISC */
/* connection: a reader and a writer on a transport, and its orderly end. */
#ifndef LIU_IO_CONNECTION_H
#define LIU_IO_CONNECTION_H

/*
 * asyncio's (StreamReader, StreamWriter) pair. Ask `reader` and `writer`, then
 * call connection_update() once before going to sleep: it sends what was written and
 * switches reading on or off from the reader's state.
 */

#include "io/transport.h"
#include "stream/reader.h"
#include "stream/writer.h"

#include <stdbool.h>
#include <stdint.h>

struct lingering_close;
struct err;
struct task;

struct connection {
	struct transport *transport; /* owned */
	struct reader reader;
	struct writer writer;
	struct task *task;		 /* borrowed */
	struct lingering_close *closing; /* owned; the orderly end, once it has begun */
};

/* `transport` is handed over and wakes `task` from now on. */
void connection_init(struct connection *s, struct transport *transport, size_t limit, size_t high,
		     size_t low, struct task *task);

/* Closes the descriptor at once, if it is still open. */
void connection_free(struct connection *s);

/* Take notice of what the transport has met since: the end, errors. Call it at
 * the begin of each run. */
void connection_refresh(struct connection *s);

/* Before sleeping: flush the writer, and read as the reader needs. True when
 * bytes have left just now, which wakes nobody: who was told AGAIN by the writer
 * asks it once more. */
bool connection_update(struct connection *s);

/* Why the reader or the writer is broken; borrowed; NULL when it is not. */
const struct err *connection_read_error(const struct connection *s);
const struct err *connection_write_error(const struct connection *s);

/* write_eof: flush, then close the sending half. STREAM_OK when it has gone
 * out, STREAM_AGAIN, STREAM_ERROR. Call it again after each wake. */
enum stream_status connection_write_eof(struct connection *s);

/*
 * close and wait_closed: flush, for as long as bytes leave; close the sending
 * half; drop what the peer still sends until it ends, has been silent for 1 s,
 * or `timeout_ms` (0: no bound) has passed. STREAM_AGAIN until then; call it again
 * after each wake. STREAM_OK: connection_free() may close the descriptor, nothing is
 * lost by it. STREAM_ERROR fills `err`: ERR_TIMEOUT when no byte has left for
 * `timeout_ms`, with the number unsent; or why bytes are lost ("connection reset
 * by peer with 5 bytes unsent"). A reset that loses nothing is a good end. The task
 * of connection_init() is woken by its timers too.
 */
enum stream_status connection_close(struct connection *s, uint64_t timeout_ms, struct err *err);

/* abort: what is queued is dropped and the connection reset. */
void connection_abort(struct connection *s);

#endif
