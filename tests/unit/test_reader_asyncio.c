/* SPDX-License-Identifier: ISC */
/* test_reader_asyncio: the same questions to the reader and to Python's asyncio.StreamReader. */
#include "config.h"

#include "stream/reader.h"

#include <event2/buffer.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* reader_asyncio.py describes the lines. */

enum { SEPS_MAX = 4, FIELD_MAX = 4096, SEQUENCES = 2000, SEQUENCES_QUICK = 100 };

struct field {
	unsigned char data[FIELD_MAX];
	size_t len;
};

struct replay {
	struct evbuffer *in, *out;
	struct reader reader;
	char name[16]; /* of the open question */
	long n;
	struct separators *seps;
	size_t line;
	size_t answers;
};

static unsigned from_hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = strchr(digits, c);

	assert_true(c != '\0' && at != NULL);
	return (unsigned)(at - digits);
}

static void parse_bytes(const char *word, struct field *field)
{
	field->len = 0;
	if (strcmp(word, "-") == 0)
		return;
	for (size_t i = 0; word[i] != '\0'; i += 2) {
		assert_true(field->len < FIELD_MAX);
		field->data[field->len++] =
			(unsigned char)(from_hex(word[i]) << 4 | from_hex(word[i + 1]));
	}
}

static char *next_word(char **rest)
{
	char *word = strsep(rest, " ");

	assert_non_null(word);
	return word;
}

static void replay_close(struct replay *p)
{
	if (p->in == NULL)
		return;
	free(p->seps);
	p->seps = NULL;
	evbuffer_free(p->in);
	evbuffer_free(p->out);
}

static void replay_new(struct replay *p, char *rest)
{
	replay_close(p);
	p->in = evbuffer_new();
	p->out = evbuffer_new();
	reader_init(&p->reader, p->in, strtoul(next_word(&rest), NULL, 10));
}

static void replay_feed(struct replay *p, char *rest)
{
	struct field field;

	parse_bytes(next_word(&rest), &field);
	evbuffer_add(p->in, field.data, field.len);
}

static void replay_ask(struct replay *p, char *rest)
{
	static struct field fields[SEPS_MAX];
	struct bytes items[SEPS_MAX];
	size_t count = 0;
	bool until;

	snprintf(p->name, sizeof(p->name), "%s", next_word(&rest));
	until = strcmp(p->name, "readuntil") == 0;
	while (until && rest != NULL) {
		assert_true(count < SEPS_MAX);
		parse_bytes(next_word(&rest), &fields[count]);
		items[count] = bytes_of(fields[count].data, fields[count].len);
		count++;
	}
	if (!until && rest != NULL)
		p->n = strtol(next_word(&rest), NULL, 10);
	if (!until)
		return;
	/* The reader must not take these for the last question's. */
	p->reader.sought = NULL;
	free(p->seps);
	p->seps = separators_new(items, count);
}

/* asyncio's read(-1). */
static enum stream_status read_all(struct replay *p)
{
	enum stream_status status;

	do
		status = reader_read(&p->reader, SIZE_MAX, p->out);
	while (status == STREAM_OK);
	return status;
}

static enum stream_status ask(struct replay *p)
{
	p->reader.matched = NULL;
	if (strcmp(p->name, "readline") == 0)
		return reader_readline(&p->reader, p->out);
	if (strcmp(p->name, "readuntil") == 0)
		return reader_readuntil(&p->reader, p->seps, p->out);
	if (strcmp(p->name, "readexactly") == 0)
		return reader_readexactly(&p->reader, (size_t)p->n, p->out);
	assert_string_equal(p->name, "read");
	return p->n < 0 ? read_all(p) : reader_read(&p->reader, (size_t)p->n, p->out);
}

static const char *status_name(enum stream_status status)
{
	switch (status) {
	case STREAM_OK:
		return "OK";
	case STREAM_AGAIN:
		return "AGAIN";
	case STREAM_EOF:
		return "EOF";
	case STREAM_OVERRUN:
		return "OVERRUN";
	case STREAM_ERROR:
		return "ERROR";
	}
	return "?";
}

