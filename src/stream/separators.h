/* SPDX-License-Identifier: ISC */
/* separators: a set of separators of records, and the search for them. */
#pragma once

/* The match that ends first wins; of two that end together the shorter. */

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

struct evbuffer;

/* At least one separator, none empty. */
struct separators {
	size_t count;
	const struct bytes *items;
	size_t longest;
};

/* `items` is copied, data and all, into one block: free() frees it. */
struct separators *separators_new(const struct bytes *items, size_t count);
extern const struct separators separators_newline; /* "\n" */

struct match {
	size_t end;		       /* the offset behind the separator */
	const struct bytes *separator; /* one of the items */
};

/* The first match in `in` that ends in [from + 1, to]; `to` is at most its length. False:
 * there is none, and `match` is untouched. */
bool separators_find(const struct separators *seps, struct evbuffer *in, size_t from, size_t to,
		     struct match *match);
