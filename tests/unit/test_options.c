/* SPDX-License-Identifier: ISC */
/* test_options: command lines into struct options, and the rows themselves. */
#include "config.h"

#include "cli/options.h"
#include "cli/options_parse.h"

#include "base/err.h"
#include "cli/command_table.h"
#include "cli/option_table.h"
#include "http/http_head.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum {
	WORDS_MAX = 24,
	SUMMARY_MAX = 48, /* beside the names within 80 columns */
};

#define PIN "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* The command line as words; ended by NULL. */
struct line {
	const char *words[WORDS_MAX];
};

#define LINE(...)                                                                                  \
	{                                                                                          \
		{                                                                                  \
			"liu", __VA_ARGS__                                                         \
		}                                                                                  \
	}

static bool parse(struct line *line, struct options *out, struct err *err)
{
	const struct command *command = command_find(line->words[1]);
	int argc = 0;

	while (line->words[argc] != NULL)
		argc++;
	assert_non_null(command);
	memset(err, 0, sizeof(*err));
	return options_parse(command, argc - 2, (char **)line->words + 2, out, err);
}

/* The options of a line that is right; they point into it. */
static struct options good(struct line *line)
{
	struct options options;
	struct err err;

	if (!parse(line, &options, &err))
		fail_msg("%s %s...: %s", line->words[1], line->words[2], err.text);
	return options;
}

static void refused(struct line line, const char *message)
{
	struct options options;
	struct err err;

	if (parse(&line, &options, &err))
		fail_msg("%s %s... is taken", line.words[1], line.words[2]);
	assert_string_equal(err.text, message);
	assert_int_equal(err.kind, ERR_USAGE);
	options_free(&options);
}

#define GOOD(...)	   good(&(struct line)LINE(__VA_ARGS__))
#define REFUSED(text, ...) refused((struct line)LINE(__VA_ARGS__), text)

static void defaults(void **state)
{
	struct options o = GOOD("connect", "h:1");

	(void)state;
	assert_int_equal(o.dialing.family, AF_UNSPEC);
	assert_int_equal(o.dialing.connect_timeout_ms, 0);
	assert_int_equal(o.dialing.handshake_timeout_ms, 60000);
	assert_int_equal(o.dialing.happy_eyeballs_delay_ms, 250);
	assert_int_equal(o.dialing.local.len, 0);
	assert_int_equal(o.session.handshake_timeout_ms, 60000);
	assert_int_equal(o.session.close_timeout_ms, 3000);
	assert_int_equal(o.session.timeout_ms, 0);
	assert_int_equal(o.session.step_timeout_ms, 0);
	assert_int_equal(o.session.idle_timeout_ms, 0);
	assert_int_equal(o.serve.accept_timeout_ms, 0);
	assert_int_equal(o.session.limit, 65536);
	assert_int_equal(o.session.high_water, 65536);
	assert_int_equal(o.session.low_water, 16384);
	assert_int_equal(o.listening.backlog, 100);
	assert_int_equal(o.serve.readiness.ready_fd, -1);
	assert_false(o.serve.keep_open);
	assert_string_equal(o.request.method, "HEAD");
	assert_null(o.fail);
	assert_null(o.until);
	assert_int_equal(o.color, COLOR_AUTO);
	assert_int_equal(o.verbose, 0);
	assert_int_equal(o.quiet, 0);
	options_free(&o);
}

