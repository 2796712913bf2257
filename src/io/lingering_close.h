/* SPDX-License-Identifier: ISC */
/* lingering_close: the orderly end of a stream. */
#ifndef LIU_IO_LINGERING_CLOSE_H
#define LIU_IO_LINGERING_CLOSE_H

/*
 * A close(2) while the peer still sends makes the kernel answer with a reset,
 * which takes away what the peer has not read yet. So the end has three parts:
 * everything queued leaves, the sending half is closed, and what still comes is
 * read and dropped until nothing can be lost any more. Part of `stream`, which
 * owns it and calls it; see connection_close().
 */

#include "stream/reader.h"

#include <stddef.h>
#include <stdint.h>

/* Bytes to be read and dropped in one turn. */
enum { CLOSING_ROOM = 64 * 1024 };

struct lingering_close;
struct err;
struct connection;

/* `s` owns it and outlives it. No timer is made before one is needed. */
struct lingering_close *lingering_close_new(struct connection *s, uint64_t timeout_ms);
void lingering_close_free(struct lingering_close *c); /* NULL is allowed */
enum stream_status lingering_close_run(struct lingering_close *c, struct err *err);

#endif
