/* SPDX-License-Identifier: ISC */
/* test_transport: a plain socket, and each cure of a weakness of libevent's. */
#include "config.h"

#include "io/transport.h"

#include "base/err.h"
#include "io/loop.h"
#include "io/sockaddr.h"
#include "io/transport_impl.h"
#include "unit/interrupted_poll.h"
#include "unit/support.h"

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	UNIT = 4096, /* what libevent reads at once */
	MEBIBYTE = 1024 * 1024,
	ROOM = 256 * 1024,
	IDLE_MS = 40, /* how long a spin would be watched */
};

struct rig {
	struct loop *loop;
	struct transport *t;
	int peer, own; /* own: the transport's */
	unsigned wakes;
	struct task owner;
	size_t expected; /* for the conditions below */
};

static void count_wake(void *arg)
{
	((struct rig *)arg)->wakes++;
}

static int rig_new(void **state, bool tcp)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	int pair[2];

	rig->loop = loop_new();
	assert_non_null(rig->loop);
	(tcp ? support_tcp_pair : support_unix_pair)(pair);
	rig->peer = pair[0];
	rig->own = pair[1];
	rig->t = transport_plain_new(rig->loop, pair[1], NULL, false);
	transport_set_wake(rig->t, count_wake, rig);
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

	transport_free(rig->t);
	if (rig->peer >= 0)
		close(rig->peer);
	loop_free(rig->loop);
	free(rig);
	return 0;
}

static bool has_ended(void *arg)
{
	return ((struct rig *)arg)->t->read_half != READ_OPEN;
}

static bool has_come(void *arg)
{
	struct rig *rig = arg;

	return rig->t->received >= rig->expected;
}

static bool write_failed(void *arg)
{
	return ((struct rig *)arg)->t->write_error != NULL;
}

static void await(struct rig *rig, bool (*met)(void *arg))
{
	assert_true(support_run(rig->loop, met, rig, SUPPORT_DEADLINE_MS));
}

/* One turn, or a few: for what has arrived already. */
static void turn(struct rig *rig)
{
	support_run_for(rig->loop, 1);
}

static void send_pattern(int fd, size_t len)
{
	unsigned char *data = malloc(len);

	support_pattern(data, len, 0);
	support_send(fd, data, len);
	free(data);
}

static void assert_input(struct rig *rig, size_t len)
{
	assert_int_equal(evbuffer_get_length(rig->t->input), len);
	assert_true(support_is_pattern(rig->t->input, 0));
}

static void assert_error(const struct err *err, int sys, const char *text)
{
	assert_non_null(err);
	assert_string_equal(err->text, text);
	assert_int_equal(err->kind, ERR_IO);
	assert_int_equal(err->sys, sys);
}

/* --- reading --- */

static void test_bytes_then_end(void **state)
{
	struct rig *rig = *state;

	transport_want(rig->t, ROOM);
	support_send(rig->peer, "hello", 5);
	shutdown(rig->peer, SHUT_WR);
	await(rig, has_ended);
	assert_int_equal(evbuffer_get_length(rig->t->input), 5);
	assert_memory_equal(evbuffer_pullup(rig->t->input, 5), "hello", 5);
	assert_int_equal(rig->t->received, 5);
	assert_null(rig->t->read_error);
	assert_true(rig->wakes >= 2);
}

/* What was sent before a reset comes out, and then it is one: at the sizes
 * where the top-up comes in, and reads a socket with nothing but an error. */
static void receive_then_reset(struct rig *rig, size_t len)
{
	send_pattern(rig->peer, len);
	support_reset(rig->peer);
	rig->peer = -1;
	transport_want(rig->t, ROOM);
	await(rig, has_ended);
	assert_input(rig, len);
	assert_error(rig->t->read_error, ECONNRESET, "connection reset by peer");
}

static void test_unit_then_reset(void **state)
{
	receive_then_reset(*state, UNIT);
}

static void test_more_than_a_unit_then_reset(void **state)
{
	receive_then_reset(*state, UNIT + 1);
}

static void test_much_then_reset(void **state)
{
	receive_then_reset(*state, 10 * UNIT);
}

/* The top-up asks for as much as came before, and is told of the reset in place of
 * libevent's next read. */