static void forms_of_an_argument(void **state)
{
	static struct line lines[] = {
		LINE("connect", "--timeout", "5", "h:1"), LINE("connect", "--timeout=5", "h:1"),
		LINE("connect", "-w", "5", "h:1"),	  LINE("connect", "-w5", "h:1"),
		LINE("connect", "-vw5", "h:1"),		  LINE("connect", "-vw", "5", "h:1"),
		LINE("connect", "-w1", "-w", "5", "h:1"), LINE("connect", "h:1", "-w5"),
		LINE("connect", "-w5", "--", "h:1"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct options o = good(&lines[i]);

		assert_int_equal(o.session.timeout_ms, 5000);
		assert_int_equal(o.operands.count, 1);
		assert_string_equal(o.operands.items[0], "h:1");
		assert_false(o.steps->visible);
		options_free(&o);
	}
}

static void options_stand_before_the_steps(void **state)
{
	struct options o = GOOD("connect", "-C", "host", "80", "--chomp", "-v", "write", "-v",
				"writeline", "--json");

	(void)state;
	assert_int_equal(o.operands.count, 2);
	assert_string_equal(o.operands.items[0], "host");
	assert_string_equal(o.operands.items[1], "80");
	assert_true(o.session.crlf && o.session.chomp);
	assert_int_equal(o.verbose, 1);
	assert_false(o.json);
	assert_int_equal(o.steps->count, 2);
	assert_string_equal(o.steps->steps[0].text, "write -v");
	assert_string_equal(o.steps->steps[1].text, "writeline --json");
	options_free(&o);

	REFUSED("unknown step '-v': options stand before the first step", "listen", "8080", "--",
		"-v");
	REFUSED("unknown step 'readlin', did you mean readline?", "connect", "host:80", "readlin",
		"80");
}

static void echo_and_head_mix(void **state)
{
	struct options o = GOOD("head", "http://a/", "-v", "http://b/", "--json", "--", "-c");

	(void)state;
	assert_int_equal(o.operands.count, 3);
	assert_string_equal(o.operands.items[2], "-c");
	assert_true(o.json);
	assert_int_equal(o.verbose, 1);
	options_free(&o);

	o = GOOD("connect", "::1", "-v", "80", "-C", "read");
	assert_int_equal(o.operands.count, 2);
	assert_true(o.session.crlf);
	assert_int_equal(o.steps->count, 1);
	options_free(&o);

	o = GOOD("echo", "::1", "-v", "80", "--line");
	assert_int_equal(o.operands.count, 2);
	assert_true(o.line);
	options_free(&o);

	o = GOOD("echo");
	assert_int_equal(o.operands.count, 0);
	options_free(&o);
}

static void help_and_version_end_the_line(void **state)
{
	struct options o = GOOD("connect", "-h", "--bogus");

	(void)state;
	assert_true(o.help);
	options_free(&o);
	o = GOOD("head", "--version");
	assert_true(o.version);
	options_free(&o);
	o = GOOD("listen", "1", "-k", "--help");
	assert_true(o.help);
	options_free(&o);
	REFUSED("unknown option --bogus", "connect", "--bogus", "--help");
}

static void unknown_options(void **state)
{
	(void)state;
	REFUSED("unknown option --timout, did you mean --timeout?", "connect", "--timout", "5");
	REFUSED("unknown option --timout, did you mean --timeout?", "connect", "--timout=5");
	REFUSED("unknown option --time, did you mean --timeout?", "head", "--time");
	REFUSED("unknown option --xyzzy", "connect", "--xyzzy");
	REFUSED("unknown option -Z", "connect", "-Z", "h:1");
	REFUSED("unknown option -Z in '-vZ'", "connect", "-vZ", "h:1");
	REFUSED("unknown option -t in '-timeout', did you mean --timeout?", "connect", "-timeout");
	REFUSED("-k is not an option of connect (only of listen and echo)", "connect", "-k", "h:1");
	REFUSED("--insecure is not an option of echo (only of connect, listen and head)", "echo",
		"--insecure", "1");
	REFUSED("--field is not an option of echo (only of head)", "echo", "--field=x");
	REFUSED("--run and --accept-timeout exclude each other", "echo", "--run", "true",
		"--accept-timeout", "1");
}

static void values_that_are_wrong(void **state)
{
	(void)state;
	REFUSED("--timeout: invalid duration '5x' (such as 5, 500ms or 2m)", "connect", "--timeout",
		"5x", "h:1");
	REFUSED("-w: invalid duration '5x' (such as 5, 500ms or 2m)", "connect", "-w5x", "h:1");
	REFUSED("-w: invalid duration '0': must be above 0", "connect", "-w", "0", "h:1");
	REFUSED("--timeout: invalid duration '' (such as 5, 500ms or 2m)", "connect",
		"--timeout=", "h:1");
	REFUSED("--timeout: invalid duration '-5' (such as 5, 500ms or 2m)", "connect", "--timeout",
		"-5", "h:1");
	REFUSED("--timeout needs an argument: D", "connect", "h:1", "--timeout");
	REFUSED("-w needs an argument: D", "connect", "h:1", "-vw");
	REFUSED("--crlf takes no argument: '--crlf=x'", "connect", "--crlf=x", "h:1");
	REFUSED("--limit: invalid size '0': must be above 0", "listen", "--limit=0", "1");
	REFUSED("--limit: invalid size '1KB' (such as 100, 64K or 1M)", "listen", "--limit=1KB",
		"1");
	REFUSED("--low-water (65537) is above --high-water (65536)", "echo", "--low-water=65537");
	REFUSED("--accept: invalid count '0' (1 or more)", "listen", "--accept", "0", "1");
	REFUSED("--backlog: invalid number '2147483648' (1 to 2147483647)", "listen", "1",
		"--backlog", "2147483648");
	REFUSED("--unix-mode: invalid mode '888' (octal, at most 0777)", "listen",
		"--unix-mode=888", "./s");
	REFUSED("--unix-mode: invalid mode '' (octal, at most 0777)", "listen",
		"--unix-mode=", "./s");
	REFUSED("--unix-mode: invalid mode '1000' (octal, at most 0777)", "listen",
		"--unix-mode=1000", "./s");
	REFUSED("--color: invalid value 'red' (auto, always or never)", "head", "--color", "red",
		"u");
	REFUSED("--cacert: the argument is empty", "connect", "--cacert=", "h:1");
	REFUSED("--pump: unknown pump 'x'", "connect", "--pump=x", "h:1");
	REFUSED("--pin: invalid pin 'sha256:12' (sha256: and 64 hexadecimal digits)", "connect",
		"--pin", "sha256:12", "h:1");
	REFUSED("--until: invalid escape \\q", "echo", "--until", "\\q");
	REFUSED("--until: the separator is empty", "echo", "--until", "");
	REFUSED("--exactly (65537) is above --limit (65536)", "echo", "--exactly", "65537");
}

static void options_that_conflict(void **state)
{
	(void)state;
	REFUSED("-4 and -6 exclude each other", "connect", "-64", "h:1");
	REFUSED("--send-only and --recv-only exclude each other", "connect", "--recv-only",
		"--send-only", "h:1");
	REFUSED("--send-only and --end-with-peer exclude each other", "connect", "--end-with-peer",
		"--send-only", "h:1");
	REFUSED("--insecure and --capath exclude each other", "head", "--capath=x", "--insecure",
		"u");
	REFUSED("--insecure and --pin exclude each other", "head", "--pin", PIN, "--insecure", "u");
	REFUSED("--line and --until exclude each other", "echo", "--until=x", "--line");
	REFUSED("--exactly and --until exclude each other", "echo", "--until=x", "--exactly=1");
	REFUSED("--key needs --cert", "listen", "--key", "k.pem", "1");
}

static void operands_that_are_missing_or_too_many(void **state)
{
	(void)state;
	REFUSED("connect needs an ADDRESS", "connect");
	REFUSED("listen needs an ADDRESS", "listen", "-k");
	REFUSED("head needs a URL", "head", "-v");
	REFUSED("'x': echo takes one ADDRESS", "echo", "h:1", "x");
	REFUSED("'x': echo takes one ADDRESS", "echo", "h", "1", "x");
}

static void values_of_a_connection(void **state)
{
	struct options o = GOOD("connect", "--connect-timeout", "1s", "--handshake-timeout=2",
				"--step-timeout=3", "--idle-timeout=4", "--close-timeout=500ms",
				"--limit=1K", "--high-water=10", "-6", "-s", "[::1]:99", "--nagle",
				"--happy-eyeballs-delay=1m", "-qqq", "h:1");
	const struct sockaddr_in6 *local = (const struct sockaddr_in6 *)&o.dialing.local;

	(void)state;
	assert_int_equal(o.dialing.connect_timeout_ms, 1000);
	assert_int_equal(o.dialing.handshake_timeout_ms, 2000);
	assert_int_equal(o.session.handshake_timeout_ms, 2000);
	assert_int_equal(o.session.step_timeout_ms, 3000);
	assert_int_equal(o.session.idle_timeout_ms, 4000);
	assert_int_equal(o.session.close_timeout_ms, 500);
	assert_int_equal(o.session.limit, 1024);
	assert_int_equal(o.session.high_water, 10);
	assert_int_equal(o.session.low_water, 2);
	assert_int_equal(o.dialing.family, AF_INET6);
	assert_int_equal(o.dialing.happy_eyeballs_delay_ms, 60000);
	assert_true(o.dialing.nagle);
	assert_int_equal(local->sin6_family, AF_INET6);
	assert_int_equal(ntohs(local->sin6_port), 99);
	assert_int_equal(o.quiet, 3);
	options_free(&o);
	REFUSED("--local-addr: '127.0.0.1' is excluded by -6", "connect", "-6", "-s127.0.0.1",
		"h:1");
}

static void values_of_the_step_to(void **state)
{
	struct options o = GOOD("listen", "--connect-timeout", "1s", "-s127.0.0.1", "--cacert=c",
				"--server-name=x", "h:0", "to", "tls:unix:/s");

	(void)state;
	REFUSED("--connect-timeout needs the step to", "listen", "--connect-timeout=1", "1",
		"echo");
	REFUSED("--cacert needs TLS on the side that dials (tls:ADDRESS, to tls:ADDRESS, an https "
		"URL)",
		"listen", "--cacert=c", "--tls", "1", "to", "h:1");
	REFUSED("--cert needs TLS (--tls, tls:ADDRESS or an https URL)", "listen", "--cert=c", "1",
		"to", "tls:h:1");
	REFUSED("TLS to an address without a host needs --server-name, --pin or --insecure",
		"listen", "1", "to", "tls:unix:/s");
	REFUSED("--server-name is for one address, but ADDRESS and that of 'to' both have TLS",
		"connect", "--server-name=x", "tls:h:1", "to", "tls:h:2");
	REFUSED("to: 'fd:3' is open already: ADDRESS must be one to connect to", "listen", "1",
		"to", "fd:3");
	REFUSED("to: 'sd:' is only for listening", "connect", "h:1", "to", "sd:");
	REFUSED("to: '::1' is excluded by -4", "listen", "-4", "1", "to", "[::1]:2");
	REFUSED("to: 'h' has no port: h:PORT", "listen", "1", "to", "h", "80");
	options_free(&o);
}

static void values_of_a_relay(void **state)
{
	struct options o = GOOD("connect", "--quit-after=0", "--no-half-close", "h:1");

	(void)state;
	assert_true(o.session.relay.has_quit_after);
	assert_int_equal(o.session.relay.quit_after_ms, 0);
	assert_true(o.session.relay.no_half_close);
	assert_false(o.session.relay.end_with_peer);
	options_free(&o);
	o = GOOD("connect", "h:1");
	assert_false(o.session.relay.has_quit_after);
	options_free(&o);
}

static void values_of_tls(void **state)
{
	struct options o = GOOD("connect", "--tls", "--pin", PIN, "--pin=" PIN, "--cert=c",
				"--key=k", "--server-name", "n", "--allow-truncated", "h:1");

	(void)state;
	assert_true(o.tls);
	assert_int_equal(o.tls_settings.pin_count, 2);
	assert_string_equal(o.tls_settings.pins[1], PIN);
	assert_string_equal(o.tls_settings.cert, "c");
	assert_string_equal(o.tls_settings.key, "k");
	assert_string_equal(o.tls_settings.server_name, "n");
	assert_true(o.tls_settings.allow_truncated);
	assert_false(o.tls_settings.insecure);
	options_free(&o);
}

static void options_without_effect(void **state)
{
	static struct line lines[] = {
		LINE("listen", "--unix-mode=600", "8080", "--address=unix:/s"),
		LINE("listen", "--unix-owner=0", "tls:./s"),
		LINE("connect", "--insecure", "tls:h:1"),
		LINE("connect", "--insecure", "--tls", "h:1"),
		LINE("head", "--insecure", "http://h", "https://h"),
		LINE("connect", "--send-only", "h:1"),
		LINE("listen", "--end-with-peer", "8080", "skipline", "relay"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct options o = good(&lines[i]);

		options_free(&o);
	}
	REFUSED("--unix-mode needs the address of a Unix socket file", "listen", "--unix-mode=600",
		"unix:@s");
	REFUSED("--unix-owner needs the address of a Unix socket file", "echo", "--unix-owner=0");
	REFUSED("--insecure needs TLS on the side that dials (tls:ADDRESS, to tls:ADDRESS, an "
		"https URL)",
		"head", "--insecure", "http://h");
	REFUSED("--pin needs TLS on the side that dials (tls:ADDRESS, to tls:ADDRESS, an https "
		"URL)",
		"connect", "--pin=" PIN, "h:1");
	REFUSED("--quit-after needs the step relay", "listen", "--quit-after=1", "8080", "echo");
	REFUSED("--fail takes its argument only after '=': --fail=200-299", "head", "--fail",
		"200-299", "h");
}

static void values_of_a_listener(void **state)
{
	struct options o =
		GOOD("listen", "-4", "--accept=3", "--accept-timeout=1", "-m7", "--backlog=5",
		     "--reuse-port", "--unix-mode=660", "--unix-owner", "u:g", "--address", "1",
		     "--address=./s", "--address-file=f", "--ready-fd=3", "-w2", ":80");

	(void)state;
	assert_true(o.serve.keep_open);
	assert_int_equal(o.serve.accept_count, 3);
	assert_int_equal(o.serve.accept_timeout_ms, 1000);
	assert_int_equal(o.serve.max_conns, 7);
	assert_int_equal(o.serve.readiness.ready_fd, 3);
	assert_string_equal(o.serve.readiness.address_file, "f");
	assert_int_equal(o.listening.family, AF_INET);
	assert_int_equal(o.listening.backlog, 5);
	assert_true(o.listening.reuse_port);
	assert_false(o.listening.no_reuse_addr);
	assert_true(o.listening.has_unix_mode);
	assert_int_equal(o.listening.unix_mode, 0660);
	assert_string_equal(o.listening.unix_owner, "u:g");
	assert_int_equal(o.more_addresses.count, 2);
	assert_string_equal(o.more_addresses.items[1], "./s");
	/* Of each connection, not of the listener. */
	assert_int_equal(o.session.timeout_ms, 2000);
	options_free(&o);
	o = GOOD("echo", "--until", "\\0;", "--until", "\\r\\n");
	assert_true(o.serve.keep_open);
	assert_string_equal(o.until, "\\r\\n");
	options_free(&o);
	o = GOOD("echo", "--exactly=64K");
	assert_int_equal(o.exactly, 65536);
	options_free(&o);
}

static void values_of_head(void **state)
{
	struct options o = GOOD("head", "u", "-X", "GET", "-H", "A: b", "--header=C:", "-Ame",
				"--http1.0", "--fail", "--field", "x", "--field=y");

	(void)state;
	assert_string_equal(o.request.method, "GET");
	assert_int_equal(o.request.header_count, 2);
	assert_string_equal(o.request.headers[1], "C:");
	assert_string_equal(o.request.user_agent, "me");
	assert_true(o.request.http10);
	assert_true(http_ranges_hold(o.fail, 399));
	assert_false(http_ranges_hold(o.fail, 400));
	assert_int_equal(o.fields.count, 2);
	assert_int_equal(o.operands.count, 1);
	options_free(&o);
	o = GOOD("head", "u", "--fail=200-299", "--fail=404");
	assert_false(http_ranges_hold(o.fail, 200));
	assert_true(http_ranges_hold(o.fail, 404));
	options_free(&o);
}

static void values_of_head_that_are_wrong(void **state)
{
	static struct line lines[] = {
		LINE("head", "u", "-H", "no colon"), LINE("head", "u", "-X", "A B"),
		LINE("head", "u", "-A", "a\rb"),     LINE("head", "u", "--fail=x"),
		LINE("head", "u", "--fail="),	     LINE("head", "u", "-X", ""),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct options options;
		struct err err;

		if (parse(&lines[i], &options, &err))
			fail_msg("'%s' is taken", lines[i].words[4]);
		assert_int_equal(err.kind, ERR_USAGE);
		options_free(&options);
	}
}

/* --- the rows --- */

typedef void (*row_fn)(const struct option_row *row, const struct command *command);

static void for_each_row(const struct command *command, row_fn check)
{
	for (const struct option_row *row = option_table; row < option_table_end; row++)
		if (option_is_of(row, command))
			check(row, command);
}

/* How many rows of the command have the name, or the letter. */
static int count_rows(const struct command *command, const char *name, char letter)
{
	int found = 0;

	for (const struct option_row *row = option_table; row < option_table_end; row++) {
		if (!option_is_of(row, command))
			continue;
		if (letter != 0)
			found += row->letter == letter;
		else if (row->name != NULL)
			found += strcmp(row->name, name) == 0;
	}
	return found;
}

static void check_names(const struct option_row *row, const struct command *command)
{
	assert_true(row->name != NULL || row->letter != 0);
	if (row->name != NULL && count_rows(command, row->name, 0) != 1)
		fail_msg("--%s twice", row->name);
	if (row->letter != 0 && count_rows(command, NULL, row->letter) != 1)
		fail_msg("-%c twice", row->letter);
}

static void check_summary(const struct option_row *row, const struct command *command)
{
	(void)command;
	if (row->summary != NULL && strlen(row->summary) > SUMMARY_MAX)
		fail_msg("%s: too long", row->summary);
}

static void check_arg(const struct option_row *row, const struct command *command)
{
	bool takes_none = row->type == OPTION_SWITCH || row->type == OPTION_REPEATED;

	(void)command;
	assert_int_equal(takes_none, row->arg == NULL);
	assert_int_equal(row->otherwise != NULL, row->arg != NULL && row->arg[0] == '[');
	assert_true(row->offset < sizeof(struct options));
}

static void check_relations(const struct option_row *row, const struct command *command)
{
	if (row->needs != NULL && count_rows(command, row->needs, 0) != 1)
		fail_msg("'%s' names no option", row->needs);
	for (const char *const *other = row->excludes; *other != NULL; other++)
		if (count_rows(command, *other, 0) != 1)
			fail_msg("'%s' names no option", *other);
	assert_null(row->excludes[OPTION_EXCLUDES]);
	assert_true(row->name != NULL || (row->needs == NULL && row->excludes[0] == NULL));
}

static void rows_are_well_formed(void **state)
{
	(void)state;
	for (size_t i = 0; command_table[i] != NULL; i++) {
		for_each_row(command_table[i], check_names);
		for_each_row(command_table[i], check_summary);
		for_each_row(command_table[i], check_arg);
		for_each_row(command_table[i], check_relations);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(forms_of_an_argument),
		cmocka_unit_test(options_stand_before_the_steps),
		cmocka_unit_test(echo_and_head_mix),
		cmocka_unit_test(help_and_version_end_the_line),
		cmocka_unit_test(unknown_options),
		cmocka_unit_test(values_that_are_wrong),
		cmocka_unit_test(options_that_conflict),
		cmocka_unit_test(operands_that_are_missing_or_too_many),
		cmocka_unit_test(values_of_a_connection),
		cmocka_unit_test(values_of_the_step_to),
		cmocka_unit_test(values_of_a_relay),
		cmocka_unit_test(values_of_tls),
		cmocka_unit_test(options_without_effect),
		cmocka_unit_test(values_of_a_listener),
		cmocka_unit_test(values_of_head),
		cmocka_unit_test(values_of_head_that_are_wrong),
		cmocka_unit_test(rows_are_well_formed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
