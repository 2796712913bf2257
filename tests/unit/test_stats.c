/* SPDX-License-Identifier: ISC */
/* test_stats: the line of totals. */
#include "config.h"

#include "session/stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SECOND_US = 1000 * 1000 };

static void says(struct stats stats, bool listening, uint64_t us, const char *expected)
{
	char *text = stats_text(&stats, listening, us);

	assert_string_equal(text, expected);
	free(text);
}

static void test_of_a_client(void **state)
{
	(void)state;
	says((struct stats){ 0 }, false, 0,
	     "received 0 bytes (0 B/s), sent 0 bytes (0 B/s) in 0.000 s");
	says((struct stats){ .received = 1, .sent = 1023 }, false, SECOND_US,
	     "received 1 byte (1 B/s), sent 1023 bytes (1023 B/s) in 1.000 s");
	says((struct stats){ .received = 1024, .sent = 3 << 20 }, false, 2 * SECOND_US + 345678,
	     "received 1024 bytes (437 B/s), sent 3145728 bytes (1.3 MiB/s) in 2.346 s");
}

static void test_of_a_listener(void **state)
{
	(void)state;
	says((struct stats){ 0 }, true, SECOND_US,
	     "0 connections, 0 open, 0 failed, 0 probes, 0 refused; "
	     "received 0 bytes (0 B/s), sent 0 bytes (0 B/s) in 1.000 s");
	says((struct stats){ 1, 1, 1, 1, 1, 1024, 1536 }, true, SECOND_US,
	     "1 connection, 1 open, 1 failed, 1 probe, 1 refused; "
	     "received 1024 bytes (1.0 KiB/s), sent 1536 bytes (1.5 KiB/s) in 1.000 s");
	says((struct stats){ 12, 2, 3, 4, 5, UINT64_MAX, 1ULL << 40 }, true, SECOND_US,
	     "12 connections, 2 open, 3 failed, 4 probes, 5 refused; "
	     "received 18446744073709551615 bytes (16777216.0 TiB/s), "
	     "sent 1099511627776 bytes (1.0 TiB/s) in 1.000 s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_a_client),
		cmocka_unit_test(test_of_a_listener),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
