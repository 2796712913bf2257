/* SPDX-License-Identifier: ISC */
/* test_suggest: what a command line without a command is answered with. */
#include "config.h"

#include "cli/suggest.h"

#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS_MAX = 12 };

struct row {
	const char *words[WORDS_MAX];
	const char *answer;
};

/* Each is answered with `before`, the word in quotes, `after` and its answer. */
static void answers(struct row *rows, size_t count, const char *before, const char *after)
{
	for (size_t i = 0; i < count; i++) {
		char expected[ERR_TEXT_SIZE];
		struct err err = { .kind = ERR_OK };
		int argc = 0;

		while (rows[i].words[argc] != NULL)
			argc++;
		(void)snprintf(expected, sizeof(expected), "%s'%s'%s%s", before, rows[i].words[1],
			       after, rows[i].answer);
		assert_false(suggest_command(argc, (char **)rows[i].words, &err));
		assert_int_equal(err.kind, ERR_USAGE);
		assert_string_equal(err.text, expected);
	}
}

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void mistyped_commands(void **state)
{
	static struct row rows[] = {
		{ { "liu", "conect", "h:1" }, "connect?" },
		{ { "liu", "lisen", "8080" }, "listen?" },
		{ { "liu", "haed", "http://h/" }, "head?" },
		{ { "liu", "Echo" }, "echo?" },
		{ { "liu", "hlep" }, "help?" },
	};

	(void)state;
	answers(rows, COUNT(rows), "unknown command ", ", did you mean ");
}

static void addresses(void **state)
{
	static struct row rows[] = {
		{ { "liu", "host", "80" }, "connect host 80" },
		{ { "liu", "host", "80", "write", "it's $HOME", "" },
		  "connect host 80 write 'it'\\''s $HOME' ''" },
		{ { "liu", "sd:", "echo" }, "listen sd: echo" },
		{ { "liu", "SD:web" }, "listen SD:web" },
		{ { "liu", "https://example.com/" }, "head https://example.com/" },
		{ { "liu", "HTTP://[::1]/" }, "head 'HTTP://[::1]/'" },
		{ { "liu", "http://h/?a=b" }, "head 'http://h/?a=b'" },
	};

	(void)state;
	answers(rows, COUNT(rows), "", " is not a command, did you mean: liu ");
}

static void short_for_connect(void **state)
{
	static const char *const yes[] = { "host:80", "8080", "::1",  "[::1]:80", "unix:/run/x",
					   "./sock",  "fd:3", "/run", "tls:h:1",  "ftp://h" };
	static const char *const no[] = { "host", "",	  "-",	      "-v", "--x=a:1",
					  "sd:",  "sd:a", "http://h", "80a" };

	(void)state;
	for (size_t i = 0; i < COUNT(yes); i++)
		assert_true(suggest_is_connect(yes[i]));
	for (size_t i = 0; i < COUNT(no); i++)
		assert_false(suggest_is_connect(no[i]));
}

static void netcat_lines(void **state)
{
	static struct row rows[] = {
		{ { "liu", "-l", "8080" }, "listen :8080" },
		{ { "liu", "-lp", "8080" }, "listen :8080" },
		{ { "liu", "-lvkp8080" }, "listen -k -v :8080" },
		{ { "liu", "-l", "localhost", "8080" }, "listen localhost 8080" },
		{ { "liu", "-l", "-s", "::1", "8080" }, "listen ::1 8080" },
		{ { "liu", "-lU", "/tmp/s" }, "listen unix:/tmp/s" },
		{ { "liu", "-z", "host", "22" }, "connect host 22 close" },
		{ { "liu", "-zv", "-w", "3", "host", "22" },
		  "connect -v --connect-timeout 3 host 22 close" },
		{ { "liu", "-w3", "host", "22" },
		  "connect --connect-timeout 3 --idle-timeout 3 host 22" },
		{ { "liu", "-nN", "-q", "1", "-4C", "host", "22" },
		  "connect -4 -C --quit-after 1 host 22" },
		{ { "liu", "-d", "-s", "10.0.0.1", "host", "22" },
		  "connect --recv-only -s 10.0.0.1 host 22" },
		{ { "liu", "-U", "/tmp/s" }, "connect unix:/tmp/s" },
	};

	(void)state;
	answers(rows, COUNT(rows), "", " is not a command, did you mean: liu ");
}

static void options_before_the_command(void **state)
{
	static struct row rows[] = {
		{ { "liu", "-v", "connect", "h:1" }, "connect -v h:1" },
		{ { "liu", "--json", "head", "http://h/" }, "head --json http://h/" },
		{ { "liu", "--tls", "h:443", "read" }, "connect --tls h:443 read" },
		{ { "liu", "--keep-open", "8080" }, "listen --keep-open 8080" },
		{ { "liu", "-v", "h:1", "read" }, "connect -v h:1 read" },
	};

	(void)state;
	answers(rows, COUNT(rows), "", " is not a command, did you mean: liu ");
}

static void what_is_nothing_known(void **state)
{
	static struct row rows[] = {
		{ { "liu", "frobnicate" }, "" },
		{ { "liu", "" }, "" },
		{ { "liu", "-" }, "" },
		{ { "liu", "--frobnicate" }, "" },
		{ { "liu", "-l" }, "" },
		{ { "liu", "-e", "cat", "h", "80" }, "" },
		{ { "liu", "-x", "proxy:1", "h", "80" }, "" },
		{ { "liu", "-z", "1", "2", "3" }, "" },
		{ { "liu", "-w0", "host", "22" }, "" },
		{ { "liu", "-d", "-q", "1", "host", "22" }, "" },
		{ { "liu", "-v", "-l", "--", "8080" }, "" },
		{ { "liu", "localhost" }, "" },
	};

	(void)state;
	answers(rows, COUNT(rows), "unknown command ", " (connect, listen, echo, head or help)");
}

static void udp(void **state)
{
	static struct row rows[] = {
		{ { "liu", "-u", "h", "53" }, "" },
		{ { "liu", "-lu", "53" }, "" },
	};

	(void)state;
	answers(rows, COUNT(rows), "",
		": UDP is not supported, only byte streams (TCP, TLS, Unix)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistyped_commands),
		cmocka_unit_test(addresses),
		cmocka_unit_test(short_for_connect),
		cmocka_unit_test(netcat_lines),
		cmocka_unit_test(options_before_the_command),
		cmocka_unit_test(what_is_nothing_known),
		cmocka_unit_test(udp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
