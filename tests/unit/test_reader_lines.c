/* SPDX-License-Identifier: ISC */
/* test_reader_lines: many lines in one answer are the same lines, one after the other. */
#include "config.h"

#include "stream/reader.h"

#include <event2/buffer.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CASES = 20000, INPUT_MAX = 64, LIMIT_MAX = 12 };

/* The same input for two readers, in the same pieces. */
struct pair {
	struct evbuffer *in[2], *out[2];
	struct reader reader[2];
	unsigned char text[INPUT_MAX];
	size_t len, fed;
	uint64_t lines; /* asked for in all */
	bool broken;
};

static unsigned choose(unsigned *state, unsigned below)
{
	*state = *state * 1103515245u + 12345u;
	return (*state >> 16) % below;
}

static void pair_new(struct pair *p, unsigned *seed)
{
	size_t limit = 1 + choose(seed, LIMIT_MAX);

	memset(p, 0, sizeof(*p));
	p->len = choose(seed, INPUT_MAX + 1);
	for (size_t i = 0; i < p->len; i++)
		p->text[i] = choose(seed, 4) == 0 ? '\n' : 'x';
	p->lines = 1 + choose(seed, 20);
	p->broken = choose(seed, 4) == 0;
	for (int i = 0; i < 2; i++) {
		p->in[i] = evbuffer_new();
		p->out[i] = evbuffer_new();
		reader_init(&p->reader[i], p->in[i], limit);
	}
}

static void pair_free(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		evbuffer_free(p->in[i]);
		evbuffer_free(p->out[i]);
	}
}

/* The next piece; false when there is none and both have been told of the end. */
static bool pair_feed(struct pair *p, unsigned *seed)
{
	size_t n = 1 + choose(seed, 16);

	if (p->fed == p->len)
		for (int i = 0; i < 2; i++)
			p->broken ? reader_end(&p->reader[i], true)
				  : reader_end(&p->reader[i], false);
	if (p->fed == p->len)
		return false;
	n = n < p->len - p->fed ? n : p->len - p->fed;
	for (int i = 0; i < 2; i++)
		assert_int_equal(evbuffer_add(p->in[i], p->text + p->fed, n), 0);
	p->fed += n;
	return true;
}

static enum stream_status ask_many(struct pair *p, uint64_t *left)
{
	enum stream_status status = STREAM_OK;
	uint64_t lines;

	while (*left > 0 && status == STREAM_OK) {
		status = reader_readlines(&p->reader[0], *left, p->out[0], &lines);
		assert_true((lines > 0) == (status == STREAM_OK));
		assert_true(lines <= *left);
		*left -= lines;
	}
	return status;
}

static enum stream_status ask_each(struct pair *p, uint64_t *left)
{
	enum stream_status status = STREAM_OK;

	while (*left > 0 && status == STREAM_OK) {
		status = reader_readline(&p->reader[1], p->out[1]);
		*left -= status == STREAM_OK;
	}
	return status;
}

static void assert_same(const struct pair *p, unsigned start)
{
	size_t len = evbuffer_get_length(p->out[1]);

	if (evbuffer_get_length(p->out[0]) != len ||
	    (len > 0 &&
	     memcmp(evbuffer_pullup(p->out[0], -1), evbuffer_pullup(p->out[1], -1), len) != 0))
		fail_msg("seed %u: other lines", start);
}

static void test_random(void **state)
{
	(void)state;
	for (unsigned start = 1; start <= CASES; start++) {
		unsigned seed = start;
		uint64_t many, each;
		struct pair p;
		bool more = true;

		pair_new(&p, &seed);
		many = each = p.lines;
		while (more) {
			more = pair_feed(&p, &seed);
			assert_int_equal(ask_many(&p, &many), ask_each(&p, &each));
			assert_int_equal(many, each);
			assert_same(&p, start);
		}
		pair_free(&p);
	}
}

/* All that is there comes at once: this is what it is for. */
static void test_takes_all(void **state)
{
	struct evbuffer *in = evbuffer_new(), *out = evbuffer_new();
	struct reader reader;
	uint64_t lines;

	(void)state;
	assert_int_equal(evbuffer_add(in, "a\nbb\nccc\nd", 10), 0);
	reader_init(&reader, in, 16);
	assert_int_equal(reader_readlines(&reader, 2, out, &lines), STREAM_OK);
	assert_int_equal(lines, 2);
	assert_int_equal(reader_readlines(&reader, 100, out, &lines), STREAM_OK);
	assert_int_equal(lines, 1);
	assert_int_equal(reader_readlines(&reader, 100, out, &lines), STREAM_AGAIN);
	assert_int_equal(lines, 0);
	assert_int_equal(evbuffer_get_length(out), 9);
	assert_memory_equal(evbuffer_pullup(out, -1), "a\nbb\nccc\n", 9);
	evbuffer_free(in);
	evbuffer_free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_all),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
