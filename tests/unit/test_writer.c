/* SPDX-License-Identifier: ISC */
/* test_writer: the marks, what is queued, sent and dropped. */
#include "config.h"

#include "stream/writer.h"

#include <event2/buffer.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { HIGH = 65536, LOW = 16384, ROOM_MIN = 4096 };

struct fixture {
	struct evbuffer *out;
	struct writer w;
};

static int set_up(void **state)
{
	static struct fixture f;

	f.out = evbuffer_new();
	writer_init(&f.w, f.out, HIGH, LOW);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	evbuffer_free(f->out);
	return 0;
}

static void write_zeros(struct writer *w, size_t n)
{
	static const unsigned char zeros[2 * HIGH];

	assert_true(n <= sizeof(zeros));
	writer_write(w, bytes_of(zeros, n));
}

/* The peer's side: bytes leave. */
static void send_bytes(struct fixture *f, size_t n)
{
	assert_int_equal(evbuffer_drain(f->out, n), 0);
}

static void test_bytes_are_queued_in_order(void **state)
{
	struct fixture *f = *state;
	struct evbuffer *data = evbuffer_new();

	writer_write(&f->w, bytes_of_string("one "));
	evbuffer_add_reference(data, "two", 3, NULL, NULL);
	evbuffer_add_reference(data, "\0three", 6, NULL, NULL);
	writer_write_buffer(&f->w, data);
	assert_int_equal(evbuffer_get_length(data), 0);
	writer_write_buffer(&f->w, data);
	writer_write(&f->w, bytes_of(NULL, 0));
	writer_write(&f->w, bytes_of_string("."));
	assert_int_equal(writer_queued(&f->w), 14);
	assert_int_equal(evbuffer_get_length(f->out), 14);
	assert_memory_equal(evbuffer_pullup(f->out, -1), "one two\0three.", 14);
	evbuffer_free(data);
}

/* Handed over where it lies: large data is not copied. */
static void test_large_buffers(void **state)
{
	enum { SIZE = 100 * 1000 };
	static unsigned char data[SIZE];
	struct fixture *f = *state;
	struct evbuffer *buffer = evbuffer_new();
	struct evbuffer_iovec chunk[2];

	memset(data, 'x', SIZE);
	evbuffer_add_reference(buffer, data, SIZE, NULL, NULL);
	writer_write(&f->w, bytes_of_string("y"));
	writer_write_buffer(&f->w, buffer);
	assert_int_equal(evbuffer_get_length(buffer), 0);
	assert_int_equal(writer_queued(&f->w), SIZE + 1);
	assert_int_equal(evbuffer_peek(f->out, -1, NULL, chunk, 2), 2);
	assert_ptr_equal(chunk[1].iov_base, data);
	assert_int_equal(writer_drain(&f->w), STREAM_AGAIN);
	evbuffer_free(buffer);
}

static void test_marks(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(writer_drain(&f->w), STREAM_OK);
	write_zeros(&f->w, HIGH);
	assert_int_equal(writer_drain(&f->w), STREAM_OK);
	write_zeros(&f->w, 1);
	assert_int_equal(writer_drain(&f->w), STREAM_AGAIN);
	send_bytes(f, HIGH - LOW);
	assert_int_equal(writer_queued(&f->w), LOW + 1);
	assert_int_equal(writer_drain(&f->w), STREAM_AGAIN);
	send_bytes(f, 1);
	assert_int_equal(writer_drain(&f->w), STREAM_OK);
	write_zeros(&f->w, HIGH - LOW);
	assert_int_equal(writer_drain(&f->w), STREAM_OK);
}

/* Not asked about in between, `above` is right all the same. */
static void test_marks_passed_unseen(void **state)
{
	struct fixture *f = *state;

	write_zeros(&f->w, HIGH + 1);
	send_bytes(f, HIGH + 1);
	write_zeros(&f->w, LOW + 1);
	send_bytes(f, 1);
	assert_int_equal(writer_drain(&f->w), STREAM_OK);
	write_zeros(&f->w, LOW);
	assert_int_equal(writer_drain(&f->w), STREAM_OK);
}

static void test_no_marks(void **state)
{
	struct fixture *f = *state;

	writer_init(&f->w, f->out, 0, 0);
	assert_int_equal(writer_drain(&f->w), STREAM_OK);
	assert_int_equal(writer_room(&f->w), ROOM_MIN);
	write_zeros(&f->w, 2);
	assert_int_equal(writer_room(&f->w), 0);
	assert_int_equal(writer_drain(&f->w), STREAM_AGAIN);
	send_bytes(f, 1);
	assert_int_equal(writer_drain(&f->w), STREAM_AGAIN);
	send_bytes(f, 1);
	assert_int_equal(writer_drain(&f->w), STREAM_OK);
}

static void test_flush(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(writer_flush(&f->w), STREAM_OK);
	write_zeros(&f->w, 1);
	assert_int_equal(writer_flush(&f->w), STREAM_AGAIN);
	send_bytes(f, 1);
	assert_int_equal(writer_flush(&f->w), STREAM_OK);
}

static void test_room(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(writer_room(&f->w), HIGH);
	write_zeros(&f->w, 1000);
	assert_int_equal(writer_room(&f->w), HIGH - 1000);
	write_zeros(&f->w, HIGH - 1000);
	assert_int_equal(writer_room(&f->w), ROOM_MIN);
	write_zeros(&f->w, 1);
	assert_int_equal(writer_room(&f->w), 0);
	send_bytes(f, HIGH - LOW);
	assert_int_equal(writer_room(&f->w), 0);
	send_bytes(f, 1);
	assert_int_equal(writer_room(&f->w), HIGH - LOW);
}

static void test_error(void **state)
{
	struct fixture *f = *state;
	struct evbuffer *data = evbuffer_new();

	write_zeros(&f->w, HIGH + 1);
	send_bytes(f, 1);
	writer_feed_error(&f->w);
	assert_int_equal(writer_drain(&f->w), STREAM_ERROR);
	assert_int_equal(writer_flush(&f->w), STREAM_ERROR);
	assert_int_equal(writer_queued(&f->w), 0);
	assert_int_equal(f->w.dropped, HIGH);

	writer_feed_error(&f->w);
	writer_write(&f->w, bytes_of_string("abc"));
	evbuffer_add(data, "defg", 4);
	writer_write_buffer(&f->w, data);
	assert_int_equal(evbuffer_get_length(data), 0);
	assert_int_equal(writer_queued(&f->w), 0);
	assert_int_equal(f->w.dropped, HIGH + 7);
	assert_int_equal(writer_flush(&f->w), STREAM_ERROR);
	evbuffer_free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_bytes_are_queued_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_large_buffers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_marks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_marks_passed_unseen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_marks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_flush, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_error, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
