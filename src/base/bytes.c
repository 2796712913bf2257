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

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t';
}

struct bytes bytes_trimmed(struct bytes b)
{
	while (b.len > 0 && is_blank(b.data[b.len - 1]))
		b.len--;
	while (b.len > 0 && is_blank(b.data[0]))
		b = bytes_of(b.data + 1, b.len - 1);
	return b;
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

/* The length of a character by its first byte; 0 when none begins with it. */
static size_t utf8_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xC0)
		return 0;
	if (first < 0xE0)
		return 2;
	if (first < 0xF0)
		return 3;
	return first < 0xF8 ? 4 : 0;
}

size_t bytes_utf8_char(struct bytes b, uint32_t *code)
{
	/* By the length, in which a smaller one is overlong. */
	static const uint32_t least[UTF8_MAX + 1] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = b.len > 0 ? utf8_length(b.data[0]) : 0;
	uint32_t value;

	if (len == 0 || len > b.len)
		return 0;
	value = len == 1 ? b.data[0] : b.data[0] & (0x7F >> len);
	for (size_t i = 1; i < len; i++) {
		if ((b.data[i] & 0xC0) != 0x80)
			return 0;
		value = value << 6 | (b.data[i] & 0x3F);
	}
	if (value < least[len] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
		return 0;
	*code = value;
	return len;
}

/* Is it a part of a character, from its first byte? Then the least or the greatest bytes
 * that may follow make it whole. */
static bool utf8_is_cut(struct bytes b)
{
	unsigned char low[UTF8_MAX], high[UTF8_MAX];
	size_t len = utf8_length(b.data[0]);
	uint32_t code;

	if (len <= b.len)
		return false;
	memset(low, 0x80, sizeof(low));
	memset(high, 0xBF, sizeof(high));
	memcpy(low, b.data, b.len);
	memcpy(high, b.data, b.len);
	return bytes_utf8_char(bytes_of(low, len), &code) > 0 ||
	       bytes_utf8_char(bytes_of(high, len), &code) > 0;
}

size_t bytes_utf8_prefix(struct bytes b)
{
	for (size_t back = 1; back < UTF8_MAX && back <= b.len; back++)
		if (utf8_is_cut(bytes_of(b.data + b.len - back, back)))
			return b.len - back;
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

char *bytes_hex(struct bytes b)
{
	static const char digits[] = "0123456789abcdef";
	char *text = alloc_zeroed(2 * b.len + 1);

	for (size_t i = 0; i < b.len; i++) {
		text[2 * i] = digits[b.data[i] >> 4];
		text[2 * i + 1] = digits[b.data[i] & 0xF];
	}
	return text;
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
		for (size_t digit = 0; digit < 4; digit++)
			*to++ = digit <= left ? digits[group >> (18 - 6 * digit) & 63] : '=';
	}
	return text;
}
