/* SPDX-License-Identifier: ISC */
/* buffer_move: bytes from one evbuffer to another the cheaper way. */
#pragma once

#include <stddef.h>

struct evbuffer;

/* The first `n` bytes, which are there. Many are handed over where they lie, and all
 * there are to a buffer that has none; few are copied, which costs less than
 * splitting blocks and does not keep one for a few bytes each. */
void buffer_move(struct evbuffer *from, size_t n, struct evbuffer *to);

/* All bytes, which `from` keeps. Many are shared: they stay in memory until the last buffer
 * has given them up, and `from` must not change them. */
void buffer_share(struct evbuffer *from, struct evbuffer *to);