/* The line is of the script's output, with the same arguments. */
static void check_status(struct replay *p, enum stream_status status, const char *expected)
{
	if (strcmp(status_name(status), expected) != 0)
		fail_msg("line %zu, %s: %s, but asyncio says %s", p->line, p->name,
			 status_name(status), expected);
}

static void check_answer(struct replay *p, const struct field *expected)
{
	size_t len = evbuffer_get_length(p->out);

	if (len != expected->len ||
	    (len > 0 && memcmp(evbuffer_pullup(p->out, -1), expected->data, len) != 0))
		fail_msg("line %zu, %s: %zu other bytes", p->line, p->name, len);
	evbuffer_drain(p->out, len);
}

static void replay_answer(struct replay *p, char *rest)
{
	enum stream_status status = ask(p);
	struct field expected;
	size_t matched;

	check_status(p, status, next_word(&rest));
	parse_bytes(next_word(&rest), &expected);
	check_answer(p, &expected);
	matched = strtoul(next_word(&rest), NULL, 10);
	if ((p->reader.matched != NULL ? p->reader.matched->len : 0) != matched)
		fail_msg("line %zu, %s: not matched %zu", p->line, p->name, matched);
	p->answers++;
}

static void replay_at_eof(struct replay *p, bool expected)
{
	if (reader_at_eof(&p->reader) != expected)
		fail_msg("line %zu: at_eof is not %d", p->line, expected);
}

static void replay_line(struct replay *p, char *rest)
{
	char *event = next_word(&rest);

	if (strcmp(event, "new") == 0)
		replay_new(p, rest);
	else if (strcmp(event, "feed") == 0)
		replay_feed(p, rest);
	else if (strcmp(event, "eof") == 0)
		reader_end(&p->reader, false);
	else if (strcmp(event, "error") == 0)
		reader_end(&p->reader, true);
	else if (strcmp(event, "ask") == 0)
		replay_ask(p, rest);
	else if (strcmp(event, "wait") == 0)
		check_status(p, ask(p), "AGAIN");
	else if (strcmp(event, "answer") == 0)
		replay_answer(p, rest);
	else if (strcmp(event, "at_eof") == 0)
		replay_at_eof(p, *next_word(&rest) == '1');
	else
		fail_msg("line %zu: %s", p->line, event);
}

/* Into the environment, where the shell finds it whatever characters it has. */
static bool find_script(void)
{
	static const char *const places[] = { "/tests/unit", "/unit", "" };
	const char *srcdir = getenv("srcdir");
	char path[FIELD_MAX];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s%s/reader_asyncio.py",
			 srcdir == NULL ? "." : srcdir, places[i]);
		if (access(path, R_OK) == 0)
			return setenv("LIU_TEST_SCRIPT", path, 1) == 0;
	}
	return false;
}

static FILE *start_script(void)
{
	const char *seed = getenv("LIU_TEST_SEED");
	const char *quick = getenv("LIU_TEST_CASES");
	char command[256];

	snprintf(command, sizeof(command), "exec python3 \"$LIU_TEST_SCRIPT\" %d %llu",
		 quick == NULL ? SEQUENCES : SEQUENCES_QUICK,
		 seed == NULL ? 1 : strtoull(seed, NULL, 10));
	return popen(command, "r");
}

static void test_asyncio(void **state)
{
	struct replay p = { 0 };
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	FILE *script;

	(void)state;
	if (system("python3 -c 'import asyncio' 2>/dev/null") != 0)
		skip();
	assert_true(find_script());
	script = start_script();
	assert_non_null(script);
	while ((len = getline(&line, &size, script)) > 0) {
		line[len - 1] = '\0';
		p.line++;
		replay_line(&p, line);
	}
	assert_int_equal(pclose(script), 0);
	assert_true(p.answers >= 4 * SEQUENCES_QUICK);
	replay_close(&p);
	free(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asyncio),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
