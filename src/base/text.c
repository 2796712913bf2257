/* SPDX-License-Identifier: ISC */
/* text: a string that grows at its end. */
#include "config.h"

#include "base/text.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
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
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&added, format, args);
	va_end(args);
	if (len < 0)
		alloc_failed();
	text_add(text, bytes_of(added, (size_t)len));
	free(added);
	return (size_t)len;
}

char *text_take(struct text *text)
{
	char *data = text->data != NULL ? text->data : alloc_string("");

	*text = (struct text){ 0 };
	return data;
}
