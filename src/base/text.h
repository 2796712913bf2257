/* SPDX-License-Identifier: ISC */
/* text: a string that grows at its end. */
#pragma once

#include "base/bytes.h"

#include <stddef.h>

/* { 0 } is empty. */
struct text {
	char *data; /* owned; NULL while nothing has been added, else it ends in NUL */
	size_t len;
	size_t size; /* of the allocation */
};

void text_add(struct text *text, struct bytes b);

/* The number of bytes added. */
size_t text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Add `word` as a shell needs it, in quotes where a character is special. */
void text_add_word(struct text *text, const char *word);

/* The string, never NULL; the caller owns it. `text` is empty afterwards. */
char *text_take(struct text *text);
