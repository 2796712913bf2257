/* SPDX-License-Identifier: ISC */
/* test_steps: words into steps, and which words and lists are refused. */
#include "config.h"

#include "io/loop.h"
#include "session/step.h"

#include "base/err.h"
#include "io/transport.h"
#include "session/regex.h"
#include "session/settings.h"
#include "session/step_args.h"
#include "stream/separators.h"
#include "unit/bytes_equal.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array)   (sizeof(array) / sizeof((array)[0]))
#define BYTES(literal) bytes_of(literal, sizeof(literal) - 1)

enum { WORDS_MAX = 200, HELP_COLUMNS_MAX = 72 };

/* A command line's words, split at '|'. */
struct split {
	char *text;
	char *words[WORDS_MAX];
	size_t count;
};

static struct split split(const char *line)
{
	struct split s = { .text = strdup(line) };
	char *at = s.text;

	assert_non_null(at);
	while (at != NULL) {
		assert_true(s.count < WORDS_MAX);
		s.words[s.count++] = strsep(&at, "|");
	}
	return s;
}

static struct session_settings default_settings(void)
{
	return (struct session_settings){ .limit = SETTINGS_LIMIT };
}

static struct step_list *parse_in(const char *line, const struct step_context *context,
				  struct err *err)
{
	struct split s = split(line);
	struct step_list *list = step_list_parse(s.words, s.count, context, err);

	free(s.text);
	return list;
}

static struct step_list *parse_with(const char *line, const struct session_settings *settings)
{
	struct step_context context = { .settings = settings, .connection_fd = -1 };
	struct err err = { .text = "" };
	struct step_list *list = parse_in(line, &context, &err);

	if (list == NULL)
		fail_msg("'%s': %s", line, err.text);
	return list;
}

static struct step_list *parse(const char *line)
{
	struct session_settings settings = default_settings();

	return parse_with(line, &settings);
}

/* " (write, writeline, ... or abort)" */
static void add_names(char *text, size_t size, const char *(*name)(size_t), size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)snprintf(text + strlen(text), size - strlen(text), "%s%s",
			       i == 0		? " ("
			       : i == count - 1 ? " or "
						: ", ",
			       name(i));
	(void)snprintf(text + strlen(text), size - strlen(text), ")");
}

static const char *step_name(size_t i)
{
	return step_table[i]->name;
}

static const char *key_name(size_t i)
{
	return info_key_name((enum info_key)i);
}

/* The message, with the names of all steps or keys for "(STEPS)" or "(KEYS)" at its end. */
static const char *message_of(const char *text, char buf[ERR_TEXT_SIZE])
{
	const char *mark = strstr(text, " (STEPS)");
	const char *keys = strstr(text, " (KEYS)");
	size_t steps = 0;

	while (step_table[steps] != NULL)
		steps++;
	(void)snprintf(buf, ERR_TEXT_SIZE, "%s", text);
	if (mark != NULL || keys != NULL)
		buf[(mark != NULL ? mark : keys) - text] = '\0';
	if (mark != NULL)
		add_names(buf, ERR_TEXT_SIZE, step_name, steps);
	else if (keys != NULL)
		add_names(buf, ERR_TEXT_SIZE, key_name, INFO_KEYS);
	return buf;
}

static void is_refused_in(const char *line, const struct step_context *context, const char *message)
{
	struct err err = { .kind = ERR_OK };
	struct step_list *list = parse_in(line, context, &err);
	char expected[ERR_TEXT_SIZE];

	if (list != NULL)
		fail_msg("'%s' is taken, expected: %s", line, message);
	if (strcmp(err.text, message_of(message, expected)) != 0)
		fail_msg("'%s'\nexpected: %s\nactual:   %s", line, expected, err.text);
	assert_int_equal(err.kind, ERR_USAGE);
}

static void is_refused(const char *line, const char *message)
{
	struct session_settings settings = default_settings();
	struct step_context context = { .settings = &settings, .connection_fd = -1 };

	is_refused_in(line, &context, message);
}

struct refusal {
	const char *line;
	const char *message;
};

static void are_refused(const struct refusal *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		is_refused(rows[i].line, rows[i].message);
}

static void are_taken(const char *const *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		step_list_free(parse(lines[i]));
}

/* --- what each step becomes --- */

/* A list of one step, whose words are all its own. */
static void is_one_step(const char *line)
{
	struct step_list *list = parse(line);

	if (list->count != 1)
		fail_msg("'%s': %zu steps", line, list->count);
	step_list_free(list);
}

static struct step_words words_of(struct split *s)
{
	return (struct step_words){ .items = s->words, .count = s->count };
}

static void is_size(const char *word, uint64_t size)
{
	struct split s = split(word);
	struct step_words words = words_of(&s);
	struct step step = { 0 };
	struct err err;

	assert_true(step_args_size(&step, &words, &err));
	assert_int_equal(step.n, size);
	assert_int_equal(words.at, 1);
	free(s.text);
}

