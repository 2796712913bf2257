/* SPDX-License-Identifier: ISC */
/* escape: text with backslashes into bytes, and bytes into text that is safe to show. */
#include "config.h"

#include "base/escape.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OCTAL_MAX = 0377,
	OCTAL_DIGITS = 3,
	UNIT_SIZE = 17, /* four bytes as \xHH each, and a NUL */
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int escape_hex_pair(const char *digits)
{
	int high = hex_digit(digits[0]);
	int low = high < 0 ? -1 : hex_digit(digits[1]);

	return low < 0 ? -1 : high << 4 | low;
}

/* "invalid escape \q": the first `len` bytes of `at`, which begins with the
 * backslash, and the rest of the last character. */
static bool bad_escape(const char *at, size_t len, struct err *err)
{
	uint32_t code;
	size_t last;

	if (len == 1)
		return err_set(err, ERR_USAGE, "lone \\ at the end (write \\\\)");
	last = bytes_utf8_char(bytes_of_string(at + len - 1), &code);
	if (last > 0)
		len += last - 1;
	return err_set(err, ERR_USAGE, "invalid escape %.*s", (int)len, at);
}

/* \x41 at `at`: four bytes. */
static size_t decode_hex_escape(const char *at, unsigned char *out, struct err *err)
{
	int value = escape_hex_pair(at + 2);

	if (value < 0) {
		(void)err_set(err, ERR_USAGE,
			      "invalid escape \\x: two hexadecimal digits must follow");
		return 0;
	}
	*out = (unsigned char)value;
	return 4;
}

/* \1, \12 or \123 at `at`. */
static size_t decode_octal_escape(const char *at, unsigned char *out, struct err *err)
{
	unsigned value = 0;
	size_t digits = 0;

	while (digits < OCTAL_DIGITS && at[1 + digits] >= '0' && at[1 + digits] <= '7')
		value = value * 8 + (unsigned)(at[1 + digits++] - '0');
	if (value > OCTAL_MAX) {
		(void)err_set(err, ERR_USAGE, "invalid escape %.4s: at most \\377", at);
		return 0;
	}
	*out = (unsigned char)value;
	return 1 + digits;
}

/* Decode one escape at `at`, which points to its backslash. Returns the number of
 * characters taken, or 0 when it is invalid. */
static size_t decode_one(const char *at, unsigned char *out, struct err *err)
{
	static const char letters[] = "nrtabefv\\";
	static const char values[] = "\n\r\t\a\b\x1B\f\v\\";
	const char *letter;

	if (at[1] == 'x')
		return decode_hex_escape(at, out, err);
	if (at[1] >= '0' && at[1] <= '7')
		return decode_octal_escape(at, out, err);
	letter = at[1] == '\0' ? NULL : strchr(letters, at[1]);
	if (letter == NULL) {
		(void)bad_escape(at, at[1] == '\0' ? 1 : 2, err);
		return 0;
	}
	*out = (unsigned char)values[letter - letters];
	return 2;
}

bool escape_decode(const char *text, struct bytes *out, struct err *err)
{
	unsigned char *data = alloc_zeroed(strlen(text));
	size_t len = 0;

	while (*text != '\0') {
		size_t taken = 1;

		if (*text == '\\')
			taken = decode_one(text, &data[len], err);
		else
			data[len] = (unsigned char)*text;
		if (taken == 0) {
			free(data);
			return false;
		}
		len++;
		text += taken;
	}
	*out = bytes_of(data, len);
	return true;
}

bool escape_decode_hex(const char *text, struct bytes *out, struct err *err)
{
	static const char spaces[] = " \t\r\n\f\v", between[] = " \t\r\n\f\v:,-";
	unsigned char *data = alloc_zeroed(strlen(text) / 2);
	size_t len = 0;

	for (text += strspn(text, spaces); *text != '\0'; text += strspn(text, between)) {
		const char *pair = strncmp(text, "0x", 2) == 0 ? text + 2 : text;
		int value = escape_hex_pair(pair);

		if (value < 0) {
			free(data);
			return err_set(err, ERR_USAGE, "invalid pair of hexadecimal digits '%.2s'",
				       text);
		}
		data[len++] = (unsigned char)value;
		text = pair + 2;
	}
	*out = bytes_of(data, len);
	return true;
}

/* Controls (C1 too), and characters that reorder or break the line. */
static bool must_hide(uint32_t code)
{
	if (code < 0x20 || (code >= 0x7F && code < 0xA0))
		return true;
	if (code == 0x061C || code == 0x200E || code == 0x200F)
		return true;
	if (code >= 0x2028 && code <= 0x202E) /* also the line and paragraph separators */
		return true;
	return code >= 0x2066 && code <= 0x2069;
}

/* The letter of a byte that has a short form, else 0. */
static char short_form(unsigned char byte, bool backslashes)
{
	static const char bytes[] = "\n\r\t\x1B\\", letters[] = "nrte\\";
	const char *at = memchr(bytes, byte, backslashes ? 5 : 4);

	return at != NULL ? letters[at - bytes] : 0;
}

/* Show the first character of `b` (not empty) in `unit`; `*len` is the length of what
 * is shown. Returns the number of bytes of `b` that it stands for. */
static size_t show_one(struct bytes b, bool backslashes, char unit[UNIT_SIZE], size_t *len)
{
	uint32_t code = 0;
	size_t taken = bytes_utf8_char(b, &code);
	char letter = short_form(b.data[0], backslashes);

	if (letter != 0) {
		unit[0] = '\\';
		unit[1] = letter;
		*len = 2;
		return 1;
	}
	if (taken > 0 && !must_hide(code)) {
		memcpy(unit, b.data, taken);
		*len = taken;
		return taken;
	}
	if (taken == 0)
		taken = 1;
	*len = 0;
	for (size_t i = 0; i < taken; i++)
		*len += (size_t)snprintf(unit + *len, UNIT_SIZE - *len, "\\x%02x", b.data[i]);
	return taken;
}

char *escape_visible(struct bytes b, char *buf, size_t size)
{
	static const char dots[] = "...";
	size_t used = 0, cut = 0, at = 0;

	assert(size >= sizeof(dots));
	while (at < b.len) {
		char unit[UNIT_SIZE];
		size_t len;

		at += show_one(bytes_of(b.data + at, b.len - at), true, unit, &len);
		if (used + len >= size) {
			memcpy(buf + cut, dots, sizeof(dots));
			return buf;
		}
		memcpy(buf + used, unit, len);
		used += len;
		if (used + sizeof(dots) <= size)
			cut = used;
	}
	buf[used] = '\0';
	return buf;
}

/* The number of printable ASCII bytes at the beginning of `b`; mostly all of it. */
static size_t plain_length(struct bytes b)
{
	size_t len = 0;

	while (len < b.len && b.data[len] >= 0x20 && b.data[len] < 0x7F)
		len++;
	return len;
}

char *escape_controls(struct bytes b)
{
	struct text text = { 0 };
	size_t at = plain_length(b);

	text_add(&text, bytes_of(b.data, at));
	while (at < b.len) {
		char unit[UNIT_SIZE];
		size_t len;

		at += show_one(bytes_of(b.data + at, b.len - at), false, unit, &len);
		text_add(&text, bytes_of(unit, len));
	}
	return text_take(&text);
}
