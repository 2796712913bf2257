/* SPDX-License-Identifier: ISC */
/* test_escape: TEXT into bytes, and bytes into what is safe to show. */
#include "config.h"

#include "base/escape.h"

#include "base/err.h"
#include "unit/bytes_equal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(literal) bytes_of(literal, sizeof(literal) - 1)
#define ROW(text, literal)                                                                         \
	{                                                                                          \
		text,                                                                              \
		{                                                                                  \
			(const unsigned char *)literal, sizeof(literal) - 1                        \
		}                                                                                  \
	}

typedef bool (*decode_fn)(const char *text, struct bytes *out, struct err *err);

static void decodes_to(decode_fn decode, const char *text, struct bytes expected)
{
	struct bytes out = { NULL, 0 };
	struct err err = { .text = "" };

	if (!decode(text, &out, &err))
		fail_msg("'%s': %s", text, err.text);
	if (!bytes_equal(out, expected))
		fail_msg("'%s' became %zu other bytes", text, out.len);
	free((void *)out.data);
}

static void is_refused(decode_fn decode, const char *text, const char *message)
{
	struct bytes out = { NULL, 7 };
	struct err err = { .kind = ERR_OK };

	assert_false(decode(text, &out, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, message);
	assert_int_equal(out.len, 7);
}

static void every_escape(void **state)
{
	static const struct {
		const char *text;
		struct bytes expected;
	} rows[] = {
		ROW("", ""),
		ROW("plain \xC3\xA9", "plain \xC3\xA9"),
		ROW("\\n\\r\\t\\a\\b\\e\\f\\v\\\\", "\n\r\t\a\b\x1B\f\v\\"),
		ROW("PING\\r\\n", "PING\r\n"),
		ROW("\\x00\\xfF", "\0\xFF"),
		ROW("\\x411", "A1"),
		ROW("\\0\\7\\08", "\0\7\0"
				  "8"),
		ROW("\\12\\377\\0123", "\n\xFF\n3"),
		ROW("\\18", "\1"
			    "8"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		decodes_to(escape_decode, rows[i].text, rows[i].expected);
}

static void bad_escapes_are_named(void **state)
{
	(void)state;
	is_refused(escape_decode, "a\\qb", "invalid escape \\q");
	is_refused(escape_decode, "\\8", "invalid escape \\8");
	is_refused(escape_decode, "\\\xC3\xA9t", "invalid escape \\\xC3\xA9");
	is_refused(escape_decode, "\\400", "invalid escape \\400: at most \\377");
	is_refused(escape_decode, "\\x1", "invalid escape \\x: two hexadecimal digits must follow");
	is_refused(escape_decode, "\\xg0",
		   "invalid escape \\x: two hexadecimal digits must follow");
	is_refused(escape_decode, "\\x", "invalid escape \\x: two hexadecimal digits must follow");
	is_refused(escape_decode, "end\\", "lone \\ at the end (write \\\\)");
}

static void hexadecimal(void **state)
{
	(void)state;
	decodes_to(escape_decode_hex, "", BYTES(""));
	decodes_to(escape_decode_hex, "00ff", BYTES("\0\xFF"));
	decodes_to(escape_decode_hex, " 0A \t0d\n", BYTES("\n\r"));
	is_refused(escape_decode_hex, "0", "invalid pair of hexadecimal digits '0'");
	is_refused(escape_decode_hex, "00 0 0", "invalid pair of hexadecimal digits '0 '");
	decodes_to(escape_decode_hex, "0x00", BYTES("\0"));
	decodes_to(escape_decode_hex, "0x00, 0x0a0b ff", BYTES("\0\n\v\xFF"));
	decodes_to(escape_decode_hex, "de:ad-be,ef:", BYTES("\xDE\xAD\xBE\xEF"));
	is_refused(escape_decode_hex, "00 0x", "invalid pair of hexadecimal digits '0x'");
	is_refused(escape_decode_hex, "0x0x00", "invalid pair of hexadecimal digits '0x'");
	is_refused(escape_decode_hex, "a:bc", "invalid pair of hexadecimal digits 'a:'");
	is_refused(escape_decode_hex, "-", "invalid pair of hexadecimal digits '-'");
	is_refused(escape_decode_hex, "00;01", "invalid pair of hexadecimal digits ';0'");
}

static const struct {
	struct bytes raw;
	const char *visible, *controls;
} shown[] = {
#define SHOWN(raw, visible, controls)                                                              \
	{                                                                                          \
		{ (const unsigned char *)raw, sizeof(raw) - 1 }, visible, controls                 \
	}
	{ { NULL, 0 }, "", "" },
	SHOWN("", "", ""),
	SHOWN("text ~", "text ~", "text ~"),
	SHOWN("\n\r\t\x1B\\", "\\n\\r\\t\\e\\\\", "\\n\\r\\t\\e\\"),
	SHOWN("\0\x01\x1F\x7F", "\\x00\\x01\\x1f\\x7f", "\\x00\\x01\\x1f\\x7f"),
	SHOWN("gr\xC3\xBC\xC3\x9F \xE6\xB5\x81", "gr\xC3\xBC\xC3\x9F \xE6\xB5\x81",
	      "gr\xC3\xBC\xC3\x9F \xE6\xB5\x81"),
	SHOWN("\xC2\x9B"
	      "31m",
	      "\\xc2\\x9b31m", "\\xc2\\x9b31m"), /* CSI of C1 */
	SHOWN("a\xE2\x80\xAE"
	      "b",
	      "a\\xe2\\x80\\xaeb", "a\\xe2\\x80\\xaeb"),	     /* U+202E */
	SHOWN("\xE2\x81\xA6", "\\xe2\\x81\\xa6", "\\xe2\\x81\\xa6"), /* U+2066 */
	SHOWN("\xD8\x9C", "\\xd8\\x9c", "\\xd8\\x9c"),		     /* U+061C */
	SHOWN("\xFF\xC3(", "\\xff\\xc3(", "\\xff\\xc3("),
	SHOWN("\xE2\x82", "\\xe2\\x82", "\\xe2\\x82"),
#undef SHOWN
};

static void bytes_are_shown(void **state)
{
	char buf[64];

	(void)state;
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		char *controls = escape_controls(shown[i].raw);

		assert_ptr_equal(escape_visible(shown[i].raw, buf, sizeof(buf)), buf);
		assert_string_equal(buf, shown[i].visible);
		assert_string_equal(controls, shown[i].controls);
		free(controls);
	}
}

static void what_does_not_fit_ends_in_dots(void **state)
{
	char buf[8];

	(void)state;
	assert_string_equal(escape_visible(BYTES("1234567"), buf, 8), "1234567");
	assert_string_equal(escape_visible(BYTES("12345678"), buf, 8), "1234...");
	assert_string_equal(escape_visible(BYTES("12345678"), buf, 4), "...");
	assert_string_equal(escape_visible(BYTES("123"), buf, 4), "123");
	/* An escape and a character are cut before, never within. */
	assert_string_equal(escape_visible(BYTES("12\x01"
						 "5678"),
					   buf, 8),
			    "12...");
	assert_string_equal(escape_visible(BYTES("123\xC3\xA9"
						 "5678"),
					   buf, 8),
			    "123...");
	assert_string_equal(escape_visible(BYTES("123\xC3\xA9"
						 "56"),
					   buf, 8),
			    "123\xC3\xA9"
			    "56");
}

static void long_runs_of_controls_grow(void **state)
{
	char raw[500], *text;

	(void)state;
	memset(raw, 1, sizeof(raw));
	text = escape_controls(bytes_of(raw, sizeof(raw)));
	assert_int_equal(strlen(text), 4 * sizeof(raw));
	for (size_t i = 0; i < sizeof(raw); i++)
		assert_memory_equal(text + 4 * i, "\\x01", 4);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_escape),
		cmocka_unit_test(bad_escapes_are_named),
		cmocka_unit_test(hexadecimal),
		cmocka_unit_test(bytes_are_shown),
		cmocka_unit_test(what_does_not_fit_ends_in_dots),
		cmocka_unit_test(long_runs_of_controls_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
