/* SPDX-License-Identifier: ISC */
/* separators: what may end a record, and where it does. */
#pragma once

/*
 * The match that ends first wins; of two that end together the shorter. So the
 * search goes by last bytes: at each that could end a separator it looks back,
 * and what has been looked at never needs looking at again.
 */

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

/* At least one separator, none empty. */
struct separators {
	size_t count;
	const struct bytes *items; /* owned, each with its data; shortest first */
	size_t longest;
	bool last[256]; /* is this byte the last one of a separator? */
	bool same_last; /* all end in the same byte */
};

/* `items` is copied, data and all. */
struct separators *separators_new(const struct bytes *items, size_t count);
void separators_free(struct separators *seps);	   /* NULL is allowed */
const struct separators *separators_newline(void); /* "\n", static */

/* Offsets are from the first byte of the first chunk. */
struct match {
	size_t end; /* behind the separator */
	size_t len; /* of the separator */
};

/*
 * The first match that ends in [from + 1, to], in bytes that lie in `count`
 * chunks; those before `from` are looked at for its beginning only. The chunks
 * may hold more or fewer than `to` bytes. False: there is none.
 */
bool separators_find(const struct separators *seps, const struct bytes *chunks, size_t count,
		     size_t from, size_t to, struct match *match);
