/* SPDX-License-Identifier: ISC */
/* buffer_move: bytes from one evbuffer to another the cheaper way. */
#include "config.h"

#include "stream/buffer_move.h"

#include <assert.h>
#include <event2/buffer.h>

/* Up to here a copy costs less than splitting blocks does, and does not keep a
 * block for a few bytes each. */
enum { COPY_MAX = 2048 };

static void copy_bytes(struct evbuffer *from, size_t n, struct evbuffer *to)
{
	while (n > 0) {
		struct evbuffer_iovec chunk;
		size_t part;

		if (evbuffer_peek(from, -1, NULL, &chunk, 1) < 1)
			return;
		part = chunk.iov_len < n ? chunk.iov_len : n;
		(void)evbuffer_add(to, chunk.iov_base, part); /* out of memory ends the program */
		(void)evbuffer_drain(from, part);	      /* fails on frozen buffers only */
		n -= part;
	}
}

void buffer_move(struct evbuffer *from, size_t n, struct evbuffer *to)
{
	size_t held = evbuffer_get_length(from);

	assert(n <= held);
	if (n == held && (n > COPY_MAX || evbuffer_get_length(to) == 0))
		(void)evbuffer_add_buffer(to, from);
	else if (n <= COPY_MAX)
		copy_bytes(from, n, to);
	else
		(void)evbuffer_remove_buffer(from, to, n); /* its int may overflow */
}

void buffer_share(struct evbuffer *from, struct evbuffer *to)
{
	size_t held = evbuffer_get_length(from);

	if (held > COPY_MAX)
		(void)evbuffer_add_buffer_reference(to, from); /* fails on shared bytes only */
	else
		(void)evbuffer_add(to, evbuffer_pullup(from, -1), held);
}
