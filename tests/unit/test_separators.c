/* SPDX-License-Identifier: ISC */
/* test_separators: which match wins, over chunks cut at every place. */
#include "config.h"

#include "stream/separators.h"

#include "base/alloc.h"
#include "unit/bytes_equal.h"

#include <event2/buffer.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define B(text)                                                                                    \
	{                                                                                          \
		(const unsigned char *)(text), sizeof(text) - 1                                    \
	}

enum { SEPS_MAX = 4 };

struct example {
	struct bytes text;
	struct bytes seps[SEPS_MAX];
	size_t from, to; /* `to`: at most what the text has */
	size_t end, len; /* of the match; end 0: none */
};

static void free_chunk(const void *data, size_t len, void *arg)
{
	(void)len;
	(void)arg;
	free((void *)data);
}

/* Chunks of exact size: bit i of `cuts` set, the text is cut behind byte i. */
static struct evbuffer *cut_text(struct bytes text, uint64_t cuts)
{
	struct evbuffer *chunks = evbuffer_new();
	size_t from = 0;

	for (size_t i = 0; i < text.len; i++) {
		size_t len = i + 1 - from;

		if (i + 1 < text.len && (cuts >> i & 1) == 0)
			continue;
		evbuffer_add_reference(chunks, alloc_copy(text.data + from, len), len, free_chunk,
				       NULL);
		from = i + 1;
	}
	return chunks;
}

static void check_find(const struct example *e, const struct separators *seps, uint64_t cuts)
{
	struct evbuffer *chunks = cut_text(e->text, cuts);
	size_t to = e->to < e->text.len ? e->to : e->text.len;
	struct match match = { 99, NULL };

	if (separators_find(seps, chunks, e->from, to, &match)) {
		assert_int_equal(match.end, e->end);
		assert_int_equal(match.separator->len, e->len);
		assert_true(match.separator >= seps->items &&
			    match.separator < seps->items + seps->count);
	} else {
		assert_int_equal(e->end, 0);
		assert_int_equal(match.end, 99);
	}
	evbuffer_free(chunks);
}

static void test_find(void **state)
{
	static const struct example examples[] = {
		{ B(""), { B("\n") }, 0, 9, 0, 0 },
		{ B("ab\n"), { B("\n") }, 0, 9, 3, 1 },
		{ B("ab\n"), { B("\n") }, 0, 3, 3, 1 },
		{ B("ab\n"), { B("\n") }, 0, 2, 0, 0 },
		{ B("ab\n"), { B("\n") }, 2, 3, 3, 1 },
		{ B("ab\n"), { B("\n") }, 3, 9, 0, 0 },
		{ B("a\nb\nc"), { B("\n") }, 2, 9, 4, 1 },
		{ B("a\r\nb"), { B("\r\n") }, 2, 9, 3, 2 },
		{ B("aaab"), { B("aab") }, 0, 9, 4, 3 },
		{ B("\r\r\n\r\n"), { B("\r\n\r\n") }, 0, 9, 5, 4 },
		{ B("\n\r\n"), { B("\r\n\r\n") }, 0, 9, 0, 0 },
		{ B("a\0\0b\0c"), { B("\0c"), B("b") }, 0, 9, 4, 1 },
		{ B("xabcdx"), { B("abcd"), B("bc") }, 0, 9, 4, 2 },
		{ B("xabcdx"), { B("abcd"), B("bd"), B("cd") }, 0, 9, 5, 2 },
		{ B("a\r\n"), { B("\r\n"), B("\n") }, 0, 9, 3, 1 },
		{ B("a\r\n"), { B("\n"), B("\r\n"), B("\r") }, 0, 9, 2, 1 },
		{ B("\xff\xfe\xff"), { B("\xfe\xff") }, 0, 9, 3, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		const struct example *e = &examples[i];
		struct separators *seps;
		size_t count = 0;

		while (count < SEPS_MAX && e->seps[count].len > 0)
			count++;
		seps = separators_new(e->seps, count);
		for (uint64_t cuts = 0; cuts < 1ULL << e->text.len; cuts++)
			check_find(e, seps, cuts);
		free(seps);
	}
}

static void test_new_copies(void **state)
{
	char text[] = "\r\n|;";
	struct bytes items[] = { { (unsigned char *)text, 3 }, { (unsigned char *)text + 3, 1 } };
	struct separators *seps = separators_new(items, 2);

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(seps->count, 2);
	assert_int_equal(seps->longest, 3);
	assert_true(bytes_equal(seps->items[1], bytes_of_string(";")));
	assert_true(bytes_equal(seps->items[0], bytes_of_string("\r\n|")));
	free(seps);
}

static void test_newline(void **state)
{
	const struct separators *seps = &separators_newline;

	(void)state;
	assert_int_equal(seps->count, 1);
	assert_int_equal(seps->longest, 1);
	assert_true(bytes_equal(seps->items[0], bytes_of_string("\n")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_new_copies),
		cmocka_unit_test(test_newline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
