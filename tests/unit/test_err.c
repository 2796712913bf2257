/* SPDX-License-Identifier: ISC */
/* test_err: kinds, statuses and texts of the error record. */
#include "config.h"

#include "base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void set_fills_everything_and_is_false(void **state)
{
	struct err err = { .kind = ERR_TLS, .sys = EPIPE };

	(void)state;
	assert_false(err_set(&err, ERR_USAGE, "no %s here, %d times", "bread", 2));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_int_equal(err.sys, 0);
	assert_string_equal(err.text, "no bread here, 2 times");
}

static void sys_appends_the_message(void **state)
{
	struct err err;

	(void)state;
	assert_false(err_sys(&err, ERR_CONNECT, ECONNREFUSED, "127.0.0.1:%d", 80));
	assert_int_equal(err.kind, ERR_CONNECT);
	assert_int_equal(err.sys, ECONNREFUSED);
	assert_string_equal(err.text, "127.0.0.1:80: connection refused");
}

static void prefix_keeps_kind_and_cause(void **state)
{
	struct err err;

	(void)state;
	(void)err_sys(&err, ERR_IO, EPIPE, "write");
	assert_false(err_prefix(&err, "step %d (%s)", 3, "write x"));
	assert_int_equal(err.kind, ERR_IO);
	assert_int_equal(err.sys, EPIPE);
	assert_string_equal(err.text, "step 3 (write x): write: broken pipe");
}

static void arguments_may_be_the_record_itself(void **state)
{
	struct err err;

	(void)state;
	(void)err_set(&err, ERR_IO, "inner");
	(void)err_set(&err, ERR_TLS, "outer: %s", err.text);
	assert_string_equal(err.text, "outer: inner");
	(void)err_prefix(&err, "%s", err.text);
	assert_string_equal(err.text, "outer: inner: outer: inner");
}

static void long_text_is_cut_at_a_character(void **state)
{
	char text[ERR_TEXT_SIZE * 2];
	struct err err;

	(void)state;
	/* One byte, then characters of two: the last place falls within one. */
	text[0] = 'x';
	for (size_t i = 1; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xC3\xA9", 3);
	(void)err_set(&err, ERR_IO, "%s", text);
	assert_int_equal(strlen(err.text), ERR_TEXT_SIZE - 1);
	assert_memory_equal(err.text, text, ERR_TEXT_SIZE - 1);
	(void)err_set(&err, ERR_IO, "%s", text + 1);
	assert_int_equal(strlen(err.text), ERR_TEXT_SIZE - 2);
	assert_memory_equal(err.text, text + 1, ERR_TEXT_SIZE - 2);
	(void)err_prefix(&err, "p");
	assert_int_equal(strlen(err.text), ERR_TEXT_SIZE - 1);
	assert_memory_equal(err.text, "p: \xC3\xA9", 5);
}

static void statuses_and_names_are_those_of_the_manual(void **state)
{
	static const struct {
		enum err_kind kind;
		int status;
		const char *name;
	} rows[] = {
		{ ERR_OK, 0, "ok" },
		{ ERR_IO, 1, "io" },
		{ ERR_USAGE, 2, "usage" },
		{ ERR_RESOLVE, 3, "resolve" },
		{ ERR_CONNECT, 4, "connect" },
		{ ERR_TLS, 5, "tls" },
		{ ERR_TIMEOUT, 6, "timeout" },
		{ ERR_INCOMPLETE_READ, 7, "incomplete-read" },
		{ ERR_LIMIT_OVERRUN, 8, "limit-overrun" },
		{ ERR_EXPECTATION, 9, "expectation" },
		{ ERR_PROXY, 10, "proxy" },
		{ ERR_EXEC, 11, "exec" },
		{ ERR_TLS_TRUNCATED, 5, "tls-truncated" },
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)err_set(&err, rows[i].kind, "x");
		assert_int_equal(err_status(&err), rows[i].status);
		assert_string_equal(err_name(rows[i].kind), rows[i].name);
	}
}

static void the_status_of_a_command_is_its_own(void **state)
{
	struct err err;

	(void)state;
	(void)err_set(&err, ERR_COMMAND, "failed");
	err.status = 126;
	(void)err_prefix(&err, "step %d", 1);
	(void)err_append(&err, "!");
	assert_string_equal(err.text, "step 1: failed!");
	assert_int_equal(err_status(&err), 126);
	assert_string_equal(err_name(err.kind), "exec");
}

static void messages_begin_in_lower_case(void **state)
{
	(void)state;
	assert_string_equal(err_message(ENOENT), "no such file or directory");
	assert_string_equal(err_message(EIO), "input/output error");
	assert_string_equal(err_message(123456), "unknown error 123456");
}

static void a_system_error_alone(void **state)
{
	struct err err = err_errno(ERR_CONNECT, ECONNREFUSED);

	(void)state;
	assert_int_equal(err.kind, ERR_CONNECT);
	assert_int_equal(err.sys, ECONNREFUSED);
	assert_string_equal(err.text, "connection refused");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_fills_everything_and_is_false),
		cmocka_unit_test(a_system_error_alone),
		cmocka_unit_test(sys_appends_the_message),
		cmocka_unit_test(prefix_keeps_kind_and_cause),
		cmocka_unit_test(arguments_may_be_the_record_itself),
		cmocka_unit_test(long_text_is_cut_at_a_character),
		cmocka_unit_test(statuses_and_names_are_those_of_the_manual),
		cmocka_unit_test(the_status_of_a_command_is_its_own),
		cmocka_unit_test(messages_begin_in_lower_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
