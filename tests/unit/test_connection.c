/* SPDX-License-Identifier: ISC */
/* test_connection: reader and writer over a socket, half-close, and the orderly end. */
#include "config.h"

#include "io/connection.h"

#include "base/err.h"
#include "io/loop.h"
#include "unit/support.h"

#include <errno.h>
#include <event2/buffer.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	LIMIT = 64 * 1024,
	HIGH = 64 * 1024,
	LOW = 16 * 1024,
	MEBIBYTE = 1024 * 1024,
	TIMEOUT_MS = 3000,
	SHORT_MS = 60,
	SLOW_MS = 900,
	LAST_WORD_MS = 100,
	CLOSING_ROOM = 64 * 1024, /* that one turn reads and drops */
	SLOW_RATE = 4 * 1024,	  /* 4 MiB take longer than SLOW_MS */
};

/* A session in small: it runs `step` each time it is woken, until that says
 * something else than AGAIN. */
struct rig {
	struct loop *loop;
	struct task task;
	struct connection *connection;
	int peer;
	enum stream_status (*step)(struct rig *rig);
	enum stream_status status;
	unsigned runs;
	bool over;
	size_t count; /* for the steps */
	uint64_t timeout_ms;
	struct evbuffer *into;
	struct err err;
	/* The peer's part: what it does between the turns. */
	size_t peer_sends;   /* bytes it still sends */
	uint64_t peer_rate;  /* bytes it takes in a millisecond */
	uint64_t peer_began; /* when it began to take them */
	bool peer_reads, peer_closes;
	struct evbuffer *peer_got;
	int peer_error;
};

static void run(void *arg)
{
	struct rig *rig = arg;

	rig->runs++;
	connection_refresh(rig->connection);
	if (!rig->over)
		rig->status = rig->step(rig);
	rig->over = rig->status != STREAM_AGAIN;
	if (connection_update(rig->connection))
		task_wake(&rig->task);
}

static int rig_new(void **state, bool tcp)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	int pair[2];

	rig->loop = loop_new();
	assert_non_null(rig->loop);
	(tcp ? support_tcp_pair : support_unix_pair)(pair);
	rig->peer = pair[0];
	task_init(&rig->task, rig->loop, run, rig);
	rig->connection = connection_new(transport_plain_new(rig->loop, pair[1], NULL, false),
					 LIMIT, HIGH, LOW, &rig->task);
	rig->into = evbuffer_new();
	rig->peer_got = evbuffer_new();
	rig->timeout_ms = TIMEOUT_MS;
	rig->peer_rate = MEBIBYTE;
	rig->peer_began = loop_now();
	*state = rig;
	return 0;
}

static int set_up_tcp(void **state)
{
	return rig_new(state, true);
}

static int set_up_unix(void **state)
{
	return rig_new(state, false);
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	connection_free(rig->connection);
	task_cancel(&rig->task);
	if (rig->peer >= 0)
		close(rig->peer);
	evbuffer_free(rig->into);
	evbuffer_free(rig->peer_got);
	loop_free(rig->loop);
	free(rig);
	return 0;
}

static void close_connection(struct rig *rig)
{
	connection_free(rig->connection);
	rig->connection = NULL;
}

static void close_peer(struct rig *rig)
{
	close(rig->peer);
	rig->peer = -1;
}

static void peer_receive(struct rig *rig)
{
	static unsigned char data[LIMIT];
	uint64_t may = rig->peer_rate * (1 + loop_now() - rig->peer_began) -
		       evbuffer_get_length(rig->peer_got);
	ssize_t n;

	if (may == 0)
		return;
	n = support_try_receive(rig->peer, data, may < LIMIT ? may : LIMIT);
	if (n > 0)
		evbuffer_add(rig->peer_got, data, (size_t)n);
	else if (n != -EAGAIN)
		rig->peer_reads = false;
	if (n < 0 && n != -EAGAIN)
		rig->peer_error = (int)-n;
	if (n == 0 && rig->peer_closes && rig->peer_sends == 0)
		close_peer(rig);
}

