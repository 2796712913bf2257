/* SPDX-License-Identifier: ISC */
/* support: connected pairs and loops with a deadline, for the tests of src/net. */
#include "config.h"

#include "unit/support.h"

#include "base/err.h"
#include "io/loop.h"
#include "io/transport.h"

#include <errno.h>
#include <event2/buffer.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATTERN_PERIOD = 65521, CHUNK = 64 * 1024, SMALL = 8 * 1024, LATE_TURNS = 10 };

void support_tcp_pair(int pair[2])
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(listener >= 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
	pair[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(pair[0] >= 0);
	if (connect(pair[0], (struct sockaddr *)&addr, len) != 0)
		assert_int_equal(errno, EINPROGRESS);
	pair[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(pair[1] >= 0);
	close(listener);
}

void support_unix_pair(int pair[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair),
			 0);
}

void support_no_op(void *arg)
{
	(void)arg;
}

struct until {
	struct task task;
	struct timer *tick;
	const bool *done;
	uint64_t end;
	unsigned late_turns; /* that are left once the time is over */
};

static void look(void *arg)
{
	struct until *until = arg;
	bool over = loop_now() >= until->end;

	if (*until->done || (over && until->late_turns-- == 0))
		loop_stop(until->task.loop);
	else
		timer_start(until->tick, over ? 0 : 1);
}

bool support_run_until(struct loop *loop, const bool *done, uint64_t ms)
{
	struct until until = {
		.done = done,
		.end = loop_now() + ms,
		.late_turns = ms > 0 ? LATE_TURNS : 0,
	};

	if (*done)
		return true;
	task_init(&until.task, loop, look, &until);
	until.tick = timer_new(&until.task);
	timer_start(until.tick, ms > 0 ? 1 : 0);
	assert_true(loop_run(loop));
	timer_free(until.tick);
	task_cancel(&until.task);
	return *done;
}

void support_run_for(struct loop *loop, uint64_t ms)
{
	bool never = false;

	(void)support_run_until(loop, &never, ms);
}

bool support_run(struct loop *loop, bool (*met)(void *arg), void *arg, uint64_t ms)
{
	uint64_t end = loop_now() + ms;

	while (!met(arg)) {
		if (loop_now() > end)
			return false;
		support_run_for(loop, 1);
	}
	return true;
}

static uint64_t processor_ms(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * 1000 + (uint64_t)used.tv_nsec / 1000000;
}

bool support_is_idle(struct loop *loop, uint64_t ms)
{
	for (int tries = 5; tries > 0; tries--) {
		uint64_t begin = processor_ms();

		support_run_for(loop, ms);
		if (processor_ms() - begin <= ms / 3)
			return true;
	}
	return false;
}

static void await(int fd, short what)
{
	struct pollfd p = { .fd = fd, .events = what };

	assert_int_equal(poll(&p, 1, SUPPORT_DEADLINE_MS), 1);
}

void support_send(int fd, const void *data, size_t len)
{
	const unsigned char *next = data;

	while (len > 0) {
		ssize_t n;

		await(fd, POLLOUT);
		n = send(fd, next, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		assert_true(n > 0);
		next += n;
		len -= (size_t)n;
	}
}

void support_receive(int fd, void *data, size_t len)
{
	unsigned char *next = data;

	while (len > 0) {
		ssize_t n;

		await(fd, POLLIN);
		n = recv(fd, next, len, MSG_DONTWAIT);
		assert_true(n > 0);
		next += n;
		len -= (size_t)n;
	}
}

int support_receive_all(int fd, struct evbuffer *into)
{
	unsigned char *data = malloc(CHUNK);
	int sys = 0;
	ssize_t n;

	assert_non_null(data);
	do {
		await(fd, POLLIN);
		n = recv(fd, data, CHUNK, MSG_DONTWAIT);
		if (n > 0)
			evbuffer_add(into, data, (size_t)n);
		else if (n < 0)
			sys = errno;
	} while (n > 0);
	free(data);
	return sys;
}

ssize_t support_try_receive(int fd, void *data, size_t len)
{
	ssize_t n = recv(fd, data, len, MSG_DONTWAIT);

	return n < 0 ? -errno : n;
}

size_t support_fill(int fd)
{
	unsigned char *data = calloc(1, CHUNK);
	size_t total = 0;
	ssize_t n;

	assert_non_null(data);
	while ((n = send(fd, data, CHUNK, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
		total += (size_t)n;
	assert_int_equal(errno, EAGAIN);
	free(data);
	return total;
}

void support_small_buffers(int fd)
{
	int size = SMALL;

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
}

void support_reset(int fd)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	close(fd);
}

enum stream_status support_handshake(struct transport *t)
{
	struct err err;

	return transport_handshake(t, &err);
}

unsigned char support_byte(uint64_t i)
{
	uint64_t place = i % PATTERN_PERIOD;

	return (unsigned char)(place * 31 + (place >> 8) * 7);
}

void support_pattern(unsigned char *data, size_t len, uint64_t from)
{
	for (size_t i = 0; i < len; i++)
		data[i] = support_byte(from + i);
}

void support_add_pattern(struct evbuffer *buffer, size_t len, uint64_t from)
{
	unsigned char *data = malloc(len);

	assert_non_null(data);
	support_pattern(data, len, from);
	assert_int_equal(evbuffer_add(buffer, data, len), 0);
	free(data);
}

bool support_is_pattern(struct evbuffer *buffer, uint64_t from)
{
	size_t len = evbuffer_get_length(buffer);
	unsigned char *data = malloc(len + 1);
	bool same = true;

	assert_non_null(data);
	evbuffer_copyout(buffer, data, len);
	for (size_t i = 0; i < len && same; i++)
		same = data[i] == support_byte(from + i);
	free(data);
	return same;
}
