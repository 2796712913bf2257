/* SPDX-License-Identifier: ISC */
/* lingering_close: the orderly end of a stream. */
#pragma once

/*
 * A close(2) while the peer still sends makes the kernel answer with a reset,
 * which takes away what the peer has not read yet. So the end has three parts:
 * everything queued leaves, the sending half is closed, and what still comes is
 * read and dropped until nothing can be lost any more. The connection does these;
 * this decides when they are over. It knows the transport and the writer only.
 */

#include "stream/reader.h"

#include <stddef.h>
#include <stdint.h>

/* Bytes to be read and dropped in one turn. */
enum { CLOSING_ROOM = 64 * 1024 };

struct err;
struct lingering_close;
struct task;
struct transport;
struct writer;

/* `transport`, `writer` and `task` are borrowed and outlive it. No timer is made
 * before one is needed; it wakes `task`. `timeout_ms` of 0 sets no bound. */
struct lingering_close *lingering_close_new(const struct transport *transport,
					    const struct writer *writer, struct task *task,
					    uint64_t timeout_ms);
void lingering_close_free(struct lingering_close *l); /* NULL is allowed */

/* To be called at each wake, after flushing and dropping; answers as
 * connection_close() does. */
enum stream_status lingering_close_run(struct lingering_close *l, struct err *err);
