/* SPDX-License-Identifier: ISC */
/* test_nearest: which known word a mistyped one is taken for. */
#include "config.h"

#include "base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NAMES_MAX = 8 };

static const char *find(const char *word, const char *const names[NAMES_MAX])
{
	struct nearest nearest = { .word = word };

	for (size_t i = 0; i < NAMES_MAX && names[i] != NULL; i++)
		nearest_try(&nearest, names[i]);
	return nearest_found(&nearest);
}

static void words(void **state)
{
	static const char *const names[NAMES_MAX] = { "timeout",   "step-timeout", "tls",
						      "keep-open", "key",	   "high-water" };
	static const struct {
		const char *word, *nearest;
	} rows[] = {
		{ "timout", "timeout" },
		{ "tiemout", "timeout" }, /* neighbours swapped */
		{ "timeoutt", "timeout" },
		{ "timeout", "timeout" },
		{ "step_timeout", "step-timeout" },
		{ "tsl", "tls" },
		{ "keep", "key" },	  /* nearer than the one it is a prefix of */
		{ "high", "high-water" }, /* a prefix of this one only */
		{ "xyzzy", NULL },
		{ "x", NULL },
		{ "", NULL },
		{ "a-word-that-is-longer-than-any-of-our-names", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *found = find(rows[i].word, names);

		if (rows[i].nearest == NULL)
			assert_null(found);
		else
			assert_string_equal(found == NULL ? "none" : found, rows[i].nearest);
	}
}

static void a_prefix_of_several_is_none(void **state)
{
	static const char *const two[NAMES_MAX] = { "connection-one", "connection-two" };
	static const char *const one[NAMES_MAX] = { "connection-one" };

	(void)state;
	assert_null(find("conn", two));
	assert_ptr_equal(find("conn", one), one[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(a_prefix_of_several_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