/* `taken`: the number of words that it takes. */
static void is_count(const char *line, size_t taken, uint64_t count)
{
	struct split s = split(line);
	struct step_words words = words_of(&s);
	struct step step = { 0 };
	struct err err;

	assert_true(step_args_count(&step, &words, &err));
	assert_int_equal(step.n, count);
	assert_int_equal(words.at, taken);
	free(s.text);
}

static void numbers(void **state)
{
	static const char *const lines[] = {
		"read",	    "read|0",	  "read|2K",	   "readline|1",
		"skipline", "skipline|3", "readexactly|0", "readexactly|1G",
		"skip|1M",  "sleep|1.5",  "sleep|20ms",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		is_one_step(lines[i]);
	is_size("0", 0);
	is_size("2K", 2048);
	is_size("1G", 1 << 30);
	is_count("close", 0, 1);
	is_count("1", 1, 1);
	is_count("007|8", 1, 7);
	is_count("18446744073709551615", 1, UINT64_MAX);
}

/* After read, readline and skipline a word that begins with a digit is the
 * number; any other is the next step. */
static void a_number_or_the_next_step(void **state)
{
	static const struct refusal rows[] = {
		{ "read|10x", "read: invalid size '10x' (such as 100, 64K or 1M)" },
		{ "read|1.5", "read: invalid size '1.5' (such as 100, 64K or 1M)" },
		{ "readline|0", "readline: invalid COUNT '0' (1 or more)" },
		{ "readline|1K", "readline: invalid COUNT '1K' (1 or more)" },
		{ "skipline|0", "skipline: invalid COUNT '0' (1 or more)" },
		{ "skipline|2x", "skipline: invalid COUNT '2x' (1 or more)" },
		{ "readline|18446744073709551616",
		  "readline: invalid COUNT '18446744073709551616' (1 or more)" },
		{ "read|9223372036854775808",
		  "read: invalid size '9223372036854775808': too large" },
		{ "read|-1",
		  "unknown step '-1': a number cannot be negative, and may be left out: read" },
		{ "skipuntil|x|5", "unknown step '5' (STEPS)" },
	};
	struct step_list *list = parse("read|readline|skipline|read|5|readline|2|close");

	(void)state;
	assert_int_equal(list->count, 6);
	assert_string_equal(list->steps[3].text, "read 5");
	assert_string_equal(list->steps[4].text, "readline 2");
	step_list_free(list);
	are_refused(rows, COUNT(rows));
}

static bool has_separator(const struct separators *seps, struct bytes sep)
{
	for (size_t i = 0; i < seps->count; i++)
		if (bytes_equal(seps->items[i], sep))
			return true;
	return false;
}

/* The words that stand before `then`, which is left. */
static struct separators *separators_before(const char *line, const char *then)
{
	struct split s = split(line);
	struct step_words words = words_of(&s);
	struct err err = { .text = "" };
	struct step step = { 0 };

	if (!step_args_separators(&step, &words, &err))
		fail_msg("'%s': %s", line, err.text);
	assert_int_equal(step_args_keyword(&words, then), then[0] != '\0');
	assert_int_equal(words.at, words.count);
	free(s.text);
	return step.args;
}

/* What follows readuntil, skipuntil, `or` and `until` is a separator, whatever
 * the word; `or` is a keyword only after one. */
static void separators(void **state)
{
	struct step_list *list = parse("readuntil|\\r\\n\\r\\n|readuntil|or|or|or|"
				       "skipuntil|\\0|or|5|or|close|echo|until|,");
	struct separators *seps;

	(void)state;
	assert_int_equal(list->count, 4);
	assert_string_equal(list->steps[1].text, "readuntil or or or");
	assert_string_equal(list->steps[2].text, "skipuntil \\0 or 5 or close");
	step_list_free(list);

	seps = separators_before("\\r\\n\\r\\n", "");
	assert_int_equal(seps->count, 1);
	assert_true(has_separator(seps, BYTES("\r\n\r\n")));
	free(seps);
	seps = separators_before("or|or|or|close", "close");
	assert_int_equal(seps->count, 2);
	assert_true(has_separator(seps, BYTES("or")));
	free(seps);
	seps = separators_before("\\0|or|5|or|close", "");
	assert_int_equal(seps->count, 3);
	assert_true(has_separator(seps, BYTES("\0")));
	assert_true(has_separator(seps, BYTES("5")));
	assert_true(has_separator(seps, BYTES("close")));
	free(seps);
}

static char *many_separators(size_t count)
{
	size_t room = count * 5 + sizeof("readuntil");
	char *line = malloc(room);
	size_t used;

	assert_non_null(line);
	used = (size_t)snprintf(line, room, "readuntil");
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(line + used, room - used, i > 0 ? "|or|x" : "|x");
	return line;
}

static void how_many_separators(void **state)
{
	char *most = many_separators(64);
	char *more = many_separators(65);

	(void)state;
	is_one_step(most);
	is_refused(more, "readuntil: more than 64 separators");
	free(most);
	free(more);
}

static void echo_modes(void **state)
{
	(void)state;
	is_one_step("echo");
	is_one_step("echo|line");
	is_one_step("echo|exactly|1");
	is_one_step("echo|exactly|64K");
	is_one_step("echo|until|\\n");
}

static void paths(void **state)
{
	struct step_list *list = parse("writefile|-|writefile|a b|writefile|x%n");

	(void)state;
	assert_int_equal(list->count, 3);
	assert_true(list->steps[0].flags & STEP_STDIN);
	assert_false(list->steps[1].flags & STEP_STDIN);
	assert_false(list->steps[2].flags & STEP_STDIN);
	step_list_free(list);
}

static void every_info_key(void **state)
{
	(void)state;
	for (int key = 0; key < INFO_KEYS; key++) {
		char line[64];

		(void)snprintf(line, sizeof(line), "info|%s", info_key_name((enum info_key)key));
		is_one_step(line);
	}
	is_one_step("info");
}

static void fits_help(const struct step_kind *kind, const char *text)
{
	if (text == NULL || text[0] == '\0' || strlen(text) > HELP_COLUMNS_MAX)
		fail_msg("%s: '%s'", kind->name, text == NULL ? "" : text);
}

/* A shell's words, as split() takes them: what is in single quotes is part of one. */
static void divide(char *line)
{
	bool quoted = false;
	char *to = line;

	for (const char *at = line; *at != '\0'; at++) {
		if (*at == '\'')
			quoted = !quoted;
		else
			*to++ = *at == ' ' && !quoted ? '|' : *at;
	}
	*to = '\0';
}

/* Some steps are for listeners that have several connections. */
static void is_example_of(const struct step_kind *kind)
{
	struct session_settings settings = default_settings();
	const struct step_context context = {
		.settings = &settings, .listening = true, .keep_open = true, .connection_fd = -1
	};
	struct err err = { .text = "" };
	struct step_list *list;
	char *line = strdup(kind->example);
	bool named = false;
	struct split s;

	assert_non_null(line);
	divide(line);
	s = split(line);
	for (size_t i = 0; i < s.count; i++)
		named = named || step_kind_find(s.words[i]) == kind;
	if (!named)
		fail_msg("%s does not stand in '%s'", kind->name, kind->example);
	list = parse_in(line, &context, &err);
	if (list == NULL)
		fail_msg("'%s': %s", line, err.text);
	step_list_free(list);
	free(s.text);
	free(line);
}

static void what_help_says_of_each_step(void **state)
{
	(void)state;
	for (size_t i = 0; step_table[i] != NULL; i++) {
		fits_help(step_table[i], step_table[i]->returns);
		fits_help(step_table[i], step_table[i]->fails);
		fits_help(step_table[i], step_table[i]->example);
		is_example_of(step_table[i]);
	}
}

static void underscores_are_dashes(void **state)
{
	struct step_list *list = parse("write_eof|at_eof|at-eof");

	(void)state;
	assert_string_equal(list->steps[0].kind->name, "write-eof");
	assert_string_equal(list->steps[1].kind->name, "at-eof");
	assert_ptr_equal(list->steps[1].kind, list->steps[2].kind);
	step_list_free(list);
	assert_null(step_kind_find("read_line"));
	assert_null(step_kind_find("READ"));
	assert_null(step_kind_find("rea"));
	assert_null(step_kind_find("reads"));
	assert_null(step_kind_find(""));
}

/* --- the list as a whole --- */

static void has_text(const char *line, size_t i, const char *text)
{
	struct step_list *list = parse(line);

	assert_string_equal(list->steps[i].text, text);
	assert_int_equal(list->steps[i].index, i + 1);
	step_list_free(list);
}

/* A step is called in messages as it was typed, within reason. */
static void texts_and_places(void **state)
{
	(void)state;
	has_text("write|a b|readexactly|16", 0, "write a b");
	has_text("write|a b|readexactly|16", 1, "readexactly 16");
	has_text("try|readuntil|x|or|y", 0, "try readuntil x or y");
	has_text("drain|at_eof", 1, "at_eof");
	has_text("write|123456789012345678901234567890123456789012345678901234", 0,
		 "write 123456789012345678901234567890123456789012345678901234");
	has_text("write|1234567890123456789012345678901234567890123456789012345", 0,
		 "write 123456789012345678901234567890123456789012345678901...");
	/* Not within a character. */
	has_text("write|12345678901234567890123456789012345678901234567890\xC3\xA9\xC3\xA9", 0,
		 "write 12345678901234567890123456789012345678901234567890\xC3\xA9\xC3\xA9");
	has_text("write|12345678901234567890123456789012345678901234567890\xC3\xA9zzzzzz", 0,
		 "write 12345678901234567890123456789012345678901234567890...");
}

static void tried_steps(void **state)
{
	struct step_list *list = parse("try|readline|3|readline");

	(void)state;
	assert_int_equal(list->count, 2);
	assert_true(list->steps[0].tried);
	assert_string_equal(list->steps[0].kind->name, "readline");
	assert_string_equal(list->steps[0].text, "try readline 3");
	assert_false(list->steps[1].tried);
	step_list_free(list);
}

static void what_the_list_says(void **state)
{
	struct step_list *list = parse("write|x|readline|expect|y|loop");

	(void)state;
	assert_true((list->flags & STEP_NEEDS_RECORD) && (list->flags & STEP_LOOPS));
	assert_true(list->visible);
	assert_false((list->flags & STEP_STDIN) || list->silent);
	step_list_free(list);

	list = parse("write|x|skipline");
	assert_false(list->flags & (STEP_NEEDS_RECORD | STEP_LOOPS | STEP_STDIN));
	assert_true(list->prints); /* nothing is known of standard output yet */
	step_list_free(list);

	list = parse("writefile|-");
	assert_true(list->flags & STEP_STDIN);
	step_list_free(list);
}

static void no_word_is_relay(void **state)
{
	struct session_settings settings = default_settings();
	struct step_context context = { .settings = &settings, .connection_fd = -1 };
	struct err err;
	struct step_list *list = step_list_parse(NULL, 0, &context, &err);

	(void)state;
	assert_non_null(list);
	assert_int_equal(list->count, 1);
	assert_string_equal(list->steps[0].kind->name, "relay");
	assert_true((list->flags & STEP_STDIN) && list->prints);
	assert_false(list->visible); /* made by the program: messages do not name it */
	step_list_free(list);
}

static void a_list_made_by_the_program(void **state)
{
	static const struct step_kind kind = { .name = "ask", .flags = STEP_READS };
	int args = 1;
	struct step_list *list = step_list_of(&kind, &args);

	(void)state;
	assert_int_equal(list->count, 1);
	assert_ptr_equal(list->steps[0].args, &args);
	assert_int_equal(list->steps[0].flags, STEP_READS);
	assert_int_equal(list->steps[0].index, 1);
	assert_string_equal(list->steps[0].text, "ask");
	assert_false(list->visible);
	step_list_free(list);
	step_list_free(NULL);
}

/* --- refused words --- */

static void hints(void **state)
{
	static const struct refusal rows[] = {
		{ "send|x", "unknown step 'send', did you mean write?" },
		{ "sendline|x", "unknown step 'sendline', did you mean writeline?" },
		{ "puts|x", "unknown step 'puts', did you mean writeline?" },
		{ "writelines|x", "unknown step 'writelines', did you mean writeline?" },
		{ "try|recv", "unknown step 'recv', did you mean read?" },
		{ "get_extra_info|peername", "unknown step 'get_extra_info', did you mean info?" },
		{ "wait_closed", "unknown step 'wait_closed', did you mean close?" },
		{ "system|cat", "unknown step 'system', did you mean exec?" },
		{ "forward|h:1", "unknown step 'forward', did you mean to?" },
		{ "chat", "unknown step 'chat', did you mean broker?" },
		{ "readline|h:1", "unknown step 'h:1', did you mean 'to h:1'?" },
		{ "readline|fd:3", "unknown step 'fd:3' (STEPS)" },
		{ "write|hello|world",
		  "unknown step 'world': a text of several words needs quotes: 'hello world'" },
		{ "writeframe|u8|a|b",
		  "unknown step 'b': a text of several words needs quotes: 'a b'" },
		{ "write|hello|try|h:1", "unknown step 'h:1', did you mean 'to h:1'?" },
		{ "write|hello|redline", "unknown step 'redline', did you mean readline?" },
		{ "readline|-2",
		  "unknown step '-2': a number cannot be negative, and may be left out: readline" },
		{ "readline|try|-2", "unknown step '-2': options stand before the first step" },
		{ "read|--chomp", "unknown step '--chomp': options stand before the first step" },
		{ "info|--chomp", "unknown step '--chomp': options stand before the first step" },
		{ "write|x|-v", "unknown step '-v': options stand before the first step" },
		{ "-1", "unknown step '-1': options stand before the first step" },
		{ "read|-", "unknown step '-' (STEPS)" },
	};

	(void)state;
	are_refused(rows, COUNT(rows));
}

static void unknown_words(void **state)
{
	static const struct refusal rows[] = {
		{ "readlin", "unknown step 'readlin', did you mean readline?" },
		{ "wirte|x", "unknown step 'wirte', did you mean write?" },
		{ "frobnicate", "unknown step 'frobnicate' (STEPS)" },
		{ "red", "unknown step 'red', did you mean read?" },
		{ "rd", "unknown step 'rd' (STEPS)" },
		{ "grep|x", "unknown step 'grep' (STEPS)" },
		{ "", "unknown step '' (STEPS)" },
		{ "READ", "unknown step 'READ' (STEPS)" },
		{ "try|reed", "unknown step 'reed', did you mean read?" },
		{ "echo|lines", "unknown step 'lines' (STEPS)" },
		{ "echo|line|until|x", "unknown step 'until' (STEPS)" },
		{ "echo|line|exactly|5", "unknown step 'exactly' (STEPS)" },
	};

	(void)state;
	are_refused(rows, COUNT(rows));
}

static void missing_words(void **state)
{
	static const struct refusal rows[] = {
		{ "write", "write: TEXT is missing" },
		{ "writeline", "writeline: TEXT is missing" },
		{ "writehex", "writehex: HEX is missing" },
		{ "writefile", "writefile: PATH is missing" },
		{ "writeframe", "writeframe: FORMAT is missing" },
		{ "writeframe|u8", "writeframe: TEXT is missing" },
		{ "readexactly", "readexactly: N is missing" },
		{ "readuntil", "readuntil: SEP is missing" },
		{ "readuntil|x|or", "readuntil: SEP is missing" },
		{ "readframe", "readframe: FORMAT is missing" },
		{ "skip", "skip: N is missing" },
		{ "skipuntil", "skipuntil: SEP is missing" },
		{ "skipuntil|x|or", "skipuntil: SEP is missing" },
		{ "read|expect", "expect: REGEX is missing" },
		{ "sleep", "sleep: DURATION is missing" },
		{ "try", "try needs a step after it" },
		{ "echo|exactly", "echo: N is missing" },
		{ "echo|until", "echo: SEP is missing" },
	};

	(void)state;
	are_refused(rows, COUNT(rows));
}

static void bad_words(void **state)
{
	static const struct refusal rows[] = {
		{ "write|a\\q", "write: invalid escape \\q" },
		{ "write|a\\", "write: lone \\ at the end (write \\\\)" },
		{ "writeline|\\x4",
		  "writeline: invalid escape \\x: two hexadecimal digits must follow" },
		{ "write|\\400", "write: invalid escape \\400: at most \\377" },
		{ "writefile|", "writefile: the PATH is empty" },
		{ "writeframe|u24|x",
		  "writeframe: unknown frame format 'u24' (u8, u16be, u16le, u32be, u32le, u64be, "
		  "u64le, varint, netstring, octets or lsp)" },
		{ "readframe|",
		  "readframe: unknown frame format '' (u8, u16be, u16le, u32be, u32le, u64be, "
		  "u64le, varint, netstring, octets or lsp)" },
		{ "writeframe|u8|\\8", "writeframe: invalid escape \\8" },
		{ "readexactly|x", "readexactly: invalid size 'x' (such as 100, 64K or 1M)" },
		{ "readexactly|-1", "readexactly: invalid size '-1' (such as 100, 64K or 1M)" },
		{ "readexactly|", "readexactly: invalid size '' (such as 100, 64K or 1M)" },
		{ "skip|1T", "skip: invalid size '1T' (such as 100, 64K or 1M)" },
		{ "readuntil|", "readuntil: the separator is empty" },
		{ "readuntil|x|or|", "readuntil: the separator is empty" },
		{ "skipuntil|", "skipuntil: the separator is empty" },
		{ "skipuntil|\\z", "skipuntil: invalid escape \\z" },
		{ "readuntil|a|or|\\z", "readuntil: invalid escape \\z" },
		{ "sleep|0", "sleep: invalid duration '0': must be above 0" },
		{ "sleep|1x", "sleep: invalid duration '1x' (such as 5, 500ms or 2m)" },
		{ "echo|exactly|0", "echo: N is 0" },
		{ "echo|exactly|65537", "echo: N is above the limit of 65536 bytes (--limit)" },
		{ "echo|exactly|many", "echo: invalid size 'many' (such as 100, 64K or 1M)" },
		{ "echo|until|", "echo: the separator is empty" },
		{ "info|peernam", "info: unknown KEY 'peernam', did you mean peername?" },
		{ "info|tls_versio", "info: unknown KEY 'tls_versio', did you mean tls-version?" },
		{ "info|zzz", "info: unknown KEY 'zzz' (KEYS)" },
		{ "info|", "info: unknown KEY '' (KEYS)" },
	};

	(void)state;
	are_refused(rows, COUNT(rows));
	is_refused("writeframe|octets|",
		   "writeframe: TEXT of 0 bytes is too short for this format");
	is_refused("writehex|0", "writehex: invalid pair of hexadecimal digits '0'");
}

static void texts_too_long_for_a_frame(void **state)
{
	enum { LENGTH = 65536 };
	char *line = malloc(LENGTH + sizeof("writeframe|u16be|"));
	size_t prefix;

	(void)state;
	assert_non_null(line);
	prefix = (size_t)snprintf(line, LENGTH, "writeframe|u8|");
	memset(line + prefix, 'a', LENGTH);
	line[prefix + 256] = '\0';
	is_refused(line, "writeframe: TEXT of 256 bytes is too long for this format");
	line[prefix + 255] = '\0';
	is_one_step(line);

	prefix = (size_t)snprintf(line, LENGTH, "writeframe|u16be|");
	memset(line + prefix, 'a', LENGTH);
	line[prefix + LENGTH] = '\0';
	is_refused(line, "writeframe: TEXT of 65536 bytes is too long for this format");
	free(line);
}

/* --- expect --- */

static void regular_expressions(void **state)
{
	static const char *const taken[] = {
		"read|expect|",
		"read|expect|^a+(b?c){2}$",
		"read|expect|[^]]",
		"read|expect|(a)\\1",
		"read|expect|\\(\\*COMMIT",
		"read|expect|\\\\G",
		"read|expect|(?<=a)b(?i)c",
	};
	static const struct refusal rows[] = {
		{ "read|expect|(", "expect: invalid regular expression '(' "
				   "(missing closing parenthesis after 1 byte)" },
		{ "read|expect|a[b", "expect: invalid regular expression 'a[b' "
				     "(missing terminating ] for character class after 3 bytes)" },
		{ "read|expect|(*UTF)a", "expect: invalid regular expression '(*UTF)a' "
					 "(a verb is not supported, after 0 bytes)" },
		{ "read|expect|a\\Gb", "expect: invalid regular expression 'a\\Gb' "
				       "(\\G is not supported, after 1 byte)" },
	};

	(void)state;
	are_taken(taken, COUNT(taken));
	are_refused(rows, COUNT(rows));
}

/* Asked until it answers; `turns` is how often it had to be asked. */
static enum regex_answer answer_of(const char *pattern, struct bytes subject, unsigned *turns)
{
	struct err err = { .text = "" };
	struct regex *regex = regex_new(pattern, &err);
	enum regex_answer answer = REGEX_AGAIN;
	size_t at = 0;

	if (regex == NULL)
		fail_msg("%s", err.text);
	for (*turns = 0; answer == REGEX_AGAIN; ++*turns)
		answer = regex_search(regex, subject, &at, loop_now_us() + 5000);
	regex_free(regex);
	return answer;
}

/* Slices of start offsets change neither what ^ and look-behind see nor the limit. */
static void searches_in_slices(void **state)
{
	enum { LENGTH = 65000 };
	static const struct {
		const char *pattern;
		enum regex_answer answer;
	} rows[] = {
		{ "a", REGEX_NO_MATCH },	{ "^y", REGEX_NO_MATCH },
		{ "yz$", REGEX_MATCH },		{ "(?<=y{20})z", REGEX_MATCH },
		{ "(?<!y)z", REGEX_NO_MATCH },	{ "^y*z$", REGEX_NO_MATCH },
		{ "(?m)^y*z$", REGEX_MATCH },	{ ".*q.*zz", REGEX_NO_MATCH },
		{ "(y+)+q", REGEX_NO_MATCH },	{ "(y|yy)+x", REGEX_NO_MATCH },
		{ "(y|yy)+[pq]", REGEX_LIMIT }, { "x\\ny", REGEX_MATCH },
		{ " +$", REGEX_NO_MATCH },
	};
	char *text = malloc(LENGTH);
	unsigned turns;

	(void)state;
	assert_non_null(text);
	memset(text, 'y', LENGTH);
	memcpy(text, "x\n", 2);
	text[LENGTH - 1] = 'z';
	for (size_t i = 0; i < COUNT(rows); i++) {
		enum regex_answer answer =
			answer_of(rows[i].pattern, bytes_of(text, LENGTH), &turns);

		if (answer != rows[i].answer)
			fail_msg("%s: %d", rows[i].pattern, (int)answer);
	}
	memset(text, ' ', LENGTH);
	text[LENGTH - 1] = 'z';
	assert_int_equal(answer_of(" +$", bytes_of(text, LENGTH), &turns), REGEX_NO_MATCH);
	assert_true(turns > 5);
	assert_int_equal(answer_of("^$", bytes_of(NULL, 0), &turns), REGEX_MATCH);
	free(text);
}

/* --- lists that cannot work --- */

static void orders_that_cannot_work(void **state)
{
	static const struct refusal rows[] = {
		{ "close|read", "'read' after close, which ends the list" },
		{ "abort|write|x", "'write x' after abort, which ends the list" },
		{ "relay|close", "'close' after relay, which ends the list" },
		{ "echo|line|read", "'read' after echo, which ends the list" },
		{ "read|loop|write|x", "'write x' after loop, which ends the list" },
		{ "close|close", "'close' after close, which ends the list" },
		{ "close|try|read", "'try read' after close, which ends the list" },
		{ "write-eof|write|x", "'write x' after write-eof: nothing can be sent then" },
		{ "write-eof|writeline|x",
		  "'writeline x' after write-eof: nothing can be sent then" },
		{ "write-eof|writehex|00",
		  "'writehex 00' after write-eof: nothing can be sent then" },
		{ "write-eof|writefile|f",
		  "'writefile f' after write-eof: nothing can be sent then" },
		{ "write-eof|writeframe|u8|x",
		  "'writeframe u8 x' after write-eof: nothing can be sent then" },
		{ "write-eof|read|relay", "'relay' after write-eof: nothing can be sent then" },
		{ "write-eof|echo", "'echo' after write-eof: nothing can be sent then" },
		{ "try|write_eof|try|write|x",
		  "'try write x' after write-eof: nothing can be sent then" },
		{ "expect|x", "expect needs a read or info before it" },
		{ "write|x|skipline|skip|1|at-eof|expect|x",
		  "expect needs a read or info before it" },
		{ "expect|x|read", "expect needs a read or info before it" },
		{ "try|try|read", "try before try" },
		{ "try|close", "try before close, which ends the list" },
		{ "try|abort", "try before abort, which ends the list" },
		{ "try|relay", "try before relay, which ends the list" },
		{ "try|echo", "try before echo, which ends the list" },
		{ "read|try|loop", "try before loop, which ends the list" },
		{ "loop", "loop needs a step that reads" },
		{ "write|x|drain|loop", "loop needs a step that reads" },
		{ "info|family|loop", "loop needs a step that reads" },
		{ "write|x|read|write-eof|loop",
		  "round the loop a step would send after write-eof" },
		{ "writefile|-|relay", "'writefile -' and 'relay' both use standard input" },
		{ "writefile|-|try|writefile|-",
		  "'writefile -' and 'try writefile -' both use standard input" },
	};

	(void)state;
	are_refused(rows, COUNT(rows));
}

static void orders_that_work(void **state)
{
	static const char *const lines[] = {
		"write-eof|read",
		"write-eof|write-eof|drain|sleep|1|info|family|close",
		"write-eof|abort",
		"readline|write-eof|loop",
		"skip|1|loop",
		"readframe|u8|try|expect|x|loop",
		"info|family|expect|inet",
		"readuntil|x|skipline|expect|x",
		"writefile|a|writefile|b|relay",
	};

	(void)state;
	are_taken(lines, COUNT(lines));
}

static void refused_on(const char *line, int fd, bool json, const char *message)
{
	struct session_settings settings = default_settings();
	struct step_context context = { .settings = &settings, .connection_fd = fd, .json = json };

	is_refused_in(line, &context, message);
}

static void taken_on(const char *line, int fd, bool json)
{
	struct session_settings settings = default_settings();
	struct step_context context = { .settings = &settings, .connection_fd = fd, .json = json };
	struct err err = { .text = "" };
	struct step_list *list = parse_in(line, &context, &err);

	if (list == NULL)
		fail_msg("'%s' on fd:%d: %s", line, fd, err.text);
	step_list_free(list);
}

static void descriptors_of_the_connection(void **state)
{
	static const char *const printing[] = { "read",	       "readline",     "readexactly 1",
						"readuntil x", "readframe u8", "info family" };

	(void)state;
	for (size_t i = 0; i < COUNT(printing); i++) {
		char line[64], message[128];

		(void)snprintf(line, sizeof(line), "%s", printing[i]);
		for (char *p = line; *p != '\0'; p++)
			*p = *p == ' ' ? '|' : *p;
		(void)snprintf(message, sizeof(message),
			       "'%s' prints on standard output, which is the connection",
			       printing[i]);
		refused_on(line, STDOUT_FILENO, false, message);
		taken_on(line, STDIN_FILENO, false);
		taken_on(line, 3, false);
	}
	refused_on("write|x|relay", STDOUT_FILENO, false,
		   "'relay' prints on standard output, which is the connection");
	refused_on("relay", STDIN_FILENO, false,
		   "'relay' reads standard input, which is the connection");
	refused_on("writefile|-", STDIN_FILENO, false,
		   "'writefile -' reads standard input, which is the connection");
	taken_on("writefile|-|skipline", STDOUT_FILENO, false);
	taken_on("write|x|skipuntil|y|at-eof|echo", STDOUT_FILENO, false);
	taken_on("write|x|echo", STDIN_FILENO, false);
	/* As JSON every step prints. */
	refused_on("write|x", STDOUT_FILENO, true,
		   "'write x' prints on standard output, which is the connection");
}

/* --- files --- */

struct folder {
	char path[64];
	char file[128];
};

static struct folder folder_new(void)
{
	struct folder folder = { .path = "/tmp/test_steps-XXXXXX" };
	int fd;

	assert_non_null(mkdtemp(folder.path));
	(void)snprintf(folder.file, sizeof(folder.file), "%s/file", folder.path);
	fd = open(folder.file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	return folder;
}

static void folder_remove(const struct folder *folder)
{
	assert_int_equal(unlink(folder->file), 0);
	assert_int_equal(rmdir(folder->path), 0);
}

struct opening {
	const char *path;
	const char *then; /* behind it, with its '|' */
	bool keep_open;
	const char *before; /* the message round the path; NULL: it works */
	const char *after;
};

static void opens(const struct opening *o)
{
	struct session_settings settings = default_settings();
	struct step_context context = { .settings = &settings,
					.connection_fd = -1,
					.listening = true,
					.keep_open = o->keep_open };
	struct err err = { .text = "" };
	char line[512], message[512];
	struct step_list *list;

	(void)snprintf(line, sizeof(line), "writefile|%s%s", o->path, o->then);
	list = parse_in(line, &context, &err);
	if (list == NULL)
		fail_msg("'%s': %s", line, err.text);
	if (step_list_open(list, &context, &err) != (o->before == NULL))
		fail_msg("'%s': %s", line, err.text);
	if (o->before != NULL) {
		(void)snprintf(message, sizeof(message), "%s%s%s", o->before, o->path, o->after);
		assert_string_equal(err.text, message);
		assert_int_equal(err.kind, ERR_USAGE);
	}
	step_list_free(list);
}

static void regular_files(void **state)
{
	struct folder folder = folder_new();

	(void)state;
	opens(&(struct opening){ .path = folder.file, .then = "" });
	opens(&(struct opening){ .path = folder.file, .then = "", .keep_open = true });
	opens(&(struct opening){ .path = folder.file, .then = "|read|loop" });
	/* %n: not opened at start, so it need not be there. */
	opens(&(struct opening){ .path = "/nonexistent/%n", .then = "", .keep_open = true });
	folder_remove(&folder);
}

static void files_that_cannot_be_sent(void **state)
{
	struct folder folder = folder_new();
	char missing[256];

	(void)state;
	(void)snprintf(missing, sizeof(missing), "%s/missing", folder.path);
	opens(&(struct opening){ .path = missing,
				 .then = "",
				 .before = "cannot open '",
				 .after = "': no such file or directory" });
	opens(&(struct opening){ .path = folder.path,
				 .then = "",
				 .before = "cannot send '",
				 .after = "': it is a directory" });
	opens(&(struct opening){ .path = "/dev/null", .then = "" });
	opens(&(struct opening){ .path = "/dev/null",
				 .then = "",
				 .keep_open = true,
				 .before = "writefile ",
				 .after = ": only a regular file can be sent to each "
					  "connection (-k)" });
	opens(&(struct opening){ .path = "/dev/null",
				 .then = "|read|loop",
				 .before = "writefile ",
				 .after = ": only a regular file can be sent in each "
					  "round of a loop" });
	folder_remove(&folder);
}

/* A FIFO is judged without waiting for its other end to be opened. */
static void a_fifo_is_refused_at_once(void **state)
{
	struct folder folder = folder_new();
	char fifo[256];

	(void)state;
	(void)snprintf(fifo, sizeof(fifo), "%s/fifo", folder.path);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	(void)alarm(20);
	opens(&(struct opening){ .path = fifo,
				 .then = "",
				 .keep_open = true,
				 .before = "writefile ",
				 .after = ": only a regular file can be sent to each "
					  "connection (-k)" });
	opens(&(struct opening){ .path = fifo,
				 .then = "|read|loop",
				 .before = "writefile ",
				 .after = ": only a regular file can be sent in each "
					  "round of a loop" });
	(void)alarm(0);
	assert_int_equal(unlink(fifo), 0);
	folder_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(a_number_or_the_next_step),
		cmocka_unit_test(separators),
		cmocka_unit_test(how_many_separators),
		cmocka_unit_test(echo_modes),
		cmocka_unit_test(paths),
		cmocka_unit_test(every_info_key),
		cmocka_unit_test(what_help_says_of_each_step),
		cmocka_unit_test(underscores_are_dashes),
		cmocka_unit_test(texts_and_places),
		cmocka_unit_test(tried_steps),
		cmocka_unit_test(what_the_list_says),
		cmocka_unit_test(no_word_is_relay),
		cmocka_unit_test(a_list_made_by_the_program),
		cmocka_unit_test(unknown_words),
		cmocka_unit_test(hints),
		cmocka_unit_test(missing_words),
		cmocka_unit_test(bad_words),
		cmocka_unit_test(texts_too_long_for_a_frame),
		cmocka_unit_test(regular_expressions),
		cmocka_unit_test(searches_in_slices),
		cmocka_unit_test(orders_that_cannot_work),
		cmocka_unit_test(orders_that_work),
		cmocka_unit_test(descriptors_of_the_connection),
		cmocka_unit_test(regular_files),
		cmocka_unit_test(files_that_cannot_be_sent),
		cmocka_unit_test(a_fifo_is_refused_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
