/* SPDX-License-Identifier: ISC */
/* fuzz_escape: text with backslashes, and any bytes made visible. */
#include "config.h"

#include "base/bytes.h"
#include "base/err.h"
#include "base/escape.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An invariant that an assert would not check in a build without asserts. */
static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool is_plain(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
		if (*p < ' ' || *p == 0x7f)
			return false;
	return true;
}

static void check_decoding(const char *text,
			   bool (*decode)(const char *, struct bytes *, struct err *))
{
	struct bytes out = { 0 };
	struct err err = { 0 };
	if (!decode(text, &out, &err)) {
		require(err.kind == ERR_USAGE && err.text[0] != '\0');
		return;
	}
	require(out.len <= strlen(text));
	free((void *)out.data);
}

/* Whatever the bytes are, what is shown is one line of valid UTF-8 that decodes
 * to them again unless it was cut. */
static void check_visible(struct bytes b)
{
	size_t room = 4 * b.len + 8;
	char *shown = malloc(room);
	require(shown != NULL);
	require(escape_visible(b, shown, room) == shown);
	require(is_plain(shown));
	require(bytes_is_utf8(bytes_of_string(shown)));
	struct bytes again = { 0 };
	struct err err;
	require(escape_decode(shown, &again, &err));
	require(again.len == b.len && memcmp(again.data, b.data, b.len) == 0);
	free((void *)again.data);

	size_t narrow = 4 + b.len / 2;
	escape_visible(b, shown, narrow);
	require(strlen(shown) < narrow && is_plain(shown));
	free(shown);

	char *line = escape_controls(b);
	require(is_plain(line));
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	require(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	check_decoding(text, escape_decode);
	check_decoding(text, escape_decode_hex);
	check_visible(bytes_of(data, size));
	free(text);
	return 0;
}
