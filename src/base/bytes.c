/* SPDX-License-Identifier: ISC */
/* bytes: a run of bytes, which may hold NULs. */
#include "config.h"

#include "base/bytes.h"

#include "base/alloc.h"

#include <string.h>
#include <strings.h>

enum { UTF8_MAX = 4 };

struct bytes bytes_of(const void *data, size_t len)
{
	return (struct bytes){ .data = data, .len = len };
}

struct bytes bytes_of_string(const char *string)
{
	return bytes_of(string, strlen(string));
}

bool bytes_is_name(struct bytes b, const char *name)
{
	return b.len == strlen(name) &&
	       (b.len == 0 || strncasecmp((const char *)b.data, name, b.len) == 0);
}

struct bytes bytes_without_newline(struct bytes line)
{
	if (line.len > 0 && line.data[line.len - 1] == '\n')
		line.len--;
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

char *bytes_string(struct bytes b)
{
	char *string = alloc_zeroed(b.len + 1);

	if (b.len > 0)
		memcpy(string, b.data, b.len);
	return string;
}

bool bytes_has_control(const char *string)
{
	for (; *string != '\0'; string++)
		if (((unsigned char)*string < ' ' && *string != '\t') || *string == 0x7f)
			return true;
	return false;
}

/* The length of a character by its first byte; 0 when no character begins with it. */
static size_t utf8_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xC2)
		return 0;
	if (first < 0xE0)
		return 2;
	if (first < 0xF0)
		return 3;
	return first < 0xF5 ? 4 : 0;
}

/* The second byte carries the bounds: no overlong forms, no surrogates, nothing
 * above U+10FFFF (the table in RFC 3629 section 4). */
static bool utf8_second_fits(unsigned char first, unsigned char second)
{
	unsigned char low = 0x80, high = 0xBF;

	if (first == 0xE0)
		low = 0xA0;
	else if (first == 0xED)
		high = 0x9F;
	else if (first == 0xF0)
		low = 0x90;
	else if (first == 0xF4)
		high = 0x8F;
	return second >= low && second <= high;
}

/* The number of bytes at the beginning of `b` that belong to one character, complete
 * or cut; 0 when they are not UTF-8. `*whole` is the length of the whole character. */
static size_t utf8_so_far(struct bytes b, size_t *whole)
{
	size_t have = b.len;

	if (b.len == 0)
		return 0;
	*whole = utf8_length(b.data[0]);
	if (*whole == 0)
		return 0;
	if (have > *whole)
		have = *whole;
	for (size_t i = 1; i < have; i++) {
		if (i == 1 && !utf8_second_fits(b.data[0], b.data[1]))
			return 0;
		if ((b.data[i] & 0xC0) != 0x80)
			return 0;
	}
	return have;
}

size_t bytes_utf8_char(struct bytes b, uint32_t *code)
{
	static const unsigned char mask[UTF8_MAX + 1] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
	size_t whole = 0;
	size_t have = utf8_so_far(b, &whole);

	if (have == 0 || have < whole)
		return 0;
	*code = b.data[0] & mask[whole];
	for (size_t i = 1; i < whole; i++)
		*code = *code << 6 | (b.data[i] & 0x3F);
	return whole;
}

size_t bytes_utf8_prefix(struct bytes b)
{
	for (size_t back = 1; back < UTF8_MAX && back <= b.len; back++) {
		struct bytes tail = bytes_of(b.data + b.len - back, back);
		size_t whole = 0;

		if (utf8_so_far(tail, &whole) == back && back < whole)
			return b.len - back;
	}
	return b.len;
}

bool bytes_is_utf8(struct bytes b)
{
	size_t at = 0;

	while (at < b.len) {
		uint32_t code = 0;
		size_t len = bytes_utf8_char(bytes_of(b.data + at, b.len - at), &code);

		if (len == 0 || code == 0)
			return false;
		at += len;
	}
	return true;
}

char *bytes_base64(struct bytes b)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	char *text = alloc_array(b.len / 3 + 2, 4);
	char *to = text;

	for (size_t i = 0; i < b.len; i += 3) {
		size_t left = b.len - i;
		uint32_t group = (uint32_t)b.data[i] << 16;

		if (left > 1)
			group |= (uint32_t)b.data[i + 1] << 8;
		if (left > 2)
			group |= b.data[i + 2];
		*to++ = digits[group >> 18];
		*to++ = digits[group >> 12 & 63];
		*to++ = '=';
		*to++ = '=';
		if (left > 1)
			to[-2] = digits[group >> 6 & 63];
		if (left > 2)
			to[-1] = digits[group & 63];
	}
	*to = '\0';
	return text;
}
