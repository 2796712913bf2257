/* SPDX-License-Identifier: ISC */
/* nearest: which known word somebody may have meant. */
#ifndef LIU_BASE_NEAREST_H
#define LIU_BASE_NEAREST_H

#include <stddef.h>

/* The name nearest to `word` by edits (insert, delete, replace, swap of
 * neighbours) or else the one that it alone begins, or NULL when none is near. `names` points at
 * the name in the first of `count` records, `stride` bytes apart. */
const char *nearest_word(const char *word, const char *const *names, size_t count, size_t stride);

#endif
