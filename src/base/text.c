/* SPDX-License-Identifier: ISC */
/* text: a string that grows at its end. */
#include "config.h"

#include "base/text.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 64 };

void text_add(struct text *text, struct bytes b)
{
	size_t need = text->len + b.len + 1;

	if (need > text->size) {
		text->size = need < FIRST_SIZE ? FIRST_SIZE : need * 2;
		text->data = alloc_resize(text->data, text->size);
	}
	if (b.len > 0)
		memcpy(text->data + text->len, b.data, b.len);
	text->len += b.len;
	text->data[text->len] = '\0';
}

size_t text_addf(struct text *text, const char *format, ...)
{
	char *added;
	size_t len;
	va_list args;

	va_start(args, format);
	added = alloc_vprintf(format, args);
	va_end(args);
	len = strlen(added);
	text_add(text, bytes_of(added, len));
	free(added);
	return len;
}

/* Characters that have no special meaning to a shell anywhere in a word. */
#define PLAIN                                                                                      \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"                           \
	"@%_-+=:,./"

void text_add_word(struct text *text, const char *word)
{
	bool plain = word[0] != '\0' && word[strspn(word, PLAIN)] == '\0';
	const char *quote = plain ? "" : "'";

	text_addf(text, "%s", quote);
	for (const char *at = word; *at != '\0'; at++)
		text_addf(text, *at == '\'' ? "'\\%c'" : "%c", *at);
	text_addf(text, "%s", quote);
}

char *text_take(struct text *text)
{
	char *data = text->data != NULL ? text->data : alloc_string("");

	*text = (struct text){ 0 };
	return data;
}
