/* SPDX-License-Identifier: ISC */
/* test_buffer_move: bytes keep their order, whichever way they are moved. */
#include "config.h"

#include "stream/buffer_move.h"

#include <event2/buffer.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { TOTAL = 12000 };

/* All numbers of bytes around the sizes that matter, out of chunks of `piece` bytes. */
static void check_moves(size_t piece, size_t n)
{
	static unsigned char data[TOTAL];
	struct evbuffer *from = evbuffer_new();
	struct evbuffer *to = evbuffer_new();

	for (size_t i = 0; i < TOTAL; i++)
		data[i] = (unsigned char)(i % 251);
	for (size_t at = 0; at < TOTAL; at += piece)
		evbuffer_add_reference(from, data + at, TOTAL - at < piece ? TOTAL - at : piece,
				       NULL, NULL);
	evbuffer_add(to, "before", 6);
	buffer_move(from, n, to);
	assert_int_equal(evbuffer_get_length(from), TOTAL - n);
	assert_int_equal(evbuffer_get_length(to), n + 6);
	evbuffer_drain(to, 6);
	assert_memory_equal(evbuffer_pullup(to, -1), data, n);
	buffer_move(from, TOTAL - n, to);
	assert_int_equal(evbuffer_get_length(from), 0);
	assert_memory_equal(evbuffer_pullup(to, -1), data, TOTAL);
	evbuffer_free(from);
	evbuffer_free(to);
}

static void test_moves(void **state)
{
	static const size_t pieces[] = { 1, 100, 2048, 5000, TOTAL };
	static const size_t sizes[] = { 1,    99,   100,  101,	 2047,	    2048, 2049,
					4096, 5000, 5001, 10000, TOTAL - 1, TOTAL };

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++)
			check_moves(pieces[i], sizes[j]);
	}
}

/* A few bytes do not keep the large block alive that they came in, one after the other. */
static void test_few_are_copied(void **state)
{
	static const unsigned char block[100000];
	struct evbuffer *from = evbuffer_new();
	struct evbuffer *to = evbuffer_new();
	struct evbuffer_iovec chunk;

	(void)state;
	evbuffer_add_reference(from, block, sizeof(block), NULL, NULL);
	evbuffer_drain(from, sizeof(block) - 60);
	buffer_move(from, 30, to);
	buffer_move(from, 30, to);
	assert_int_equal(evbuffer_peek(to, -1, NULL, &chunk, 1), 1);
	assert_int_equal(chunk.iov_len, 60);
	assert_ptr_not_equal(chunk.iov_base, block + sizeof(block) - 60);
	evbuffer_free(from);
	evbuffer_free(to);
}

static void check_handed_over(size_t n)
{
	static const unsigned char block[100000];
	struct evbuffer *from = evbuffer_new();
	struct evbuffer *to = evbuffer_new();
	struct evbuffer_iovec chunk;

	evbuffer_add_reference(from, block, n, NULL, NULL);
	buffer_move(from, n, to);
	assert_int_equal(evbuffer_peek(to, -1, NULL, &chunk, 1), 1);
	assert_ptr_equal(chunk.iov_base, block);
	evbuffer_free(from);
	evbuffer_free(to);
}

static void test_many_are_handed_over(void **state)
{
	(void)state;
	check_handed_over(100000);
}

/* An echo's bytes are not copied on their way. */
static void test_all_there_are_are_handed_over(void **state)
{
	(void)state;
	check_handed_over(60);
}

/* One copy serves all, and outlives the buffer that it was in. */
static void test_many_are_shared(void **state)
{
	static const unsigned char block[2049] = { 1, 2, 3 };
	struct evbuffer *from = evbuffer_new();
	struct evbuffer *to[] = { evbuffer_new(), evbuffer_new() };
	struct evbuffer_iovec chunk[2];

	(void)state;
	evbuffer_add(from, block, sizeof(block));
	for (size_t i = 0; i < 2; i++) {
		buffer_share(from, to[i]);
		assert_int_equal(evbuffer_get_length(from), sizeof(block));
		assert_int_equal(evbuffer_peek(to[i], -1, NULL, &chunk[i], 1), 1);
	}
	assert_ptr_equal(chunk[0].iov_base, chunk[1].iov_base);
	evbuffer_drain(from, sizeof(block));
	evbuffer_free(to[0]);
	evbuffer_add(from, "other", 5);
	evbuffer_free(from);
	assert_int_equal(evbuffer_get_length(to[1]), sizeof(block));
	assert_memory_equal(evbuffer_pullup(to[1], -1), block, sizeof(block));
	evbuffer_free(to[1]);
}

static void test_few_are_copied_to_each(void **state)
{
	struct evbuffer *from = evbuffer_new();
	struct evbuffer *to = evbuffer_new();
	struct evbuffer_iovec chunk;

	(void)state;
	evbuffer_add_reference(from, "ab", 2, NULL, NULL);
	evbuffer_add_reference(from, "cd", 2, NULL, NULL);
	buffer_share(from, to);
	buffer_share(from, to);
	assert_int_equal(evbuffer_get_length(from), 4);
	evbuffer_free(from);
	assert_int_equal(evbuffer_peek(to, -1, NULL, &chunk, 1), 1);
	assert_int_equal(chunk.iov_len, 8);
	assert_memory_equal(chunk.iov_base, "abcdabcd", 8);
	evbuffer_free(to);
}

static void test_none(void **state)
{
	struct evbuffer *from = evbuffer_new();
	struct evbuffer *to = evbuffer_new();

	(void)state;
	buffer_move(from, 0, to);
	assert_int_equal(evbuffer_get_length(to), 0);
	evbuffer_free(from);
	evbuffer_free(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_few_are_copied),
		cmocka_unit_test(test_many_are_handed_over),
		cmocka_unit_test(test_all_there_are_are_handed_over),
		cmocka_unit_test(test_many_are_shared),
		cmocka_unit_test(test_few_are_copied_to_each),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