static void peer_send(struct rig *rig)
{
	static const unsigned char data[LIMIT];
	size_t len = rig->peer_sends < sizeof(data) ? rig->peer_sends : sizeof(data);
	ssize_t n = send(rig->peer, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0)
		rig->peer_sends -= (size_t)n;
}

/* The peer has its turn, and then it is asked whether the step is over. */
static bool play(void *arg)
{
	struct rig *rig = arg;

	if (rig->peer >= 0 && rig->peer_sends > 0)
		peer_send(rig);
	if (rig->peer >= 0 && rig->peer_reads)
		peer_receive(rig);
	return rig->over;
}

static void start(struct rig *rig, enum stream_status (*step)(struct rig *rig))
{
	rig->step = step;
	rig->over = false;
	task_wake(&rig->task);
}

static enum stream_status finish(struct rig *rig)
{
	assert_true(support_run(rig->loop, play, rig, SUPPORT_DEADLINE_MS));
	return rig->status;
}

static enum stream_status perform(struct rig *rig, enum stream_status (*step)(struct rig *rig))
{
	start(rig, step);
	return finish(rig);
}

static void turn(struct rig *rig)
{
	support_run_for(rig->loop, 1);
}

static void write_pattern(struct rig *rig, size_t len)
{
	unsigned char *data = malloc(len);

	support_pattern(data, len, 0);
	writer_write(&rig->connection->writer, bytes_of(data, len));
	free(data);
}

static void write_text(struct rig *rig, const char *text)
{
	writer_write(&rig->connection->writer, bytes_of_string(text));
}

/* What the peer gets until the end, when the stream has been freed. */
static void assert_peer_gets(struct rig *rig, size_t len)
{
	close_connection(rig);
	if (rig->peer >= 0)
		assert_int_equal(support_receive_all(rig->peer, rig->peer_got), 0);
	assert_int_equal(rig->peer_error, 0);
	assert_int_equal(evbuffer_get_length(rig->peer_got), len);
	assert_true(support_is_pattern(rig->peer_got, 0));
}

/* --- the two directions --- */

static enum stream_status read_line(struct rig *rig)
{
	return reader_readline(&rig->connection->reader, rig->into);
}

static enum stream_status read_exactly(struct rig *rig)
{
	return reader_readexactly(&rig->connection->reader, rig->count, rig->into);
}

static enum stream_status read_all(struct rig *rig)
{
	enum stream_status status;

	do
		status = reader_read(&rig->connection->reader, SIZE_MAX, rig->into);
	while (status == STREAM_OK);
	return status;
}

static void assert_text(struct rig *rig, const char *expected)
{
	size_t len = evbuffer_get_length(rig->into);

	assert_int_equal(len, strlen(expected));
	if (len > 0)
		assert_memory_equal(evbuffer_pullup(rig->into, -1), expected, len);
	evbuffer_drain(rig->into, len);
}

static void test_read_lines_to_the_end(void **state)
{
	struct rig *rig = *state;

	start(rig, read_line);
	turn(rig);
	assert_false(rig->over);
	support_send(rig->peer, "one\ntwo\nthr", 11);
	assert_int_equal(finish(rig), STREAM_OK);
	assert_text(rig, "one\n");
	assert_int_equal(perform(rig, read_line), STREAM_OK);
	assert_text(rig, "two\n");
	start(rig, read_line);
	turn(rig);
	assert_false(rig->over);
	shutdown(rig->peer, SHUT_WR);
	assert_int_equal(finish(rig), STREAM_EOF);
	assert_text(rig, "thr");
	assert_true(reader_at_eof(&rig->connection->reader));
	assert_null(connection_read_error(rig->connection));
}

/* More than the limit: the transport is asked for all that is wanted. */
static void test_read_more_than_the_limit(void **state)
{
	struct rig *rig = *state;

	rig->count = MEBIBYTE;
	rig->peer_sends = MEBIBYTE;
	assert_int_equal(perform(rig, read_exactly), STREAM_OK);
	assert_int_equal(evbuffer_get_length(rig->into), MEBIBYTE);
}