static void test_reset_met_by_the_top_up(void **state)
{
	struct rig *rig = *state;

	send_pattern(rig->peer, 5 * UNIT);
	transport_want(rig->t, ROOM);
	rig->expected = 5 * UNIT;
	await(rig, has_come);
	assert_input(rig, 5 * UNIT);
	evbuffer_drain(rig->t->input, 5 * UNIT);
	receive_then_reset(rig, UNIT);
}

static void test_reset_alone(void **state)
{
	receive_then_reset(*state, 0);
}

/* One wake-up brings what is there. */
static void test_top_up(void **state)
{
	struct rig *rig = *state;

	send_pattern(rig->peer, 10 * UNIT); /* within the first window of TCP */
	transport_want(rig->t, ROOM);
	rig->expected = 10 * UNIT;
	await(rig, has_come);
	assert_int_equal(rig->wakes, 1);
	assert_input(rig, 10 * UNIT);
}

/* A million bytes through a window of 256K: many times what one read takes. */
static void test_bulk(void **state)
{
	struct rig *rig = *state;
	struct evbuffer *all = evbuffer_new();
	unsigned char *data = malloc(MEBIBYTE);
	size_t sent = 0;
	uint64_t end = loop_now() + SUPPORT_DEADLINE_MS;

	support_pattern(data, MEBIBYTE, 0);
	while (evbuffer_get_length(all) < MEBIBYTE) {
		ssize_t n = 0;

		assert_true(loop_now() < end);
		if (sent < MEBIBYTE)
			n = send(rig->peer, data + sent, MEBIBYTE - sent, MSG_DONTWAIT);
		sent += n > 0 ? (size_t)n : 0;
		transport_want(rig->t, ROOM);
		turn(rig);
		evbuffer_add_buffer(all, rig->t->input);
	}
	assert_int_equal(rig->t->received, MEBIBYTE);
	assert_true(support_is_pattern(all, 0));
	assert_in_range(rig->wakes, 4, 128); /* 256 without a top-up */
	evbuffer_free(all);
	free(data);
}

static void want_the_rest(void *arg)
{
	struct rig *rig = arg;
	uint64_t came = rig->t->received;

	transport_want(rig->t, rig->expected > came ? rig->expected - (size_t)came : 0);
}

static void wake_owner(void *arg)
{
	task_wake(&((struct rig *)arg)->owner);
}

/* No more comes than is wanted, or a little. */
static void test_room_is_kept(void **state)
{
	struct rig *rig = *state;

	task_init(&rig->owner, rig->loop, want_the_rest, rig);
	transport_set_wake(rig->t, wake_owner, rig);
	send_pattern(rig->peer, 15 * UNIT);
	rig->expected = 10000;
	task_wake(&rig->owner);
	await(rig, has_come);
	assert_true(support_is_idle(rig->loop, IDLE_MS));
	assert_input(rig, 10000);
	rig->expected = 10001;
	task_wake(&rig->owner);
	await(rig, has_come);
	assert_true(support_is_idle(rig->loop, IDLE_MS));
	assert_input(rig, 10000 + UNIT);
}

/* An owner that does not say what it wants after it got all it wanted: libevent has
 * read once more before reading is stopped. */
static void test_room_is_kept_without_its_owner(void **state)
{
	struct rig *rig = *state;

	send_pattern(rig->peer, 15 * UNIT);
	transport_want(rig->t, 10000);
	assert_true(support_is_idle(rig->loop, IDLE_MS));
	assert_input(rig, 10000 + UNIT);
	transport_want(rig->t, ROOM);
	rig->expected = 15 * UNIT;
	await(rig, has_come);
	assert_input(rig, 15 * UNIT);
}

static void test_reading_is_off_at_first(void **state)
{
	struct rig *rig = *state;

	support_send(rig->peer, "x", 1);
	turn(rig);
	assert_int_equal(rig->wakes, 0);
	assert_int_equal(evbuffer_get_length(rig->t->input), 0);
}

