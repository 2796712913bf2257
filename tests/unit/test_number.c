/* SPDX-License-Identifier: ISC */
/* test_number: counts, sizes and durations. */
#include "config.h"

#include "base/number.h"

#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { UNTOUCHED = 77 };

static void counts(void **state)
{
	struct err err;
	uint64_t n;

	(void)state;
	assert_true(number_count("0", "count", 0, 10, &n, &err));
	assert_int_equal(n, 0);
	assert_true(number_count("0010", "count", 1, 10, &n, &err));
	assert_int_equal(n, 10);
	assert_true(number_count("18446744073709551615", "count", 1, UINT64_MAX, &n, &err));
	assert_true(n == UINT64_MAX);
}

static void bad_counts(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "", "'' is no count" },
		{ "x", "'x' is no count" },
		{ "12x", "'12x' is no count" },
		{ "-1", "'-1' is no count" },
		{ "+1", "'+1' is no count" },
		{ " 1", "' 1' is no count" },
		{ "1 ", "'1 ' is no count" },
		{ "0x1", "'0x1' is no count" },
		{ "1K", "'1K' is no count" },
		{ "0", "'0' is no count: at least 1" },
		{ "11", "'11' is no count: at most 10" },
		{ "18446744073709551616", "'18446744073709551616' is no count: at most 10" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = { .kind = ERR_OK };
		uint64_t n = UNTOUCHED;

		assert_false(number_count(rows[i].text, "count", 1, 10, &n, &err));
		assert_int_equal(err.kind, ERR_USAGE);
		assert_string_equal(err.text, rows[i].message);
		assert_int_equal(n, UNTOUCHED);
	}
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} rows[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ "64K", 65536 },
		{ "64k", 65536 },
		{ "3M", 3145728 },
		{ "2g", UINT64_C(2147483648) },
		{ "9223372036854775807", INT64_MAX },
		{ "00", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = { .text = "" };
		uint64_t n = UNTOUCHED;

		if (!number_size(rows[i].text, &n, &err))
			fail_msg("%s", err.text);
		assert_true(n == rows[i].bytes);
	}
}

static void bad_sizes(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "", "'' is no size" },
		{ "K", "'K' is no size" },
		{ "12x", "'12x' is no size" },
		{ "1KB", "'1KB' is no size" },
		{ "1 K", "'1 K' is no size" },
		{ "1.5K", "'1.5K' is no size" },
		{ "-1", "'-1' is no size" },
		{ "1T", "'1T' is no size" },
		{ "9223372036854775808", "'9223372036854775808' is no size: too large" },
		{ "99999999999G", "'99999999999G' is no size: too large" },
		{ "99999999999999999999", "'99999999999999999999' is no size: too large" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = { .kind = ERR_OK };
		uint64_t n = UNTOUCHED;

		assert_false(number_size(rows[i].text, &n, &err));
		assert_int_equal(err.kind, ERR_USAGE);
		assert_string_equal(err.text, rows[i].message);
		assert_int_equal(n, UNTOUCHED);
	}
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} rows[] = {
		{ "5", 5000 },
		{ "0.25", 250 },
		{ ".5", 500 },
		{ "250ms", 250 },
		{ "1.5s", 1500 },
		{ "2m", 120000 },
		{ "1.5h", 5400000 },
		{ "1d", 86400000 },
		{ "0.1ms", 1 },
		{ "0.0001", 1 },
		{ "1.0000", 1000 },
		{ "1.0001", 1001 },
		{ "0.000000000000000001", 1 },
		{ "1.0000000000000", 1000 },
		{ "0.999999999999", 1000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = { .text = "" };
		uint64_t ms = UNTOUCHED;

		if (!number_duration(rows[i].text, false, &ms, &err))
			fail_msg("%s", err.text);
		assert_int_equal(ms, rows[i].ms);
	}
}

static void bad_durations(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "", "'' is no duration" },
		{ "s", "'s' is no duration" },
		{ ".", "'.' is no duration" },
		{ "5.", "'5.' is no duration" },
		{ "5x", "'5x' is no duration" },
		{ "5 s", "'5 s' is no duration" },
		{ "-5", "'-5' is no duration" },
		{ "1,5", "'1,5' is no duration" },
		{ "1e3", "'1e3' is no duration" },
		{ "inf", "'inf' is no duration" },
		{ "0", "'0' is no duration: it must be above 0" },
		{ "0.000s", "'0.000s' is no duration: it must be above 0" },
		{ "99999999999999999999", "'99999999999999999999' is no duration: too long" },
		{ "366001d", "'366001d' is no duration: too long" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = { .kind = ERR_OK };
		uint64_t ms = UNTOUCHED;

		assert_false(number_duration(rows[i].text, false, &ms, &err));
		assert_int_equal(err.kind, ERR_USAGE);
		assert_string_equal(err.text, rows[i].message);
		assert_int_equal(ms, UNTOUCHED);
	}
}

static void zero_where_it_is_allowed(void **state)
{
	struct err err;
	uint64_t ms = UNTOUCHED;

	(void)state;
	assert_true(number_duration("0", true, &ms, &err));
	assert_int_equal(ms, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(bad_counts),
		cmocka_unit_test(sizes),
		cmocka_unit_test(bad_sizes),
		cmocka_unit_test(durations),
		cmocka_unit_test(bad_durations),
		cmocka_unit_test(zero_where_it_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
