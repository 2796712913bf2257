/* SPDX-License-Identifier: ISC */
/* reader: lines, lengths and separators out of a byte stream; asyncio's StreamReader. */
#include "config.h"

#include "stream/reader.h"

#include "stream/buffer_move.h"

#include <assert.h>
#include <event2/buffer.h>
#include <string.h>
#include <sys/uio.h>

enum {
	PIECE = 256 * 1024, /* what a question that takes anything is content with */
	CHUNKS_MAX = 32,    /* chunks that one search walks along */
};

static size_t size_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t size_max(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t size_sum(size_t a, size_t b)
{
	return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}

void reader_init(struct reader *r, struct evbuffer *in, size_t limit)
{
	assert(limit > 0);
	*r = (struct reader){ .in = in, .limit = limit, .longest = 1 };
}

void reader_end(struct reader *r, bool broken)
{
	if (!r->ended)
		r->broken = broken;
	r->ended = true;
}

/* How each question is answered, and what that means for the next. */

static enum stream_status answer(struct reader *r, enum stream_status status)
{
	r->want = 0;
	return status;
}

static enum stream_status again(struct reader *r, size_t want)
{
	r->want = want;
	assert(reader_room(r) > 0);
	return STREAM_AGAIN;
}

static enum stream_status over(struct reader *r)
{
	return answer(r, r->broken ? STREAM_ERROR : STREAM_EOF);
}

static void forget_search(struct reader *r)
{
	r->scanned = 0;
	r->sought = NULL;
}

/* NULL: drop them. */
static void take(struct reader *r, size_t n, struct evbuffer *into)
{
	if (into != NULL)
		buffer_move(r->in, n, into);
	else
		(void)evbuffer_drain(r->in, n); /* fails on frozen buffers only */
	forget_search(r);
}

enum stream_status reader_read(struct reader *r, uint64_t max, struct evbuffer *into)
{
	size_t buffered = reader_buffered(r);
	size_t n = max < buffered ? (size_t)max : buffered;

	if (n > 0)
		take(r, n, into);
	if (n > 0 || max == 0)
		return answer(r, STREAM_OK);
	return r->ended ? over(r) : again(r, max < PIECE ? (size_t)max : PIECE);
}

enum stream_status reader_readline(struct reader *r, struct evbuffer *into)
{
	return reader_readuntil(r, &separators_newline, into);
}

enum stream_status reader_readexactly(struct reader *r, size_t n, struct evbuffer *into)
{
	size_t buffered = reader_buffered(r);

	if (buffered < n && !r->ended)
		return again(r, n);
	take(r, size_min(n, buffered), into);
	return buffered < n ? over(r) : answer(r, STREAM_OK);
}

/* Searching. */

/* The first match in the first `size` bytes, which are there. */
static bool search(struct reader *r, const struct separators *seps, size_t size,
		   struct match *match)
{
	bool found;

	if (r->sought != seps)
		forget_search(r);
	r->sought = seps;
	r->longest = size_max(r->longest, seps->longest);
	found = r->scanned < size && separators_find(seps, r->in, r->scanned, size, match);
	r->scanned = found ? match->end - 1 : size_max(r->scanned, size);
	/* Many small chunks are put together before the search goes on. The new one has room
	 * behind its bytes, up to the next power of two, so that this comes ever less often
	 * as the bytes get more. */
	if (!found && evbuffer_peek(r->in, (ev_ssize_t)size, NULL, NULL, 0) > CHUNKS_MAX)
		(void)evbuffer_pullup(r->in, (ev_ssize_t)size);
	return found;
}

enum stream_status reader_readuntil(struct reader *r, const struct separators *seps,
				    struct evbuffer *into)
{
	size_t buffered = reader_buffered(r);
	size_t most = size_sum(r->limit, seps->longest);
	struct match match;

	if (search(r, seps, size_min(buffered, most), &match)) {
		if (match.end - match.separator->len > r->limit)
			return answer(r, STREAM_OVERRUN);
		r->matched = match.separator;
		take(r, match.end, into);
		return answer(r, STREAM_OK);
	}
	if (buffered >= most)
		return answer(r, STREAM_OVERRUN);
	if (!r->ended)
		return again(r, most);
	take(r, buffered, into);
	return over(r);
}

/* How far the whole lines in `chunk` reach, none longer than the limit. */
static size_t whole_lines(const struct reader *r, struct iovec chunk, uint64_t max, uint64_t *lines)
{
	const char *from = chunk.iov_base, *end = from + chunk.iov_len, *newline;

	for (*lines = 0; *lines < max && from < end; ++*lines) {
		newline = memchr(from, '\n', (size_t)(end - from));
		if (newline == NULL || (size_t)(newline - from) > r->limit)
			break;
		from = newline + 1;
	}
	return (size_t)(from - (const char *)chunk.iov_base);
}

enum stream_status reader_readlines(struct reader *r, uint64_t max, struct evbuffer *into,
				    uint64_t *lines)
{
	enum stream_status status;
	struct iovec chunk;
	size_t size;

	if (max > 1 && r->scanned == 0 && evbuffer_peek(r->in, 1, NULL, &chunk, 1) > 0) {
		size = whole_lines(r, chunk, max, lines);
		if (size > 0) {
			take(r, size, into);
			return answer(r, STREAM_OK);
		}
	}
	status = reader_readline(r, into);
	*lines = status == STREAM_OK;
	return status;
}

enum stream_status reader_skipuntil(struct reader *r, const struct separators *seps)
{
	size_t buffered = reader_buffered(r);
	size_t keep = r->ended ? 0 : size_min(buffered, seps->longest - 1);
	struct match match;

	if (search(r, seps, buffered, &match)) {
		r->matched = match.separator;
		take(r, match.end, NULL);
		return answer(r, STREAM_OK);
	}
	take(r, buffered - keep, NULL);
	if (r->ended)
		return over(r);
	/* What is kept can begin a match, but ends none. */
	r->sought = seps;
	r->scanned = keep;
	return again(r, size_sum(PIECE, keep));
}

enum stream_status reader_wait(struct reader *r, size_t n)
{
	if (reader_buffered(r) >= n)
		return answer(r, STREAM_OK);
	return r->ended ? over(r) : again(r, n);
}

bool reader_at_eof(const struct reader *r)
{
	return r->ended && !r->broken && reader_buffered(r) == 0;
}

size_t reader_buffered(const struct reader *r)
{
	return evbuffer_get_length(r->in);
}

size_t reader_room(const struct reader *r)
{
	size_t welcome = size_max(size_sum(r->limit, r->longest), r->want);
	size_t buffered = reader_buffered(r);

	return r->ended || buffered >= welcome ? 0 : welcome - buffered;
}
