/* SPDX-License-Identifier: ISC */
/* test_suggest: what a command line without a command is answered with. */
#include "config.h"

#include "cli/suggest.h"

#include "base/err.h"
#include "cli/command_table.h"
#include "cli/options.h"
#include "cli/options_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS_MAX = 12 };

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

struct row {
	const char *words[WORDS_MAX];
	const char *answer;
};

/* Cut the line "liu COMMAND WORD..." into words, as a shell does. */
static int split(char *line, char *words[])
{
	int count = 0;
	char *out = line;
	bool quoted = false;

	for (char *at = line; *at != '\0'; count++) {
		words[count] = out;
		for (; *at != '\0' && (quoted || *at != ' '); at++) {
			if (*at == '\'')
				quoted = !quoted;
			else
				*out++ = *at == '\\' && !quoted ? *++at : *at;
		}
		at += *at == ' ';
		*out++ = '\0';
	}
	return count;
}

/* The program takes what it suggests. */
static void is_taken(const char *suggested)
{
	char line[ERR_TEXT_SIZE], *words[WORDS_MAX];
	struct options options;
	struct err err;
	int count;

	(void)snprintf(line, sizeof(line), "%s", suggested);
	count = split(line, words);
	assert_string_equal(words[0], "liu");
	assert_non_null(command_find(words[1]));
	if (!options_parse(command_find(words[1]), count - 2, words + 2, &options, &err))
		fail_msg("'%s': %s", suggested, err.text);
	options_free(&options);
}

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
		if (strstr(err.text, "did you mean: ") != NULL)
			is_taken(strstr(err.text, "did you mean: ") + strlen("did you mean: "));
	}
}

/* Each is a line of a command, which refuses it, and what it is answered with; "":
 * nothing. */
static void command_answers(struct row *rows, size_t row_count)
{
	for (size_t i = 0; i < row_count; i++) {
		const struct command *command = command_find(rows[i].words[0]);
		char **words = (char **)rows[i].words + 1;
		char expected[ERR_TEXT_SIZE];
		struct options options;
		struct err err;
		int count = 0;

		while (words[count] != NULL)
			count++;
		assert_false(options_parse(command, count, words, &options, &err));
		options_free(&options);
		(void)snprintf(err.text, sizeof(err.text), "it is wrong");
		(void)snprintf(expected, sizeof(expected), "it is wrong%s%s",
			       rows[i].answer[0] == '\0' ? "" : ", did you mean: liu ",
			       rows[i].answer);
		assert_false(suggest_line(command, count, words, &err));
		assert_string_equal(err.text, expected);
		if (rows[i].answer[0] != '\0')
			is_taken(strstr(err.text, "liu "));
	}
}

static void command_lines(void **state)
{
	static struct row rows[] = {
		{ { "listen", "-p", "8080" }, "listen :8080" },
		{ { "listen", "-kp8080", "echo" }, "listen -k :8080 echo" },
		{ { "listen", "-l", "8080" }, "listen :8080" },
		{ { "connect", "-l", "-k", "8080" }, "listen -k :8080" },
		{ { "connect", "-l", "127.0.0.1", "-p", "80" }, "listen 127.0.0.1 80" },
		{ { "connect", "-zv", "host", "22" }, "connect -v host 22 close" },
		{ { "connect", "-z", "-w", "3", "host", "22" }, "connect -w 3 host 22 close" },
		{ { "connect", "--ssl", "h", "443", "write", "-n" },
		  "connect --tls h 443 write -n" },
		{ { "connect", "h:443", "--ssl", "-q" }, "connect --tls -q h:443" },
		{ { "connect", "-k", "tls:h:443" }, "connect --insecure tls:h:443" },
		{ { "connect", "-k", "h:80" }, "" }, /* not without TLS */
		{ { "connect", "http://h/x y" }, "" },
		{ { "connect", "http://h/x" }, "head http://h/x" },
		{ { "listen", "-q", "http://h", "read", "4" }, "head -q http://h" },
		{ { "listen", "HTTPS://h/" }, "head HTTPS://h/" },
		{ { "connect", "sd:web", "echo" }, "listen sd:web echo" },
		{ { "echo", "-l", "8080" }, "echo :8080" },
		{ { "echo", "--ssl", "--ssl-cert", "c", "--ssl-key=k", "8080" },
		  "echo --tls --cert c --key k 8080" },
		{ { "head", "-I", "https://h/" }, "head https://h/" },
		{ { "head", "-sSk", "https://h/", "-I" }, "head --insecure https://h/" },
		{ { "head", "-fm5", "--fail=200,304", "h" },
		  "head --fail --timeout 5 --fail=200,304 h" },
		{ { "head", "--max-time=5", "h", "i" }, "head --timeout 5 h i" },
		{ { "connect", "TCP4:host:80" }, "connect host:80" },
		{ { "connect", "tcp-connect:[::1]:80", "-" }, "connect '[::1]:80'" },
		{ { "connect", "TCP-LISTEN:8080,reuseaddr,fork", "STDIO" }, "listen -k :8080" },
		{ { "connect", "TCP-LISTEN:80,fork,range=10.0.0.0/8,reuseaddr", "-" },
		  "listen -k --allow 10.0.0.0/8 :80" },
		{ { "connect", "TCP4-LISTEN:80,bind=127.0.0.1,fork", "-" },
		  "listen -k 127.0.0.1:80" },
		{ { "listen", "OPENSSL-LISTEN:443,bind=[::1],cert=c,key=k", "EXEC:ls" },
		  "listen --cert c --key k 'tls:[::1]:443' exec ls" },
		{ { "connect", "TCP4:h:80,bind=127.0.0.1" }, "connect h:80" },
		{ { "listen", "UNIX-LISTEN:/tmp/s" }, "listen unix:/tmp/s" },
		{ { "connect", "OPENSSL:h:443,verify=0" }, "connect tls:h:443" },
		{ { "listen", "OPENSSL-LISTEN:443,reuseaddr" }, "listen tls::443" },
		{ { "connect", "-connect", "h:443", "--ssl" }, "connect --tls h:443" },
		{ { "connect", "-servername", "x", "tls:h:443" },
		  "connect --server-name x tls:h:443" },
		/* Other errors, and habits that liu has no answer to. */
		{ { "connect", "--frobnicate", "h:1" }, "" },
		{ { "connect", "-z", "h:1", "frobnicate" }, "" },
		{ { "connect", "h" }, "" },
		{ { "head", "-L", "http://h/" }, "" },
		{ { "listen", "-p" }, "" },
		{ { "listen", "--ssl", "h:1", "2" }, "" },
	};

	(void)state;
	command_answers(rows, COUNT(rows));
}

