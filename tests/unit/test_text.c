/* SPDX-License-Identifier: ISC */
/* test_text: strings that grow. */
#include "config.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_taken(struct text *text, const char *want)
{
	char *got = text_take(text);

	assert_string_equal(got, want);
	assert_int_equal(text->len, 0);
	free(got);
}

static void what_is_added_follows(void **state)
{
	struct text text = { 0 };

	(void)state;
	assert_taken(&text, "");
	text_add(&text, bytes_of(NULL, 0));
	assert_string_equal(text.data, "");
	text_add(&text, bytes_of("a\0b", 3));
	assert_int_equal(text.len, 3);
	assert_memory_equal(text.data, "a\0b", 4);
	text.data[1] = '-';
	assert_int_equal(text_addf(&text, "%d%s", 12, "x"), 3);
	assert_int_equal(text_addf(&text, "%s", ""), 0);
	assert_taken(&text, "a-b12x");
}

static void it_grows(void **state)
{
	struct text text = { 0 };
	char *got;

	(void)state;
	for (int i = 0; i < 10000; i++)
		assert_int_equal(text_addf(&text, "%04d", i), 4);
	got = text_take(&text);
	assert_int_equal(strlen(got), 40000);
	assert_memory_equal(got + 4 * 1234, "12341235", 8);
	free(got);
}

static void words_for_a_shell(void **state)
{
	static const char *const rows[][2] = {
		{ "tls:h:443", "tls:h:443" }, { "", "''" },	{ "a b", "'a b'" },
		{ "it's", "'it'\\''s'" },     { "$x", "'$x'" }, { "~/x", "'~/x'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text text = { 0 };

		text_add_word(&text, rows[i][0]);
		assert_taken(&text, rows[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_added_follows),
		cmocka_unit_test(it_grows),
		cmocka_unit_test(words_for_a_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