/* Without a question: what is taken in is bounded by the limit and a read's unit. */
static void test_reading_stops_when_nobody_asks(void **state)
{
	struct rig *rig = *state;

	rig->peer_sends = MEBIBYTE;
	rig->count = 1;
	assert_int_equal(perform(rig, read_exactly), STREAM_OK);
	for (int i = 0; i < 20; i++) {
		(void)play(rig);
		(void)connection_update(rig->connection);
		turn(rig);
	}
	assert_in_range(reader_buffered(&rig->connection->reader), LIMIT / 2, LIMIT + 3 * 4096);
	rig->count = MEBIBYTE - 1;
	assert_int_equal(perform(rig, read_exactly), STREAM_OK);
}

static void test_reset_comes_after_the_data(void **state)
{
	struct rig *rig = *state;

	support_send(rig->peer, "one\ntw", 6);
	support_reset(rig->peer);
	rig->peer = -1;
	assert_int_equal(perform(rig, read_line), STREAM_OK);
	assert_text(rig, "one\n");
	assert_int_equal(perform(rig, read_line), STREAM_ERROR);
	assert_text(rig, "tw");
	assert_string_equal(connection_read_error(rig->connection)->text,
			    "connection reset by peer");
	assert_false(reader_at_eof(&rig->connection->reader));
}

static enum stream_status drain(struct rig *rig)
{
	return writer_drain(&rig->connection->writer);
}

static enum stream_status flush(struct rig *rig)
{
	return writer_flush(&rig->connection->writer);
}

/* The update sends all, and nothing else would wake who waits for that. */
static void test_drain_and_flush_at_once(void **state)
{
	struct rig *rig = *state;

	support_small_buffers(rig->peer);
	write_pattern(rig, HIGH + 1);
	rig->peer_reads = true;
	assert_int_equal(perform(rig, drain), STREAM_OK);
	write_text(rig, "x");
	assert_int_equal(perform(rig, flush), STREAM_OK);
}

static void test_drain_waits_for_the_peer(void **state)
{
	struct rig *rig = *state;

	write_pattern(rig, 10 * MEBIBYTE);
	start(rig, drain);
	for (int i = 0; i < 5; i++)
		turn(rig);
	assert_false(rig->over);
	rig->peer_reads = true;
	assert_int_equal(finish(rig), STREAM_OK);
	assert_in_range(writer_queued(&rig->connection->writer), 0, LOW);
	assert_int_equal(perform(rig, flush), STREAM_OK);
	assert_int_equal(writer_queued(&rig->connection->writer), 0);
	assert_int_equal(connection_sent(rig->connection), 10 * MEBIBYTE);
}

static void test_write_to_a_reset_stream(void **state)
{
	struct rig *rig = *state;

	support_reset(rig->peer);
	rig->peer = -1;
	write_text(rig, "x");
	assert_int_equal(perform(rig, flush), STREAM_ERROR);
	assert_string_equal(connection_write_error(rig->connection)->text,
			    "connection reset by peer");
	assert_int_equal(perform(rig, read_all), STREAM_ERROR);
}

static enum stream_status write_eof(struct rig *rig)
{
	return connection_write_eof(rig->connection);
}

static void test_write_eof_and_go_on_reading(void **state)
{
	struct rig *rig = *state;

	write_pattern(rig, 3 * MEBIBYTE);
	rig->peer_reads = true;
	assert_int_equal(perform(rig, write_eof), STREAM_OK);
	while (rig->peer_reads) {
		(void)play(rig);
		turn(rig);
	}
	assert_int_equal(evbuffer_get_length(rig->peer_got), 3 * MEBIBYTE);
	support_send(rig->peer, "reply\n", 6);
	assert_int_equal(perform(rig, read_line), STREAM_OK);
	assert_text(rig, "reply\n");
}

static void test_write_eof_on_a_reset_stream(void **state)
{
	struct rig *rig = *state;

	support_reset(rig->peer);
	rig->peer = -1;
	assert_int_equal(perform(rig, write_eof), STREAM_ERROR);
	assert_string_equal(connection_write_error(rig->connection)->text,
			    "connection reset by peer");
}

