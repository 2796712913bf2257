/* SPDX-License-Identifier: ISC */
/* buffer_move: bytes from one evbuffer to another the cheaper way, and the pieces of one. */
#pragma once

#include <stddef.h>

struct evbuffer;
struct iovec;

/* The first `n` bytes, which are there. Many are handed over where they lie, and all
 * there are to a buffer that has none; few are copied, which costs less than
 * splitting blocks and does not keep one for a few bytes each. */
void buffer_move(struct evbuffer *from, size_t n, struct evbuffer *to);

/* Keep the first `len` bytes of the pieces that evbuffer_reserve_space() or
 * evbuffer_peek() gave, which may be more than was asked for. Returns how many
 * pieces that is, at most `count`. */
int buffer_cut_pieces(struct iovec *pieces, int count, size_t len);
