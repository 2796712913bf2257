/* SPDX-License-Identifier: ISC */
/* test_bytes: names, lines, UTF-8, hex digits and base64. */
#include "config.h"

#include "base/bytes.h"

#include "base/alloc.h"
#include "unit/bytes_equal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(literal) bytes_of(literal, sizeof(literal) - 1)

static void names_ignore_case(void **state)
{
	(void)state;
	assert_true(bytes_is_name(BYTES("Content-Type"), "content-tYPE"));
	assert_true(bytes_is_name(bytes_of(NULL, 0), ""));
	assert_false(bytes_is_name(bytes_of(NULL, 0), "a"));
	assert_false(bytes_is_name(BYTES("Hos"), "Host"));
	assert_false(bytes_is_name(BYTES("Host:"), "Host"));
	assert_false(bytes_is_name(BYTES("@"), "`"));
}

static void a_line_loses_one_newline(void **state)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
		{ "", "" },	{ "a", "a" },	    { "a\n", "a" },	{ "a\r\n", "a" },
		{ "a\r", "a" }, { "a\n\n", "a\n" }, { "\r\r\n", "\r" }, { "\n\r", "\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *got = bytes_string(bytes_without_newline(bytes_of_string(rows[i].line)));

		assert_string_equal(got, rows[i].want);
		free(got);
	}
}

static void controls_are_seen(void **state)
{
	(void)state;
	assert_false(bytes_has_control(""));
	assert_false(bytes_has_control("a\tb ~\xC2\x80"));
	assert_true(bytes_has_control("a\nb"));
	assert_true(bytes_has_control("\x7f"));
	assert_true(bytes_has_control("\x1b"));
}

static void utf8_characters(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		uint32_t code;
	} rows[] = {
		{ "a", 1, 'a' },
		{ "\x7F", 1, 0x7F },
		{ "\xC2\x80", 2, 0x80 },
		{ "\xDF\xBF", 2, 0x7FF },
		{ "\xE0\xA0\x80", 3, 0x800 },
		{ "\xED\x9F\xBF", 3, 0xD7FF },
		{ "\xEE\x80\x80", 3, 0xE000 },
		{ "\xE6\xB5\x81!", 3, 0x6D41 },
		{ "\xF0\x90\x80\x80", 4, 0x10000 },
		{ "\xF4\x8F\xBF\xBF", 4, 0x10FFFF },
		/* Overlong, surrogates, too high, lone and cut. */
		{ "\xC0\x80", 0, 0 },
		{ "\xC1\xBF", 0, 0 },
		{ "\xE0\x9F\xBF", 0, 0 },
		{ "\xED\xA0\x80", 0, 0 },
		{ "\xF0\x8F\xBF\xBF", 0, 0 },
		{ "\xF4\x90\x80\x80", 0, 0 },
		{ "\xF5\x80\x80\x80", 0, 0 },
		{ "\x80", 0, 0 },
		{ "\xFF", 0, 0 },
		{ "\xC3", 0, 0 },
		{ "\xC3(", 0, 0 },
		{ "\xF0\x90\x80", 0, 0 },
		{ "", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t code = 0;

		assert_int_equal(bytes_utf8_char(bytes_of_string(rows[i].text), &code),
				 rows[i].len);
		assert_int_equal(code, rows[i].code);
		assert_int_equal(bytes_is_utf8(bytes_of_string(rows[i].text)),
				 rows[i].len > 0 || rows[i].text[0] == '\0');
	}
	assert_false(bytes_is_utf8(BYTES("a\0b")));
	assert_true(bytes_is_utf8(BYTES("gr\xC3\xBC\xC3\x9F")));
}

static void utf8_prefix_never_splits_a_character(void **state)
{
	static const char text[] = "a\xC3\xA9\xE6\xB5\x81\xF0\x9F\x98\x80z";
	static const size_t expected[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11 };

	(void)state;
	for (size_t len = 0; len < sizeof(expected) / sizeof(expected[0]); len++)
		assert_int_equal(bytes_utf8_prefix(bytes_of(text, len)), expected[len]);
}

static void utf8_prefix_of_what_is_no_utf8(void **state)
{
	(void)state;
	assert_int_equal(bytes_utf8_prefix(BYTES("\xFF")), 1);
	assert_int_equal(bytes_utf8_prefix(BYTES("a\x80")), 2);
	assert_int_equal(bytes_utf8_prefix(BYTES("\x80\x80\x80\x80")), 4);
	assert_int_equal(bytes_utf8_prefix(BYTES("\xED\xA0")), 2); /* can become nothing */
	assert_int_equal(bytes_utf8_prefix(BYTES("\xED")), 0);	   /* may become something */
	assert_int_equal(bytes_utf8_prefix(BYTES("\xC3\xC3")), 1);
}

static void blanks_at_the_ends(void **state)
{
	(void)state;
	assert_true(bytes_equal(bytes_trimmed(BYTES(" \ta b\t ")), BYTES("a b")));
	assert_int_equal(bytes_trimmed(BYTES(" \t")).len, 0);
	assert_int_equal(bytes_trimmed(BYTES("")).len, 0);
}

static void hex_digits(void **state)
{
	char *text = bytes_hex(BYTES("\0\x0F\xA5z"));

	(void)state;
	assert_string_equal(text, "000fa57a");
	free(text);
	text = bytes_hex(BYTES(""));
	assert_string_equal(text, "");
	free(text);
}

static void base64_of_rfc_4648(void **state)
{
	static const struct {
		const char *plain, *encoded;
	} rows[] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
	};
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text = bytes_base64(bytes_of_string(rows[i].plain));
		assert_string_equal(text, rows[i].encoded);
		free(text);
	}
	text = bytes_base64(BYTES("\0\xFF\xFE"));
	assert_string_equal(text, "AP/+");
	free(text);
}

static void allocations_of_nothing_are_something(void **state)
{
	char *copy = alloc_copy("", 0);
	char *array = alloc_array(0, 8);
	char *text = alloc_printf("%s-%d", "a", 1);

	(void)state;
	assert_non_null(copy);
	assert_non_null(array);
	assert_string_equal(text, "a-1");
	free(copy);
	free(array);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_ignore_case),
		cmocka_unit_test(a_line_loses_one_newline),
		cmocka_unit_test(controls_are_seen),
		cmocka_unit_test(utf8_characters),
		cmocka_unit_test(utf8_prefix_never_splits_a_character),
		cmocka_unit_test(utf8_prefix_of_what_is_no_utf8),
		cmocka_unit_test(blanks_at_the_ends),
		cmocka_unit_test(hex_digits),
		cmocka_unit_test(base64_of_rfc_4648),
		cmocka_unit_test(allocations_of_nothing_are_something),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
