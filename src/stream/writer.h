/* SPDX-License-Identifier: ISC */
/* writer: the send queue and its water marks; asyncio's StreamWriter. */
#pragma once

/*
 * Pure like the reader: it knows the evbuffer of bytes not sent yet. Sending is
 * the transport's work; telling the writer of its failure is its owner's.
 */

#include "base/bytes.h"
#include "stream/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct writer {
	struct evbuffer *out; /* borrowed */
	size_t high, low;     /* marks, bytes */
	bool above;	      /* above the high mark, and not yet down at the low one */
	bool ended;	      /* write_eof was asked for; its owner sets it */
	bool broken;	      /* sending failed: writes are dropped */
	uint64_t dropped;     /* bytes that will never be sent */
};

/* `out` is borrowed until the writer is no longer used; low <= high. */
void writer_init(struct writer *w, struct evbuffer *out, size_t high, size_t low);

/* Never waits. After feed_error the bytes are dropped. Not after write_eof
 * (asserted: lists that do this are refused when they are read). */
void writer_write(struct writer *w, struct bytes data);
void writer_write_buffer(struct writer *w, struct evbuffer *data); /* leaves it empty */
void writer_share_buffer(struct writer *w, struct evbuffer *data); /* as buffer_share() does */

/* Call it after appending to `out` directly. */
void writer_added(struct writer *w);

/* OK, unless the queue has gone above the high mark and is not yet at or below
 * the low one (asyncio's drain); STREAM_ERROR after feed_error. */
enum stream_status writer_drain(struct writer *w);

/* OK when nothing is queued; STREAM_ERROR after feed_error. */
enum stream_status writer_flush(struct writer *w);

/* Bytes that a source may add now: up to the high mark, and 0 while the queue is
 * `above`. At least 4096 otherwise, so that a low mark does not mean single bytes. */
size_t writer_room(struct writer *w);

size_t writer_queued(const struct writer *w);

/* Sending has failed for good: what is queued is dropped. */
void writer_feed_error(struct writer *w);