/* --- the end --- */

static enum stream_status end(struct rig *rig)
{
	return connection_close(rig->connection, rig->timeout_ms, rig->timeout_ms, &rig->err);
}

/* The peer has ended, and all has been sent: nothing to wait for, in one run. */
static void test_close_after_the_peer(void **state)
{
	struct rig *rig = *state;

	shutdown(rig->peer, SHUT_WR);
	assert_int_equal(perform(rig, read_all), STREAM_EOF);
	write_pattern(rig, 1000);
	rig->runs = 0;
	assert_int_equal(perform(rig, end), STREAM_OK);
	assert_int_equal(rig->runs, 1);
	assert_peer_gets(rig, 1000);
}

/* The peer closes when it has read our end, and so do we. */
static void test_close_before_the_peer(void **state)
{
	struct rig *rig = *state;

	write_pattern(rig, 1000);
	rig->peer_reads = rig->peer_closes = true;
	assert_int_equal(perform(rig, end), STREAM_OK);
	assert_true(reader_at_eof(&rig->connection->reader)); /* its end, not its silence */
	assert_peer_gets(rig, 1000);
}

/* A peer that sends what is never read, while it takes our tail slowly: a
 * close(2) would answer with a reset, and the tail would be lost. */
static void test_tail_arrives_while_the_peer_sends(void **state)
{
	struct rig *rig = *state;

	rig->peer_sends = 3 * MEBIBYTE;
	(void)play(rig);
	write_pattern(rig, 3 * MEBIBYTE);
	rig->peer_reads = rig->peer_closes = true;
	assert_int_equal(perform(rig, end), STREAM_OK);
	assert_int_equal(rig->peer_sends, 0);
	assert_peer_gets(rig, 3 * MEBIBYTE);
}

/* The same, when reading had been off and its data unread for long. */
static void test_tail_arrives_with_input_unread(void **state)
{
	struct rig *rig = *state;

	support_send(rig->peer, "unread", 6);
	write_pattern(rig, 1000);
	start(rig, end);
	for (int i = 0; i < 5; i++)
		turn(rig);
	rig->peer_reads = rig->peer_closes = true;
	assert_int_equal(finish(rig), STREAM_OK);
	assert_peer_gets(rig, 1000);
}

/* Bytes leave all the time, though slower than the timeout would like. */
static void test_slow_peer_is_waited_for(void **state)
{
	struct rig *rig = *state;
	uint64_t begin = loop_now();

	rig->timeout_ms = SLOW_MS;
	rig->peer_rate = SLOW_RATE;
	write_pattern(rig, 4 * MEBIBYTE);
	rig->peer_reads = rig->peer_closes = true;
	assert_int_equal(perform(rig, end), STREAM_OK);
	assert_in_range(loop_now() - begin, SLOW_MS, SUPPORT_DEADLINE_MS);
	assert_peer_gets(rig, 4 * MEBIBYTE);
}

/* The number is of all that the peer's kernel has not got, wherever it is. */
static void test_peer_that_never_reads(void **state)
{
	struct rig *rig = *state;
	uint64_t unsent;
	char *end_of_number;

	rig->timeout_ms = SHORT_MS;
	write_pattern(rig, 10 * MEBIBYTE);
	assert_int_equal(perform(rig, end), STREAM_ERROR);
	assert_int_equal(rig->err.kind, ERR_TIMEOUT);
	unsent = strtoull(rig->err.text, &end_of_number, 10);
	assert_string_equal(end_of_number, " bytes could not be sent: the peer reads nothing");
	assert_in_range(unsent, writer_queued(&rig->connection->writer), 10 * MEBIBYTE);
	assert_int_equal(unsent, writer_queued(&rig->connection->writer) +
					 transport_unsent(rig->connection->transport));
}

/* All has gone into the peer's kernel, and then it says nothing for a second:
 * counted from the last it said. */
