/* SPDX-License-Identifier: ISC */
/* separators: what may end a record, and where it does. */
#include "config.h"

#include "stream/separators.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int by_length(const void *a, const void *b)
{
	const struct bytes *left = a;
	const struct bytes *right = b;

	return (left->len > right->len) - (left->len < right->len);
}

static unsigned char last_byte(const struct bytes *item)
{
	return item->data[item->len - 1];
}

struct separators *separators_new(const struct bytes *items, size_t count)
{
	struct separators *seps = alloc_zeroed(sizeof(*seps));
	struct bytes *own = alloc_array(count, sizeof(*own));

	assert(count > 0);
	seps->count = count;
	seps->same_last = true;
	for (size_t i = 0; i < count; i++) {
		assert(items[i].len > 0);
		own[i] = bytes_of(alloc_copy(items[i].data, items[i].len), items[i].len);
		seps->last[last_byte(&own[i])] = true;
		if (last_byte(&own[i]) != last_byte(&own[0]))
			seps->same_last = false;
	}
	qsort(own, count, sizeof(*own), by_length);
	seps->items = own;
	seps->longest = own[count - 1].len;
	return seps;
}

void separators_free(struct separators *seps)
{
	if (seps == NULL)
		return;
	for (size_t i = 0; i < seps->count; i++)
		free((void *)seps->items[i].data);
	free((void *)seps->items);
	free(seps);
}

const struct separators *separators_newline(void)
{
	static const struct bytes item = { (const unsigned char *)"\n", 1 };
	static const struct separators newline = {
		.count = 1,
		.items = &item,
		.longest = 1,
		.last = { ['\n'] = true },
		.same_last = true,
	};

	return &newline;
}

/* The offset in data[from..to) of the first byte that may end a separator, or `to`. */
static size_t next_candidate(const struct separators *seps, const unsigned char *data, size_t from,
			     size_t to)
{
	if (seps->same_last) {
		const unsigned char *at =
			memchr(data + from, last_byte(&seps->items[0]), to - from);

		return at == NULL ? to : (size_t)(at - data);
	}
	while (from < to && !seps->last[data[from]])
		from++;
	return from;
}

/* Do the bytes up to chunks[at].data[end - 1] end in `item`? It may begin in a chunk before. */
static bool ends_in(const struct bytes *chunks, size_t at, size_t end, const struct bytes *item)
{
	size_t left = item->len;

	for (;;) {
		size_t part = left < end ? left : end;

		left -= part;
		if (memcmp(chunks[at].data + end - part, item->data + left, part) != 0)
			return false;
		if (left == 0)
			return true;
		if (at == 0)
			return false;
		at--;
		end = chunks[at].len;
	}
}

/* The length of the shortest separator that ends there, or 0. */
static size_t length_ending(const struct separators *seps, const struct bytes *chunks, size_t at,
			    size_t end)
{
	for (size_t i = 0; i < seps->count; i++) {
		if (ends_in(chunks, at, end, &seps->items[i]))
			return seps->items[i].len;
	}
	return 0;
}

/* The same as separators_find() for the bytes [from, to) of one chunk; false leaves
 * `match` as it is. */
static bool find_in_chunk(const struct separators *seps, const struct bytes *chunks, size_t at,
			  size_t from, size_t to, struct match *match)
{
	for (size_t i = from; i < to; i++) {
		size_t len;

		i = next_candidate(seps, chunks[at].data, i, to);
		if (i == to)
			return false;
		len = length_ending(seps, chunks, at, i + 1);
		if (len > 0) {
			*match = (struct match){ .end = i + 1, .len = len };
			return true;
		}
	}
	return false;
}

bool separators_find(const struct separators *seps, const struct bytes *chunks, size_t count,
		     size_t from, size_t to, struct match *match)
{
	size_t base = 0;

	for (size_t at = 0; at < count && base < to; at++) {
		size_t len = chunks[at].len;
		size_t first = from > base ? from - base : 0;
		size_t last = to - base < len ? to - base : len;

		if (first < last && find_in_chunk(seps, chunks, at, first, last, match)) {
			match->end += base;
			return true;
		}
		base += len;
	}
	return false;
}
