/* SPDX-License-Identifier: ISC */
/* reader: lines, lengths and separators out of a byte stream; asyncio's StreamReader. */
#pragma once

/*
 * A pull reader: one question, one answer. It knows an evbuffer and nothing of
 * sockets, loops or logs; it never blocks and never calls back. The owner of the
 * source appends to the evbuffer, reports its end, and asks again. Only the reader
 * takes bytes out of it. Separators given in a question must live until bytes have
 * been taken or other separators are asked for.
 *
 * Unlike asyncio: complete records are served before an error; `consumed` of an
 * overrun is always limit + 1; an overlong line is not discarded.
 */

#include "stream/separators.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evbuffer;

enum stream_status {
	STREAM_OK,	/* met in full */
	STREAM_AGAIN,	/* not yet: ask again when there is more */
	STREAM_EOF,	/* the stream ended first; what was left is handed over */
	STREAM_OVERRUN, /* past the limit; nothing is taken */
	STREAM_ERROR,	/* the stream broke first; what was left is handed over */
};

struct reader {
	struct evbuffer *in; /* borrowed */
	size_t limit;	     /* bytes before a separator; above 0 */
	size_t longest;	     /* separator seen */
	size_t want;	     /* bytes in `in` that the open question could use; 0: none is */
	bool ended;	     /* nothing more comes */
	bool broken;	     /* ... and not in good order */
	/* Where the search for `sought` goes on: in[0..scanned) ends no match. */
	size_t scanned;
	const struct separators *sought;
	const struct bytes *matched; /* the separator that ended the last record */
};

/* `in` is borrowed until the reader is no longer used. `limit` is at least 1. */
void reader_init(struct reader *r, struct evbuffer *in, size_t limit);

/* Nothing more will come (feed_eof), or the stream is `broken` (set_exception). The
 * first call counts. */
void reader_end(struct reader *r, bool broken);

/*
 * Each appends what it answers to `into`, without copying where it can; read and
 * readexactly throw it away where that is NULL. STREAM_EOF and STREAM_ERROR leave the
 * buffer empty.
 */

/* At most `max` bytes, at least one; 0 is met at once. (StreamReader.read(n)) */
enum stream_status reader_read(struct reader *r, uint64_t max, struct evbuffer *into);

/* Up to and including "\n"; at the end the rest is STREAM_EOF as everywhere: the caller
 * decides whether a partial last line is a line. (readline) */
enum stream_status reader_readline(struct reader *r, struct evbuffer *into);

/* The same for as many lines as are at hand, at least one and at most `max` (above
 * 0), in one piece; `*lines` is how many, 0 unless STREAM_OK. Many a line costs
 * little more than the search for its end. */
enum stream_status reader_readlines(struct reader *r, uint64_t max, struct evbuffer *into,
				    uint64_t *lines);

/* Exactly n bytes, all or nothing: n is what is buffered meanwhile. (readexactly) */
enum stream_status reader_readexactly(struct reader *r, size_t n, struct evbuffer *into);

/* Up to and including the separator that ends first; `r->matched` is it.
 * STREAM_OVERRUN when more than `limit` bytes come before it, decided from the first
 * limit + longest bytes alone, so that the answer does not depend on how the
 * bytes were split in time. (readuntil) */
enum stream_status reader_readuntil(struct reader *r, const struct separators *seps,
				    struct evbuffer *into);

/* Throw away up to and including a separator, however far: bounded memory, no
 * limit. With AGAIN, too, some bytes may have been thrown away. */
enum stream_status reader_skipuntil(struct reader *r, const struct separators *seps);

/* Are `n` bytes there? Nothing is taken: they may be looked at in `in`. STREAM_EOF or
 * STREAM_ERROR when they never will be. */
enum stream_status reader_wait(struct reader *r, size_t n);

/* The stream has ended in good order and nothing is left. (at_eof) */
bool reader_at_eof(const struct reader *r);

/* Bytes that are there. */
size_t reader_buffered(const struct reader *r);

/*
 * How many bytes more the source may bring in: 0 says stop, as it does at the
 * end. After AGAIN at least 1. Up to limit + the longest separator seen are
 * welcome at any time; while a question is open, as many as it could use, where
 * that is more: readexactly and wait n bytes, the others 256K.
 */
size_t reader_room(const struct reader *r);