static void test_silent_peer(void **state)
{
	struct rig *rig = *state;
	uint64_t begin = loop_now();

	write_pattern(rig, 1000);
	start(rig, end);
	while (loop_now() - begin < LAST_WORD_MS)
		turn(rig);
	support_send(rig->peer, "x", 1);
	assert_int_equal(finish(rig), STREAM_OK);
	assert_in_range(loop_now() - begin, LAST_WORD_MS + 950, TIMEOUT_MS - 500);
	assert_in_range(rig->runs, 2, 20);
	assert_peer_gets(rig, 1000);
}

/* A peer that speaks all the time is listened to for the timeout. */
static void test_peer_that_never_ends(void **state)
{
	struct rig *rig = *state;
	uint64_t begin = loop_now();

	rig->timeout_ms = SHORT_MS;
	rig->peer_sends = SIZE_MAX;
	assert_int_equal(perform(rig, end), STREAM_OK);
	assert_in_range(loop_now() - begin, SHORT_MS - 10, TIMEOUT_MS - 500);
	assert_in_range(reader_buffered(&rig->connection->reader), 0, CLOSING_ROOM);
}

static void test_reset_that_loses_bytes(void **state)
{
	struct rig *rig = *state;
	char expected[80];

	write_pattern(rig, 10 * MEBIBYTE);
	start(rig, end);
	turn(rig);
	assert_false(rig->over);
	support_reset(rig->peer);
	rig->peer = -1;
	assert_int_equal(finish(rig), STREAM_ERROR);
	assert_int_equal(rig->err.kind, ERR_IO);
	assert_int_equal(rig->err.sys, ECONNRESET);
	snprintf(expected, sizeof(expected), "connection reset by peer with %zu bytes unsent",
		 (size_t)rig->connection->writer.dropped +
			 transport_unsent(rig->connection->transport));
	assert_string_equal(rig->err.text, expected);
}

static void test_reset_that_loses_nothing(void **state)
{
	struct rig *rig = *state;

	support_reset(rig->peer);
	rig->peer = -1;
	assert_int_equal(perform(rig, end), STREAM_OK);
}

/* It was read before the end began. */
static void test_reset_known_before(void **state)
{
	struct rig *rig = *state;

	support_reset(rig->peer);
	rig->peer = -1;
	assert_int_equal(perform(rig, read_all), STREAM_ERROR);
	assert_int_equal(perform(rig, end), STREAM_OK);
}

static bool acknowledged(void *arg)
{
	return transport_unsent(((struct rig *)arg)->connection->transport) == 0;
}

/* All is there; the peer takes it and goes without manners. */
static void test_reset_after_all_was_acknowledged(void **state)
{
	struct rig *rig = *state;
	char got[100];

	write_pattern(rig, sizeof(got));
	start(rig, end);
	turn(rig);
	support_receive(rig->peer, got, sizeof(got));
	assert_true(support_run(rig->loop, acknowledged, rig, SUPPORT_DEADLINE_MS));
	support_reset(rig->peer);
	rig->peer = -1;
	assert_int_equal(finish(rig), STREAM_OK);
}

/* What failed before the end, and was counted then. */
static void test_close_after_a_failed_write(void **state)
{
	struct rig *rig = *state;

	support_reset(rig->peer);
	rig->peer = -1;
	write_text(rig, "12345");
	assert_int_equal(perform(rig, flush), STREAM_ERROR);
	assert_int_equal(perform(rig, end), STREAM_ERROR);
	assert_string_equal(rig->err.text, "connection reset by peer with 5 bytes unsent");
}

static void test_abort(void **state)
{
	struct rig *rig = *state;

	write_pattern(rig, 1000);
	connection_abort(rig->connection);
	close_connection(rig);
	assert_int_equal(support_receive_all(rig->peer, rig->peer_got), ECONNRESET);
	assert_int_equal(evbuffer_get_length(rig->peer_got), 0);
}