/* Data that is not wanted, its end, and a reset: none of them makes the loop turn. */
static void test_no_spin_while_reading_is_off(void **state)
{
	struct rig *rig = *state;

	transport_want(rig->t, ROOM);
	support_send(rig->peer, "x", 1);
	rig->expected = 1;
	await(rig, has_come);
	transport_want(rig->t, 0);
	send_pattern(rig->peer, 3 * UNIT);
	assert_true(support_is_idle(rig->loop, IDLE_MS));
	shutdown(rig->peer, SHUT_WR);
	assert_true(support_is_idle(rig->loop, IDLE_MS));
	support_reset(rig->peer);
	rig->peer = -1;
	assert_true(support_is_idle(rig->loop, IDLE_MS));
	assert_int_equal(rig->t->received, 1);
	transport_want(rig->t, ROOM);
	await(rig, has_ended);
	assert_int_equal(rig->t->received, 1 + 3 * UNIT);
}

static void test_no_spin_after_the_end(void **state)
{
	struct rig *rig = *state;

	transport_want(rig->t, ROOM);
	shutdown(rig->peer, SHUT_WR);
	await(rig, has_ended);
	transport_want(rig->t, ROOM);
	assert_true(support_is_idle(rig->loop, IDLE_MS));
}

/* --- writing --- */

/* At the peer before the loop turns. */
static void test_write_through(void **state)
{
	struct rig *rig = *state;
	char got[8];

	evbuffer_add(rig->t->output, "through", 7);
	transport_flush(rig->t);
	assert_int_equal(support_try_receive(rig->peer, got, sizeof(got)), 7);
	assert_memory_equal(got, "through", 7);
	assert_int_equal(evbuffer_get_length(rig->t->output), 0);
	assert_int_equal(rig->t->sent, 7);
}