/* They ask for the steps exec, to and broker. */
static void command_lines_with_steps(void **state)
{
	static struct row rows[] = {
		{ { "connect", "TCP-LISTEN:80,fork", "EXEC:cat -u,pty" },
		  "listen -k :80 exec 'cat -u'" },
		{ { "listen", "TCP-LISTEN:80,fork", "SYSTEM:cat" }, "listen -k :80 exec cat" },
		{ { "listen", "TCP4-LISTEN:80", "exec", "cat" }, "listen :80 exec cat" },
		{ { "listen", "TCP6-L:80,fork", "EXEC:cat" }, "listen -k :80 exec cat" },
		{ { "connect", "TCP6-CONNECT:h:80" }, "connect h:80" },
		{ { "connect", "EXEC:cat", "TCP4:h:80" }, "connect h:80 exec cat" },
		{ { "listen", "TCP-LISTEN:80,fork", "TCP:h:81,retry=3" }, "listen -k :80 to h:81" },
		{ { "listen", "UNIX-LISTEN:/tmp/s", "OPENSSL:h:443" },
		  "listen unix:/tmp/s to tls:h:443" },
		{ { "connect", "TCP4:h:80", "TCP-LISTEN:81" }, "" },
		{ { "listen", "-lkp", "80", "-e", "/bin/cat" }, "listen -k :80 exec /bin/cat" },
		{ { "listen", "--keep-open", "-l", "80", "--sh-exec", "cat -u" },
		  "listen --keep-open :80 exec 'cat -u'" },
		{ { "connect", "--exec=cat", "h", "80" }, "connect h 80 exec cat" },
		{ { "connect", "-e", "cat", "h", "80" }, "connect h 80 exec cat" },
		{ { "listen", "--broker", "80" }, "listen -k :80 broker" },
		{ { "connect", "-l", "--chat", "-p", "80" }, "listen -k :80 broker" },
		{ { "listen", "-k", "--broker", "80" }, "listen -k :80 broker" },
		{ { "listen", "-v", "--broker", "--keep-open", "80" }, "listen -v -k :80 broker" },
		{ { "connect", "-l", "--allow", "10.0.0.0/8", "80" },
		  "listen --allow 10.0.0.0/8 :80" },
		{ { "listen", "80", "-e" }, "" },
	};

	(void)state;
	command_answers(rows, COUNT(rows));
}