/* A slow peer, which also sends what is never read, gets all of it, but no end. */
static void test_cut(void **state)
{
	struct rig *rig = *state;

	rig->peer_sends = 3 * MEBIBYTE;
	write_pattern(rig, 3 * MEBIBYTE);
	connection_cut(rig->connection);
	rig->peer_reads = true;
	assert_int_equal(perform(rig, end), STREAM_OK);
	close_connection(rig);
	assert_int_equal(support_receive_all(rig->peer, rig->peer_got), ECONNRESET);
	assert_int_equal(evbuffer_get_length(rig->peer_got), 3 * MEBIBYTE);
	assert_true(support_is_pattern(rig->peer_got, 0));
}

/* What was read before does not count, what has come behind it does, and nothing is lost. */
static void test_release(void **state)
{
	struct rig *rig = *state;
	struct transport *transport;

	support_send(rig->peer, "header\nrest", 11);
	assert_int_equal(perform(rig, read_line), STREAM_OK);
	transport = connection_release(rig->connection);
	rig->connection = connection_new(transport, LIMIT, HIGH, LOW, &rig->task);
	assert_int_equal(connection_received(rig->connection), 4);
	support_send(rig->peer, " of it\n", 7);
	assert_int_equal(perform(rig, read_line), STREAM_OK);
	assert_int_equal(connection_received(rig->connection), 11);
	assert_int_equal(evbuffer_get_length(rig->into), 18);
	assert_memory_equal(evbuffer_pullup(rig->into, -1), "header\nrest of it\n", 18);
}

/* The peer goes before its system has taken everything, when all has left the queue. */
static void lose_the_peer_of_a_cut(struct rig *rig)
{
	write_pattern(rig, LIMIT);
	connection_cut(rig->connection);
	start(rig, end);
	turn(rig);
	assert_int_equal(writer_queued(&rig->connection->writer), 0);
	assert_true(connection_unsent(rig->connection) > 0);
	support_reset(rig->peer);
	rig->peer = -1;
	assert_int_equal(finish(rig), STREAM_ERROR);
	assert_int_equal(rig->err.kind, ERR_IO);
}

static void test_cut_of_a_peer_that_resets(void **state)
{
	struct rig *rig = *state;

	support_small_buffers(rig->peer);
	lose_the_peer_of_a_cut(rig);
}

static void test_cut_of_a_peer_that_has_ended_and_resets(void **state)
{
	struct rig *rig = *state;

	support_small_buffers(rig->peer);
	shutdown(rig->peer, SHUT_WR);
	assert_int_equal(perform(rig, read_all), STREAM_EOF);
	lose_the_peer_of_a_cut(rig);
}

#define TCP(name) cmocka_unit_test_setup_teardown(name, set_up_tcp, tear_down)
#define ON_BOTH(name)                                                                              \
	{ #name "_tcp", name, set_up_tcp, tear_down, NULL },                                       \
	{                                                                                          \
#name "_unix", name, set_up_unix, tear_down, NULL                                  \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_read_lines_to_the_end),
		ON_BOTH(test_read_more_than_the_limit),
		ON_BOTH(test_reading_stops_when_nobody_asks),
		TCP(test_reset_comes_after_the_data),
		ON_BOTH(test_drain_and_flush_at_once),
		ON_BOTH(test_drain_waits_for_the_peer),
		TCP(test_write_to_a_reset_stream),
		ON_BOTH(test_write_eof_and_go_on_reading),
		TCP(test_write_eof_on_a_reset_stream),
		ON_BOTH(test_close_after_the_peer),
		ON_BOTH(test_close_before_the_peer),
		ON_BOTH(test_tail_arrives_while_the_peer_sends),
		ON_BOTH(test_tail_arrives_with_input_unread),
		TCP(test_slow_peer_is_waited_for),
		ON_BOTH(test_peer_that_never_reads),
		TCP(test_silent_peer),
		ON_BOTH(test_peer_that_never_ends),
		TCP(test_reset_that_loses_bytes),
		TCP(test_reset_that_loses_nothing),
		TCP(test_reset_known_before),
		TCP(test_reset_after_all_was_acknowledged),
		TCP(test_close_after_a_failed_write),
		TCP(test_abort),
		TCP(test_cut),
		TCP(test_cut_of_a_peer_that_resets),
		TCP(test_cut_of_a_peer_that_has_ended_and_resets),
		ON_BOTH(test_release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
