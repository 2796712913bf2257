/* SPDX-License-Identifier: ISC */
/* test_nearest: which known word a mistyped one is taken for. */
#include "config.h"

#include "base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	int before;
	const char *name;
	int after;
} records[] = {
	{ 1, "timeout", 1 },   { 2, "step-timeout", 2 }, { 3, "tls", 3 },
	{ 4, "keep-open", 4 }, { 5, "key", 5 },		 { 6, "high-water", 6 },
};

static void words(void **state)
{
	static const struct {
		const char *word, *nearest;
	} rows[] = {
		{ "timout", "timeout" },
		{ "tiemout", "timeout" }, /* neighbours swapped */
		{ "timeoutt", "timeout" },
		{ "timeout", "timeout" },
		{ "step_timeout", "step-timeout" },
		{ "tsl", "tls" },
		{ "keep", "key" },	  /* nearer than the one it begins */
		{ "high", "high-water" }, /* it alone begins this one */
		{ "xyzzy", NULL },
		{ "x", NULL },
		{ "", NULL },
		{ "a-word-that-is-longer-than-any-of-our-names", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *found =
			nearest_word(rows[i].word, &records[0].name,
				     sizeof(records) / sizeof(records[0]), sizeof(records[0]));

		if (rows[i].nearest == NULL)
			assert_null(found);
		else
			assert_string_equal(found == NULL ? "none" : found, rows[i].nearest);
	}
}

static void a_beginning_of_several_is_none(void **state)
{
	static const char *const names[] = { "connection-one", "connection-two" };

	(void)state;
	assert_null(nearest_word("conn", names, 2, sizeof(*names)));
	assert_ptr_equal(nearest_word("conn", names, 1, sizeof(*names)), names[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(a_beginning_of_several_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