/* Of two suggestions the line is the better one. */
static void a_line_takes_the_place_of_a_word(void **state)
{
	static const char *const words[] = { "--ssl", "h:1", NULL };
	struct err err = { .text = "unknown option --ssl, did you mean --tls?" };

	(void)state;
	(void)suggest_line(&command_connect, 2, (char **)words, &err);
	assert_string_equal(err.text, "unknown option --ssl, did you mean: liu connect --tls h:1");
	err = (struct err){ .text = "unknown option --x, did you mean --y?" };
	(void)suggest_line(&command_connect, 1, (char **)words + 1, &err);
	assert_string_equal(err.text, "unknown option --x, did you mean: liu connect h:1");
}

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
		{ { "liu", "host", "80", "write", "it's $HOME", "write", "" },
		  "connect host 80 write 'it'\\''s $HOME' write ''" },
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
		{ { "liu", "-lvkp8080" }, "listen -v -k :8080" },
		{ { "liu", "-l", "localhost", "8080" }, "listen localhost 8080" },
		{ { "liu", "-lU", "/tmp/s" }, "listen unix:/tmp/s" },
		{ { "liu", "-z", "host", "22" }, "connect host 22 close" },
		{ { "liu", "-zv", "-w", "3", "host", "22" },
		  "connect -v --connect-timeout 3 --idle-timeout 3 host 22 close" },
		{ { "liu", "-w3", "host", "22" },
		  "connect --connect-timeout 3 --idle-timeout 3 host 22" },
		{ { "liu", "-nN", "-q", "1", "-4C", "host", "22" },
		  "connect --quit-after 1 -4 -C host 22" },
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
		{ { "liu", "-x", "proxy:1", "h", "80" }, "" },
		{ { "liu", "-z", "1", "2", "3" }, "" },
		{ { "liu", "-w0", "host", "22" }, "" },
		{ { "liu", "-d", "-q", "1", "host", "22" }, "" },
		{ { "liu", "-v", "-l", "--", "8080" }, "" },
		{ { "liu", "localhost" }, "" },
		/* Each word asks for another command. */
		{ { "liu", "http://x", "--frobnicate" }, "" },
		{ { "liu", "--keep-open", "connect", "80" }, "" },
		{ { "liu", "sd:", "http://x" }, "" },
	};

	(void)state;
	answers(rows, COUNT(rows), "unknown command ", " (connect, listen, echo, head or help)");
}

static void other_programs(void **state)
{
	static struct row rows[] = {
		{ { "liu", "nc", "-l", "-p", "8080" }, "listen :8080" },
		{ { "liu", "ncat", "--ssl", "h", "443" }, "connect --tls h 443" },
		{ { "liu", "ncat", "-lk", "8080", "--ssl" }, "listen -k --tls :8080" },
		{ { "liu", "socat", "-", "TCP:h:80" }, "connect TCP:h:80" },
		{ { "liu", "socat", "-", "UNIX-CONNECT:/s" }, "connect unix:/s" },
		{ { "liu", "-", "OPENSSL:h:443" }, "connect tls:h:443" },
		{ { "liu", "nc", "-e", "/bin/sh", "h", "80" }, "connect h 80 exec /bin/sh" },
		{ { "liu", "-e", "cat", "h", "80" }, "connect h 80 exec cat" },
		{ { "liu", "ncat", "-l", "--broker", "80" }, "listen -k :80 broker" },
		{ { "liu", "ncat", "--allow", "10.0.0.0/8", "-l", "80" },
		  "listen --allow 10.0.0.0/8 :80" },
		{ { "liu", "socat", "TCP-LISTEN:80", "TCP:h:81" }, "listen :80 to h:81" },
		{ { "liu", "socat", "TCP-LISTEN:80,fork", "EXEC:cat" }, "listen -k :80 exec cat" },
		{ { "liu", "curl", "-sI", "https://h/" }, "head https://h/" },
		{ { "liu", "-I", "h" }, "head h" },
		{ { "liu", "openssl", "s_client", "-connect", "h:443", "-servername", "x" },
		  "connect --server-name x tls:h:443" },
		{ { "liu", "s_client", "-quiet", "h:443" }, "connect tls:h:443" },
		{ { "liu", "s_server", "-accept", "8443", "-cert", "c", "-key", "k" },
		  "listen --cert c --key k tls::8443" },
	};

	(void)state;
	answers(rows, COUNT(rows), "", " is not a command, did you mean: liu ");
}

static void udp(void **state)
{
	static struct row rows[] = {
		{ { "liu", "-u", "h", "53" }, "" },
		{ { "liu", "-lu", "53" }, "" },
	};

	(void)state;
	answers(rows, COUNT(rows), "",
		" is not a command: UDP is not supported, only byte streams (TCP, TLS, Unix)");
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
		cmocka_unit_test(other_programs),
		cmocka_unit_test(command_lines),
		cmocka_unit_test(command_lines_with_steps),
		cmocka_unit_test(a_line_takes_the_place_of_a_word),
		cmocka_unit_test(udp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
