/* SPDX-License-Identifier: ISC */
/* closing: the orderly end of a stream. */
#ifndef LIU_NET_CLOSING_H
#define LIU_NET_CLOSING_H

/*
 * A close(2) while the peer still sends makes the kernel answer with a reset,
 * which takes away what the peer has not read yet. So the end has three parts:
 * everything queued leaves, the sending half is closed, and what still comes is
 * read and dropped until nothing can be lost any more. Part of `stream`, which
 * owns it and calls it; see stream_close().
 */

#include "stream/reader.h"

#include <stddef.h>
#include <stdint.h>

/* Bytes to be read and dropped in one turn. */
enum { CLOSING_ROOM = 64 * 1024 };

struct closing;
struct err;
struct stream;

/* `s` owns it and outlives it. No timer is made before one is needed. */
struct closing *closing_new(struct stream *s, uint64_t timeout_ms);
void closing_free(struct closing *c); /* NULL is allowed */
enum stream_status closing_run(struct closing *c, struct err *err);

#endif
