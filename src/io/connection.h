/* SPDX-License-Identifier: ISC */
/* connection: a reader and a writer on a transport, and its orderly end. */
#pragma once

/*
 * asyncio's (StreamReader, StreamWriter) pair, closed over its transport. Call
 * connection_refresh() when woken, ask `reader` and `writer`, then call
 * connection_update() once before going to sleep: it sends what was written and
 * switches reading on or off from the reader's state.
 */

#include "io/transport.h"
#include "stream/reader.h"
#include "stream/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct closing;
struct err;
struct task;

struct connection {
	struct reader reader;
	struct writer writer;
	struct transport *transport; /* owned; callers may flush and query it */
	/* The rest is private. */
	struct task *task;	 /* borrowed */
	struct closing *closing; /* owned; NULL until the orderly end begins */
	bool bypassed;		 /* see connection_bypass() */
	bool cut;		 /* see connection_cut() */
};

/* `transport` is handed over and wakes `task` (NULL: nothing) from now on. `limit`
 * is the reader's, `high` and `low` are the writer's marks, all in bytes. */
struct connection *connection_new(struct transport *transport, size_t limit, size_t high,
				  size_t low, struct task *task);

/* Closes the descriptor at once. NULL is allowed. */
void connection_free(struct connection *c);

/* The transport again, handed over; the connection is freed. What was read and sent so far
 * does not count as the stream's. For a dialogue before the stream. */
struct transport *connection_release(struct connection *c);

/* Tell the reader and the writer what the transport has met since: the end, errors.
 * Call it at the start of each run. */
void connection_refresh(struct connection *c);

/* Before sleeping: flush the writer, and read as the reader needs. True when bytes
 * have left just now, which wakes no task: a caller that the writer told AGAIN asks
 * it once more. */
bool connection_update(struct connection *c);

/* Can the peer's bytes wake the task? Can bytes leaving towards it? For the owner's
 * check against lost wake-ups. */
bool connection_wakes_reader(const struct connection *c);
bool connection_wakes_writer(const struct connection *c);

/* Bytes so far: those that arrived in the reader's buffer or went past it, and those
 * that left for the peer. */
uint64_t connection_received(const struct connection *c);
uint64_t connection_sent(const struct connection *c);

/* Why the reader or the writer is broken; borrowed; NULL when it is not. */
const struct err *connection_read_error(const struct connection *c);
const struct err *connection_write_error(const struct connection *c);

/*
 * For a pump that moves bytes past the buffers, with transport_raw_fd(). One that reads
 * from it bypasses the reader's buffer first: reading is off until the bypass ends. It
 * reports the bytes it moved, and what it met: an errno, or 0 for the peer's end of stream.
 */
void connection_bypass(struct connection *c, bool on);
void connection_moved(struct connection *c, uint64_t received, uint64_t sent);
void connection_failed(struct connection *c, enum transport_half half, int sys);

/* write_eof: flush, then close the sending half. STREAM_OK when the half-close has
 * gone out, STREAM_AGAIN, STREAM_ERROR. Call it again after each wake. */
enum stream_status connection_write_eof(struct connection *c);

/*
 * close and wait_closed: flush, however long that takes, or until no byte has left for
 * `send_ms` (0: no bound); close the sending half; drop what the peer still sends until
 * it ends, has been silent for 1 s, or `linger_ms` have passed. STREAM_AGAIN until then;
 * call it again after each wake. STREAM_OK: connection_free() may close the descriptor,
 * nothing is lost by it. STREAM_ERROR fills `err`: ERR_TIMEOUT after `send_ms`, with the
 * number unsent; or why bytes are lost ("connection reset by peer with 5 bytes unsent").
 * A reset that loses nothing is a clean end. Its timers wake the task too.
 */
enum stream_status connection_close(struct connection *c, uint64_t send_ms, uint64_t linger_ms,
				    struct err *err);

/* Bytes that the peer's kernel has not received, as far as the system tells. */
size_t connection_unsent(const struct connection *c);

/* When the orderly end has begun: append " with N bytes unsent", unless there are none. */
void connection_tell_unsent(const struct connection *c, struct err *err);

/* Before connection_close(): leave close_notify out, so that a TLS peer finds its stream
 * truncated. A plain stream has nothing to leave out. */
void connection_truncate(struct connection *c);

/* abort: drop what is queued and make connection_free() reset the connection. */
void connection_abort(struct connection *c);

/* What was written is not all there was, and the peer must not take its end for that:
 * connection_close() then sends it without half-close, and connection_free() resets the
 * connection (a Unix socket has no reset: it is just closed). */
void connection_cut(struct connection *c);
