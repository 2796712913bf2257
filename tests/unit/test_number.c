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
		{ "", "invalid count '' (1 to 10)" },
		{ "x", "invalid count 'x' (1 to 10)" },
		{ "12x", "invalid count '12x' (1 to 10)" },
		{ "-1", "invalid count '-1' (1 to 10)" },
		{ "+1", "invalid count '+1' (1 to 10)" },
		{ " 1", "invalid count ' 1' (1 to 10)" },
		{ "1 ", "invalid count '1 ' (1 to 10)" },
		{ "0x1", "invalid count '0x1' (1 to 10)" },
		{ "1K", "invalid count '1K' (1 to 10)" },
		{ "0", "invalid count '0' (1 to 10)" },
		{ "11", "invalid count '11' (1 to 10)" },
		{ "18446744073709551616", "invalid count '18446744073709551616' (1 to 10)" },
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
		{ "", "invalid size '' (such as 100, 64K or 1M)" },
		{ "K", "invalid size 'K' (such as 100, 64K or 1M)" },
		{ "12x", "invalid size '12x' (such as 100, 64K or 1M)" },
		{ "1KB", "invalid size '1KB' (such as 100, 64K or 1M)" },
		{ "1 K", "invalid size '1 K' (such as 100, 64K or 1M)" },
		{ "1.5K", "invalid size '1.5K' (such as 100, 64K or 1M)" },
		{ "-1", "invalid size '-1' (such as 100, 64K or 1M)" },
		{ "1T", "invalid size '1T' (such as 100, 64K or 1M)" },
		{ "9223372036854775808", "invalid size '9223372036854775808': too large" },
		{ "99999999999G", "invalid size '99999999999G': too large" },
		{ "99999999999999999999", "invalid size '99999999999999999999': too large" },
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
		{ "", "invalid duration '' (such as 5, 500ms or 2m)" },
		{ "s", "invalid duration 's' (such as 5, 500ms or 2m)" },
		{ ".", "invalid duration '.' (such as 5, 500ms or 2m)" },
		{ "5.", "invalid duration '5.' (such as 5, 500ms or 2m)" },
		{ "5x", "invalid duration '5x' (such as 5, 500ms or 2m)" },
		{ "5 s", "invalid duration '5 s' (such as 5, 500ms or 2m)" },
		{ "-5", "invalid duration '-5' (such as 5, 500ms or 2m)" },
		{ "1,5", "invalid duration '1,5' (such as 5, 500ms or 2m)" },
		{ "1e3", "invalid duration '1e3' (such as 5, 500ms or 2m)" },
		{ "inf", "invalid duration 'inf' (such as 5, 500ms or 2m)" },
		{ "0", "invalid duration '0': must be above 0" },
		{ "0.000s", "invalid duration '0.000s': must be above 0" },
		{ "99999999999999999999", "invalid duration '99999999999999999999': too long" },
		{ "366001d", "invalid duration '366001d': too long" },
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
