/* SPDX-License-Identifier: ISC */
/* separators: a set of separators of records, and the search for them. */
#include "config.h"

#include "stream/separators.h"

#include "base/alloc.h"

#include <assert.h>
#include <event2/buffer.h>
#include <string.h>

static const struct bytes newline = { (const unsigned char *)"\n", 1 };
const struct separators separators_newline = { 1, &newline, 1 };

struct separators *separators_new(const struct bytes *items, size_t count)
{
	size_t size = sizeof(struct separators) + count * sizeof(*items);
	size_t longest = 0;
	struct separators *seps;
	struct bytes *own;
	unsigned char *data;

	assert(count > 0);
	for (size_t i = 0; i < count; i++)
		size += items[i].len;
	seps = alloc_memory(size);
	own = (struct bytes *)(seps + 1);
	data = (unsigned char *)(own + count);
	for (size_t i = 0; i < count; i++) {
		assert(items[i].len > 0);
		own[i] = bytes_of(memcpy(data, items[i].data, items[i].len), items[i].len);
		data += items[i].len;
		longest = items[i].len > longest ? items[i].len : longest;
	}
	*seps = (struct separators){ count, own, longest };
	return seps;
}

static bool find_one(const struct bytes *item, struct evbuffer *in, size_t from, size_t to,
		     struct match *match)
{
	size_t begin = from < item->len ? 0 : from + 1 - item->len;
	struct evbuffer_ptr at;

	if (evbuffer_ptr_set(in, &at, begin, EVBUFFER_PTR_SET) < 0)
		return false;
	at = evbuffer_search(in, (const char *)item->data, item->len, &at);
	if (at.pos < 0 || (size_t)at.pos + item->len > to)
		return false;
	*match = (struct match){ .end = (size_t)at.pos + item->len, .separator = item };
	return true;
}

/* Do the bytes before `end` end in `item`? */
static bool ends_in(const unsigned char *data, size_t end, const struct bytes *item)
{
	return item->len <= end && data[end - 1] == item->data[item->len - 1] &&
	       memcmp(data + end - item->len, item->data, item->len) == 0;
}

/* libevent looks for one string, however far: where they are several, a rare one would be
 * sought in all that is there, for each record. */
static bool find_any(const struct separators *seps, struct evbuffer *in, size_t from, size_t to,
		     struct match *match)
{
	const unsigned char *data = evbuffer_pullup(in, (ev_ssize_t)to);

	for (size_t end = from + 1; end <= to; end++) {
		const struct bytes *best = NULL;

		for (size_t i = 0; i < seps->count; i++)
			if (ends_in(data, end, &seps->items[i]) &&
			    (best == NULL || seps->items[i].len < best->len))
				best = &seps->items[i];
		if (best != NULL) {
			*match = (struct match){ .end = end, .separator = best };
			return true;
		}
	}
	return false;
}

bool separators_find(const struct separators *seps, struct evbuffer *in, size_t from, size_t to,
		     struct match *match)
{
	if (seps->count == 1)
		return find_one(seps->items, in, from, to, match);
	return find_any(seps, in, from, to, match);
}
