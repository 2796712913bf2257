/* SPDX-License-Identifier: ISC */
/* test_log: which lines are printed, and what they look like. */
#include "config.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TEXT_SIZE = 4096 };

/* Standard error becomes a pipe that keeps packets apart: one read(2) gives
 * what one write(2) wrote. */
static int reading, saved_stderr;

static int setup(void **state)
{
	int ends[2];

	(void)state;
	if (pipe2(ends, O_DIRECT | O_NONBLOCK | O_CLOEXEC) != 0)
		return -1;
	saved_stderr = dup(STDERR_FILENO);
	if (saved_stderr < 0 || dup2(ends[1], STDERR_FILENO) < 0)
		return -1;
	close(ends[1]);
	reading = ends[0];
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	log_set(0, false);
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(reading);
	return 0;
}

/* What one write(2) has written, "" when there was none. */
static const char *written(char text[TEXT_SIZE])
{
	ssize_t n = read(reading, text, TEXT_SIZE - 1);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void a_line_is_one_write(void **state)
{
	char text[TEXT_SIZE];

	(void)state;
	log_line(LOG_ERROR, "%s: %d", "code", 5);
	log_line(LOG_NOTICE, "second");
	assert_string_equal(written(text), "liu: code: 5\n");
	assert_string_equal(written(text), "liu: second\n");
	assert_string_equal(written(text), "");
}

static void controls_are_made_visible(void **state)
{
	char text[TEXT_SIZE];

	(void)state;
	log_line(LOG_NOTICE, "peer said '%s'", "\x1B[2J\nliu: forged\\");
	assert_string_equal(written(text), "liu: peer said '\\e[2J\\nliu: forged\\'\n");
}

static void levels(void **state)
{
	/* From which level on, for each kind in order. */
	static const int from[] = { INT_MIN, INT_MIN, -1, 0, 0, 1, 2, 3 };
	char text[TEXT_SIZE];

	(void)state;
	for (int level = -3; level <= 4; level++) {
		log_set(level, false);
		for (enum log_level kind = LOG_USAGE; kind <= LOG_DEBUG; kind++) {
			bool shown = level >= from[kind];
			const char *line = kind == LOG_READY ? "x\n" : "liu: x\n";

			assert_int_equal(log_enabled(kind), shown);
			log_line(kind, "x");
			assert_string_equal(written(text), shown ? line : "");
		}
	}
}

static void color_is_of_the_name_only(void **state)
{
	char text[TEXT_SIZE];

	(void)state;
	log_set(0, true);
	log_line(LOG_ERROR, "x");
	assert_string_equal(written(text), "\x1B[1;31mliu:\x1B[0m x\n");
	log_line(LOG_READY, "x");
	assert_string_equal(written(text), "x\n");
}

static void say(void *arg)
{
	(void)!write(STDERR_FILENO, arg, strlen(arg));
	log_line(LOG_NOTICE, "its own");
}

static void something_is_called_before_each_line(void **state)
{
	static char before[] = "before";
	char text[TEXT_SIZE];

	(void)state;
	log_before(say, before);
	log_line(LOG_INFO, "not shown");
	log_line(LOG_NOTICE, "x");
	log_before(NULL, NULL);
	log_line(LOG_NOTICE, "y");
	assert_string_equal(written(text), "before");
	assert_string_equal(written(text), "liu: its own\n");
	assert_string_equal(written(text), "liu: x\n");
	assert_string_equal(written(text), "liu: y\n");
}

static void errno_is_kept(void **state)
{
	char text[TEXT_SIZE];

	(void)state;
	errno = EDOM;
	log_line(LOG_ERROR, "x");
	assert_int_equal(errno, EDOM);
	assert_string_equal(written(text), "liu: x\n");
	close(STDERR_FILENO);
	log_line(LOG_ERROR, "lost");
	assert_int_equal(errno, EDOM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_line_is_one_write, setup, teardown),
		cmocka_unit_test_setup_teardown(controls_are_made_visible, setup, teardown),
		cmocka_unit_test_setup_teardown(levels, setup, teardown),
		cmocka_unit_test_setup_teardown(color_is_of_the_name_only, setup, teardown),
		cmocka_unit_test_setup_teardown(something_is_called_before_each_line, setup,
						teardown),
		cmocka_unit_test_setup_teardown(errno_is_kept, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
