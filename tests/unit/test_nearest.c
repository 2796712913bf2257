/* SPDX-License-Identifier: ISC */
/* test_nearest: which known word a mistyped one is taken for. */
#include "config.h"

#include "base/nearest.h"

#include "base/err.h"

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
		{ "keep", "keep-open" },
		{ "kex", "key" },
		{ "ky", "key" },
		{ "kyx", NULL },		    /* two of three */
		{ "timers", NULL },		    /* two of six */
		{ "stpe-timeuot", "step-timeout" }, /* two of twelve */
		{ "stpe-tmieuot", "step-timeout" },
		{ "spte-tmeiuoot", NULL },
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

static void the_refusal_suggests_or_lists(void **state)
{
	struct nearest nearest = { .word = "tsl" };
	struct err err;

	(void)state;
	nearest_try(&nearest, "tls");
	assert_false(nearest_refuse(&nearest, "option", &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, "unknown option 'tsl', did you mean tls?");

	nearest = (struct nearest){ .word = "x" };
	nearest_try(&nearest, "one");
	(void)nearest_refuse(&nearest, "number", &err);
	assert_string_equal(err.text, "unknown number 'x' (one)");
	nearest_try(&nearest, "two");
	nearest_try(&nearest, "three");
	(void)nearest_refuse(&nearest, "number", &err);
	assert_string_equal(err.text, "unknown number 'x' (one, two or three)");
	for (size_t i = 0; i < 2 * NEAREST_NAMES_MAX; i++)
		nearest_try(&nearest, "four");
	assert_int_equal(nearest.count, NEAREST_NAMES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(a_prefix_of_several_is_none),
		cmocka_unit_test(the_refusal_suggests_or_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
