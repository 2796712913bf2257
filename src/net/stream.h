/* SPDX-License-Identifier: ISC */
/* stream: a reader and a writer on a transport, and its orderly end. */
#ifndef LIU_NET_STREAM_H
#define LIU_NET_STREAM_H

/*
 * asyncio's (StreamReader, StreamWriter) pair. Ask `reader` and `writer`, then
 * call stream_update() once before going to sleep: it sends what was written and
 * switches reading on or off from the reader's state.
 */

#include "net/transport.h"
#include "stream/reader.h"
#include "stream/writer.h"

#include <stdbool.h>
#include <stdint.h>

struct closing;
struct err;
struct task;

struct stream {
	struct transport *transport; /* owned */
	struct reader reader;
	struct writer writer;
	struct task *task;	 /* borrowed */
	struct closing *closing; /* owned; the orderly end, once it has begun */
};

/* `transport` is handed over and wakes `task` from now on. */
void stream_init(struct stream *s, struct transport *transport, size_t limit, size_t high,
		 size_t low, struct task *task);

/* Closes the descriptor at once, if it is still open. */
void stream_free(struct stream *s);

/* Take notice of what the transport has met since: the end, errors. Call it at
 * the begin of each run. */
void stream_refresh(struct stream *s);

/* Before sleeping: flush the writer, and read as the reader needs. True when
 * bytes have left just now, which wakes nobody: who was told AGAIN by the writer
 * asks it once more. */
bool stream_update(struct stream *s);

/* Why the reader or the writer is broken; borrowed; NULL when it is not. */
const struct err *stream_read_error(const struct stream *s);
const struct err *stream_write_error(const struct stream *s);

/* write_eof: flush, then close the sending half. STREAM_OK when it has gone
 * out, STREAM_AGAIN, STREAM_ERROR. Call it again after each wake. */
enum stream_status stream_write_eof(struct stream *s);

/*
 * close and wait_closed: flush, for as long as bytes leave; close the sending
 * half; drop what the peer still sends until it ends, has been silent for 1 s,
 * or `timeout_ms` (0: no bound) has passed. STREAM_AGAIN until then; call it again
 * after each wake. STREAM_OK: stream_free() may close the descriptor, nothing is
 * lost by it. STREAM_ERROR fills `err`: ERR_TIMEOUT when no byte has left for
 * `timeout_ms`, with the number unsent; or why bytes are lost ("connection reset
 * by peer with 5 bytes unsent"). A reset that loses nothing is a good end. The task
 * of stream_init() is woken by its timers too.
 */
enum stream_status stream_close(struct stream *s, uint64_t timeout_ms, struct err *err);

/* abort: what is queued is dropped and the connection reset. */
void stream_abort(struct stream *s);

#endif