/* More pieces than one sendmsg(2) takes. */
static void test_write_many_pieces(void **state)
{
	struct rig *rig = *state;
	static unsigned char bytes[300];
	struct evbuffer *got = evbuffer_new();

	support_pattern(bytes, sizeof(bytes), 0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		evbuffer_add_reference(rig->t->output, bytes + i, 1, NULL, NULL);
	transport_flush(rig->t);
	transport_shut(rig->t);
	assert_int_equal(support_receive_all(rig->peer, got), 0);
	assert_int_equal(evbuffer_get_length(got), sizeof(bytes));
	assert_true(support_is_pattern(got, 0));
	evbuffer_free(got);
}

/* What the kernel does not take at once leaves by itself, each step a wake. */
static void test_write_the_rest_later(void **state)
{
	struct rig *rig = *state;
	struct evbuffer *got = evbuffer_new();
	unsigned char *chunk = malloc(ROOM);
	uint64_t end;

	support_add_pattern(rig->t->output, 10 * MEBIBYTE, 0);
	transport_flush(rig->t);
	end = loop_now() + SUPPORT_DEADLINE_MS;
	assert_in_range(evbuffer_get_length(rig->t->output), 1, 10 * MEBIBYTE);
	assert_int_equal(rig->wakes, 0);
	while (evbuffer_get_length(got) < 10 * MEBIBYTE) {
		ssize_t n = recv(rig->peer, chunk, ROOM, MSG_DONTWAIT);

		assert_true(loop_now() < end);
		if (n > 0)
			evbuffer_add(got, chunk, (size_t)n);
		else
			turn(rig);
	}
	assert_true(support_is_pattern(got, 0));
	assert_true(rig->wakes > 0);
	assert_int_equal(rig->t->sent, 10 * MEBIBYTE);
	assert_true(support_is_idle(rig->loop, IDLE_MS));
	evbuffer_free(got);
	free(chunk);
}

static void test_no_spin_while_the_socket_is_full(void **state)
{
	struct rig *rig = *state;

	support_add_pattern(rig->t->output, 10 * MEBIBYTE, 0);
	transport_flush(rig->t);
	transport_want(rig->t, ROOM);
	assert_true(support_is_idle(rig->loop, IDLE_MS));
}

/* A splice(2) that has moved something and then meets the reset tells of the bytes alone, and the
 * socket forgets it: the end that is read then must not look clean. */
static void test_reset_that_a_splice_took(void **state)
{
	struct rig *rig = *state;
	int error;
	socklen_t len = sizeof(error);

	evbuffer_add(rig->t->output, "x", 1);
	transport_flush(rig->t);
	support_reset(rig->peer);
	rig->peer = -1;
	assert_int_equal(getsockopt(transport_raw_fd(rig->t), SOL_SOCKET, SO_ERROR, &error, &len),
			 0);
	assert_int_equal(error, ECONNRESET);
	transport_want(rig->t, ROOM);
	await(rig, has_ended);
	assert_error(rig->t->read_error, ECONNRESET, "connection reset by peer");
}

/* The first write meets the reset: sending ends, and so does reading, with
 * the reset that the write took from the socket. */
static void test_write_after_reset(void **state)
{
	struct rig *rig = *state;

	transport_want(rig->t, ROOM);
	support_reset(rig->peer);
	rig->peer = -1;
	evbuffer_add(rig->t->output, "x", 1);
	transport_flush(rig->t);
	assert_error(rig->t->write_error, ECONNRESET, "connection reset by peer");
	assert_int_equal(rig->wakes, 1);
	assert_int_equal(rig->t->read_half, READ_OPEN);
	await(rig, has_ended);
	assert_error(rig->t->read_error, ECONNRESET, "connection reset by peer");
	evbuffer_add(rig->t->output, "y", 1);
	transport_flush(rig->t);
	assert_int_equal(evbuffer_get_length(rig->t->output), 2);
}

/* A failed write does not hide what the peer had said before. */
static void test_read_after_a_failed_write(void **state)
{
	struct rig *rig = *state;

	send_pattern(rig->peer, 10 * UNIT);
	support_reset(rig->peer);
	rig->peer = -1;
	evbuffer_add(rig->t->output, "x", 1);
	transport_flush(rig->t);
	assert_non_null(rig->t->write_error);
	transport_want(rig->t, ROOM);
	await(rig, has_ended);
	assert_input(rig, 10 * UNIT);
	assert_error(rig->t->read_error, ECONNRESET, "connection reset by peer");
}

/* EPIPE takes no error from the socket: what the peer sent before its end is
 * complete. */
static void test_broken_pipe_is_no_read_error(void **state)
{
	struct rig *rig = *state;

	support_send(rig->peer, "bye", 3);
	close(rig->peer);
	rig->peer = -1;
	evbuffer_add(rig->t->output, "x", 1);
	transport_flush(rig->t);
	assert_error(rig->t->write_error, EPIPE, "broken pipe");
	transport_want(rig->t, ROOM);
	await(rig, has_ended);
	assert_int_equal(rig->t->received, 3);
	assert_null(rig->t->read_error);
}

/* A peer that reads no more makes a full Unix socket fail, which nothing tells who
 * waits for it; the peer's next bytes let it be tried. */
static void test_no_more_reading_while_the_socket_is_full(void **state)
{
	struct rig *rig = *state;

	transport_want(rig->t, ROOM);
	support_add_pattern(rig->t->output, 10 * MEBIBYTE, 0);
	transport_flush(rig->t);
	turn(rig);
	shutdown(rig->peer, SHUT_RD);
	turn(rig);
	assert_null(rig->t->write_error);
	support_send(rig->peer, "x", 1);
	rig->expected = 1;
	await(rig, has_come);
	transport_flush(rig->t);
	assert_error(rig->t->write_error, EPIPE, "broken pipe");
}

/* A reset while something waits for the full socket, and reading is off. */
static void test_reset_while_the_socket_is_full(void **state)
{
	struct rig *rig = *state;

	support_add_pattern(rig->t->output, 10 * MEBIBYTE, 0);
	transport_flush(rig->t);
	turn(rig);
	support_reset(rig->peer);
	rig->peer = -1;
	await(rig, write_failed);
	assert_error(rig->t->write_error, ECONNRESET, "connection reset by peer");
	assert_true(support_is_idle(rig->loop, IDLE_MS));
}

/* --- the sending half's end --- */

static void test_shut(void **state)
{
	struct rig *rig = *state;
	char byte;

	evbuffer_add(rig->t->output, "x", 1);
	transport_shut(rig->t);
	assert_int_equal(rig->t->write_half, WRITE_SHUT);
	assert_int_equal(support_try_receive(rig->peer, &byte, 1), 1);
	assert_int_equal(support_try_receive(rig->peer, &byte, 1), 0);
	transport_want(rig->t, ROOM);
	support_send(rig->peer, "reply", 5);
	rig->expected = 5;
	await(rig, has_come);
	assert_int_equal(rig->t->read_half, READ_OPEN);
}

static void test_shut_waits_for_the_queue(void **state)
{
	struct rig *rig = *state;
	struct evbuffer *got = evbuffer_new();
	unsigned char *chunk = malloc(ROOM);
	ssize_t n = 1;

	support_add_pattern(rig->t->output, 10 * MEBIBYTE, 0);
	transport_shut(rig->t);
	assert_int_not_equal(rig->t->write_half, WRITE_SHUT);
	for (uint64_t end = loop_now() + SUPPORT_DEADLINE_MS; n != 0;) {
		assert_true(loop_now() < end);
		n = recv(rig->peer, chunk, ROOM, MSG_DONTWAIT);
		if (n > 0)
			evbuffer_add(got, chunk, (size_t)n);
		turn(rig);
	}
	assert_int_equal(rig->t->write_half, WRITE_SHUT);
	assert_int_equal(evbuffer_get_length(got), 10 * MEBIBYTE);
	assert_true(support_is_pattern(got, 0));
	evbuffer_free(got);
	free(chunk);
}

/* shutdown(2) says no more than ENOTCONN. */
static void test_shut_after_reset(void **state)
{
	struct rig *rig = *state;

	support_reset(rig->peer);
	rig->peer = -1;
	transport_shut(rig->t);
	assert_int_not_equal(rig->t->write_half, WRITE_SHUT);
	assert_error(rig->t->write_error, ECONNRESET, "connection reset by peer");
	transport_want(rig->t, ROOM);
	await(rig, has_ended);
	assert_error(rig->t->read_error, ECONNRESET, "connection reset by peer");
}

static void test_shut_after_a_reset_that_was_read(void **state)
{
	struct rig *rig = *state;

	support_reset(rig->peer);
	rig->peer = -1;
	transport_want(rig->t, ROOM);
	await(rig, has_ended);
	transport_shut(rig->t);
	assert_error(rig->t->write_error, ECONNRESET, "connection reset by peer");
}

static bool all_acknowledged(void *arg)
{
	return transport_unsent(((struct rig *)arg)->t) == 0;
}

/* Our FIN, which has a number too, is not counted. */
static void test_unsent(void **state)
{
	struct rig *rig = *state;
	size_t before;

	support_add_pattern(rig->t->output, 10 * MEBIBYTE, 0);
	transport_flush(rig->t);
	evbuffer_drain(rig->t->output, evbuffer_get_length(rig->t->output));
	before = transport_unsent(rig->t);
	assert_in_range(before, 1, rig->t->sent);
	transport_shut(rig->t);
	assert_int_equal(rig->t->write_half, WRITE_SHUT);
	assert_in_range(transport_unsent(rig->t), 1, before);
}

static void test_all_sent(void **state)
{
	struct rig *rig = *state;
	char byte;

	evbuffer_add(rig->t->output, "x", 1);
	transport_shut(rig->t);
	support_receive(rig->peer, &byte, 1);
	await(rig, all_acknowledged);
}

/* A half-close is not the end of the peer; nothing of it is read. */
static void lose_peer(struct rig *rig, enum peer_state expected)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	assert_int_equal(shutdown(rig->peer, SHUT_WR), 0);
	assert_int_equal(transport_peer_state(rig->t), PEER_OPEN);
	(void)setsockopt(rig->peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(rig->peer);
	rig->peer = -1;
	poll_until_signal = 1;
	assert_int_equal(transport_peer_state(rig->t), expected);
}

static void test_peer_resets(void **state)
{
	lose_peer(*state, PEER_RESET);
}

static void test_peer_of_unix_closes(void **state)
{
	lose_peer(*state, PEER_CLOSED);
}

static int option_of(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

/* What was set before stays. */
static void test_probe(void **state)
{
	const int other = 77, off = 0;
	struct rig *rig = *state;

	transport_probe(rig->t);
	assert_int_equal(option_of(rig->own, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_in_range(option_of(rig->own, IPPROTO_TCP, TCP_KEEPIDLE), 1, 60);
	(void)setsockopt(rig->own, IPPROTO_TCP, TCP_KEEPIDLE, &other, sizeof(other));
	transport_probe(rig->t);
	assert_int_equal(option_of(rig->own, IPPROTO_TCP, TCP_KEEPIDLE), other);
	(void)setsockopt(rig->own, SOL_SOCKET, SO_KEEPALIVE, &off, sizeof(off));
	transport_probe(rig->t);
	assert_in_range(option_of(rig->own, IPPROTO_TCP, TCP_KEEPINTVL), 1, 60);
}

static void test_abort(void **state)
{
	struct rig *rig = *state;
	struct evbuffer *got = evbuffer_new();

	rig->t->reset = true;
	transport_free(rig->t);
	assert_int_equal(support_receive_all(rig->peer, got), ECONNRESET);
	rig->t = NULL;
	evbuffer_free(got);
}

/* --- descriptors --- */

static void test_free_closes_at_once(void **state)
{
	struct rig *rig = *state;
	char byte;

	transport_want(rig->t, ROOM);
	transport_free(rig->t);
	rig->t = NULL;
	assert_int_equal(fcntl(rig->own, F_GETFD), -1);
	assert_int_equal(support_try_receive(rig->peer, &byte, 1), 0);
}

/* Another process (here a copy) that holds the file keeps it in epoll, unless
 * it was taken out before: then the loop would never rest again. */
static void test_no_spin_when_a_copy_lives_on(void **state)
{
	struct rig *rig = *state;
	int copy = dup(rig->own);

	transport_want(rig->t, ROOM);
	support_add_pattern(rig->t->output, 10 * MEBIBYTE, 0);
	transport_flush(rig->t);
	turn(rig);
	transport_free(rig->t);
	rig->t = NULL;
	turn(rig); /* the bufferevent frees its 10 MiB now */
	support_send(rig->peer, "x", 1);
	assert_true(support_is_idle(rig->loop, IDLE_MS));
	close(copy);
}

/* A socket that others share keeps its flags; one that is full makes no caller
 * wait. */
static void test_blocking_socket(void **state)
{
	struct rig *rig = *state;
	int pair[2], flags;

	support_unix_pair(pair);
	flags = fcntl(pair[1], F_GETFL) & ~O_NONBLOCK;
	fcntl(pair[1], F_SETFL, flags);
	transport_free(rig->t);
	close(rig->peer);
	rig->peer = pair[0];
	rig->t = transport_plain_new(rig->loop, pair[1], NULL, false);
	support_add_pattern(rig->t->output, 10 * MEBIBYTE, 0);
	transport_flush(rig->t);
	transport_want(rig->t, ROOM);
	send_pattern(rig->peer, UNIT); /* to be topped up with nothing */
	rig->expected = UNIT;
	await(rig, has_come);
	assert_int_equal(fcntl(pair[1], F_GETFL), flags);
	assert_in_range(evbuffer_get_length(rig->t->output), 1, 10 * MEBIBYTE);
}

static int nodelay(int fd)
{
	int on = -1;
	socklen_t len = sizeof(on);

	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len), 0);
	return on;
}

static void test_nodelay(void **state)
{
	struct rig *rig = *state;
	struct transport *other;
	int pair[2];

	assert_true(nodelay(rig->own));
	support_tcp_pair(pair);
	other = transport_plain_new(rig->loop, pair[0], NULL, true);
	assert_false(nodelay(pair[0]));
	transport_free(other);
	close(pair[1]);
}

/* --- facts --- */

static char *fact(struct rig *rig, enum info_key key)
{
	struct evbuffer *text = evbuffer_new();
	size_t len;
	char *copy = NULL;

	if (transport_info(rig->t, key, text)) {
		len = evbuffer_get_length(text);
		copy = calloc(1, len + 1);
		evbuffer_remove(text, copy, len);
	}
	assert_int_equal(evbuffer_get_length(text), 0);
	evbuffer_free(text);
	return copy;
}

static void assert_fact(struct rig *rig, enum info_key key, const char *expected)
{
	char *text = fact(rig, key);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static char *name_of(int fd)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	char *text = calloc(1, 32);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	snprintf(text, 32, "127.0.0.1:%u", ntohs(addr.sin_port));
	return text;
}

static void test_info_tcp(void **state)
{
	struct rig *rig = *state;
	char *peer = name_of(rig->peer), *own = name_of(rig->own), *rtt, *end;

	support_reset(rig->peer); /* the names are those of the beginning */
	rig->peer = -1;
	assert_fact(rig, INFO_PEERNAME, peer);
	assert_fact(rig, INFO_SOCKNAME, own);
	assert_fact(rig, INFO_FAMILY, "inet");
	rtt = fact(rig, INFO_RTT);
	assert_non_null(rtt);
	assert_true(strtod(rtt, &end) < 10);
	assert_string_equal(end, "");
	assert_int_equal(strlen(strchr(rtt, '.')), 7);
	assert_null(fact(rig, INFO_CIPHER));
	free(peer);
	free(own);
	free(rtt);
}

static void test_info_that_a_proxy_told(void **state)
{
	struct rig *rig = *state;
	struct socket_address peer, own;

	assert_true(sockaddr_literal("2001:db8::1", 1, &peer));
	assert_true(sockaddr_literal("2001:db8::2", 2, &own));
	transport_set_addresses(rig->t, &own, &peer);
	transport_set_addresses(rig->t, &peer, &own);
	assert_fact(rig, INFO_PEERNAME, "[2001:db8::1]:1");
	assert_fact(rig, INFO_SOCKNAME, "[2001:db8::2]:2");
	assert_fact(rig, INFO_FAMILY, "inet6");
}

static void test_info_unix(void **state)
{
	struct rig *rig = *state;

	assert_fact(rig, INFO_PEERNAME, "");
	assert_fact(rig, INFO_SOCKNAME, "");
	assert_fact(rig, INFO_FAMILY, "unix");
	assert_null(fact(rig, INFO_RTT));
	assert_int_equal(transport_unsent(rig->t), 0);
}

static void test_key_names(void **state)
{
	(void)state;
	assert_string_equal(info_key_name(INFO_PEERNAME), "peername");
	for (int key = 0; key < INFO_KEYS; key++) {
		const char *name = info_key_name((enum info_key)key);

		assert_non_null(name);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-0123456789"),
				 strlen(name));
	}
}

static void test_raw_and_handshake(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(transport_raw_fd(rig->t), rig->own);
	assert_int_equal(support_handshake(rig->t), STREAM_OK);
}

static void test_free_null(void **state)
{
	(void)state;
	transport_free(NULL);
}

#define TCP(name) cmocka_unit_test_setup_teardown(name, set_up_tcp, tear_down)
#define ON_BOTH(name)                                                                              \
	{ #name "_tcp", name, set_up_tcp, tear_down, NULL },                                       \
	{                                                                                          \
#name "_unix", name, set_up_unix, tear_down, NULL                                  \
	}
#define ON_UNIX(name) cmocka_unit_test_setup_teardown(name, set_up_unix, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_bytes_then_end),
		TCP(test_unit_then_reset),
		TCP(test_more_than_a_unit_then_reset),
		TCP(test_much_then_reset),
		TCP(test_reset_met_by_the_top_up),
		TCP(test_reset_alone),
		ON_BOTH(test_top_up),
		ON_BOTH(test_bulk),
		ON_BOTH(test_room_is_kept),
		ON_BOTH(test_room_is_kept_without_its_owner),
		ON_BOTH(test_reading_is_off_at_first),
		TCP(test_no_spin_while_reading_is_off),
		ON_BOTH(test_no_spin_after_the_end),
		ON_BOTH(test_write_through),
		ON_BOTH(test_write_many_pieces),
		ON_BOTH(test_write_the_rest_later),
		ON_BOTH(test_no_spin_while_the_socket_is_full),
		TCP(test_reset_that_a_splice_took),
		TCP(test_write_after_reset),
		TCP(test_read_after_a_failed_write),
		ON_UNIX(test_broken_pipe_is_no_read_error),
		TCP(test_reset_while_the_socket_is_full),
		ON_BOTH(test_shut),
		ON_BOTH(test_shut_waits_for_the_queue),
		TCP(test_shut_after_reset),
		TCP(test_shut_after_a_reset_that_was_read),
		TCP(test_unsent),
		TCP(test_all_sent),
		TCP(test_peer_resets),
		ON_UNIX(test_peer_of_unix_closes),
		TCP(test_probe),
		TCP(test_abort),
		ON_BOTH(test_free_closes_at_once),
		ON_BOTH(test_no_spin_when_a_copy_lives_on),
		ON_UNIX(test_blocking_socket),
		TCP(test_nodelay),
		TCP(test_info_tcp),
		ON_BOTH(test_info_that_a_proxy_told),
		ON_UNIX(test_no_more_reading_while_the_socket_is_full),
		ON_UNIX(test_info_unix),
		cmocka_unit_test(test_key_names),
		TCP(test_raw_and_handshake),
		cmocka_unit_test(test_free_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
