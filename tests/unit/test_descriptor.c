/* SPDX-License-Identifier: ISC */
/* test_descriptor: inherited descriptors are used and their flags stay. */
#include "config.h"

#include "io/descriptor.h"

#include "unit/support.h"

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static ssize_t put(const struct descriptor *d, const void *data, size_t len)
{
	struct evbuffer *buffer = evbuffer_new();
	ssize_t n;

	evbuffer_add(buffer, data, len);
	n = descriptor_write(d, buffer);
	assert_int_equal(evbuffer_get_length(buffer), n < 0 ? len : len - (size_t)n);
	evbuffer_free(buffer);
	return n;
}

static ssize_t get(const struct descriptor *d, void *data, size_t len)
{
	struct evbuffer *buffer = evbuffer_new();
	ssize_t n = descriptor_read(d, len, buffer);

	assert_int_equal(evbuffer_remove(buffer, data, len), n < 0 ? 0 : n);
	evbuffer_free(buffer);
	return n;
}

static void assert_blocking(int fd)
{
	assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
}

static void pipes_are_opened_anew(void **state)
{
	struct descriptor in, out;
	char data[8];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	descriptor_open(&in, ends[0], false, false);
	descriptor_open(&out, ends[1], true, false);
	assert_int_equal(in.kind, DESCRIPTOR_OWN);
	assert_int_equal(out.kind, DESCRIPTOR_OWN);
	assert_true(in.fifo && out.fifo && in.owned && out.owned);
	assert_int_not_equal(in.fd, ends[0]);
	assert_true(fcntl(in.fd, F_GETFD) & FD_CLOEXEC);

	assert_int_equal(get(&in, data, sizeof(data)), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(put(&out, "abc", 3), 3);
	assert_int_equal(get(&in, data, sizeof(data)), 3);
	assert_memory_equal(data, "abc", 3);
	assert_blocking(ends[0]);
	assert_blocking(ends[1]);

	descriptor_close(&in);
	descriptor_close(&out);
	assert_true(fcntl(ends[0], F_GETFD) >= 0); /* still the caller's */
	close(ends[0]);
	close(ends[1]);
}

/* What was opened for reading must not become writable through /proc. */
static void directions_are_kept(void **state)
{
	struct descriptor out;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	descriptor_open(&out, ends[0], true, false);
	assert_int_equal(out.fd, ends[0]);
	assert_false(out.owned);
	descriptor_close(&out);
	assert_true(fcntl(ends[0], F_GETFD) >= 0);
	close(ends[0]);
	close(ends[1]);
}

/* Where nothing can be opened anew, a blocking pipe takes what a poll allows. */
static void shared_pipe_never_waits(void **state)
{
	static char block[64 * 1024];
	struct descriptor in = { .kind = DESCRIPTOR_SHARED, .fifo = true };
	struct descriptor out = in;
	int ends[2];
	ssize_t n;
	size_t all = 0;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	in.fd = ends[0];
	out.fd = ends[1];
	assert_int_equal(get(&in, block, sizeof(block)), -1);
	assert_int_equal(errno, EAGAIN);
	while ((n = put(&out, block, sizeof(block))) > 0) {
		assert_true(n <= PIPE_BUF);
		all += (size_t)n;
	}
	assert_int_equal(n, -1);
	assert_int_equal(errno, EAGAIN);
	assert_true(all >= 32 * 1024);
	while (all > 0) {
		n = get(&in, block, sizeof(block));
		assert_true(n > 0);
		all -= (size_t)n;
	}
	close(ends[0]);
	assert_int_equal(put(&out, "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(ends[1]);
}

static void sockets_do_not_wait(void **state)
{
	struct descriptor d;
	char data[8];
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	descriptor_open(&d, ends[0], true, false);
	assert_int_equal(d.kind, DESCRIPTOR_SOCKET);
	assert_int_equal(get(&d, data, sizeof(data)), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(put(&d, "abc", 3), 3);
	assert_int_equal(read(ends[1], data, sizeof(data)), 3);
	close(ends[1]);
	assert_int_equal(put(&d, "abc", 3), -1);
	assert_int_equal(errno, EPIPE);
	assert_blocking(ends[0]);
	close(ends[0]);
}

static void terminals_are_opened_anew(void **state)
{
	struct descriptor in, out, master;
	int pty = posix_openpt(O_RDWR | O_NOCTTY);
	char data[8];
	int slave;

	(void)state;
	assert_true(pty >= 0);
	assert_int_equal(grantpt(pty) | unlockpt(pty), 0);
	slave = open(ptsname(pty), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	descriptor_open(&in, slave, false, false);
	descriptor_open(&out, slave, true, false);
	assert_true(in.terminal && out.terminal);
	assert_int_equal(in.kind, DESCRIPTOR_OWN);
	assert_int_equal(out.kind, DESCRIPTOR_OWN);
	assert_int_equal(get(&in, data, sizeof(data)), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(put(&out, "abc", 3), 3);
	assert_int_equal(read(pty, data, sizeof(data)), 3);
	assert_blocking(slave);

	/* A master opened anew would be another terminal. */
	descriptor_open(&master, pty, true, false);
	assert_int_equal(master.kind, DESCRIPTOR_SHARED);
	assert_int_equal(master.fd, pty);
	descriptor_close(&in);
	descriptor_close(&out);
	close(slave);
	close(pty);
}

static void what_never_waits(void **state)
{
	static const struct {
		const char *path;
		enum descriptor_kind kind;
		bool null;
	} files[] = { { "/dev/null", DESCRIPTOR_FILE, true },
		      { "/dev/zero", DESCRIPTOR_OWN, false },
		      { "/dev/full", DESCRIPTOR_OWN, false },
		      { "/", DESCRIPTOR_FILE, false } };
	struct descriptor d;
	int fd;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		fd = open(files[i].path, O_RDONLY);
		assert_true(fd >= 0);
		descriptor_open(&d, fd, false, true);
		assert_int_equal(d.kind, files[i].kind);
		assert_int_equal(d.null, files[i].null);
		descriptor_close(&d);
		assert_int_equal(fcntl(fd, F_GETFD), -1); /* it was owned */
	}
	fd = eventfd(0, 0);
	descriptor_open(&d, fd, false, false);
	assert_int_equal(d.kind, DESCRIPTOR_SHARED);
	close(fd);
	descriptor_open(&d, fd, false, false);
	assert_int_equal(put(&d, "x", 1), -1);
	assert_int_equal(errno, EBADF);
}

static void owned_ones_do_not_block(void **state)
{
	struct descriptor d;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	descriptor_open(&d, ends[0], false, true);
	assert_int_equal(d.kind, DESCRIPTOR_OWN);
	assert_int_equal(d.fd, ends[0]);
	assert_true(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
	descriptor_close(&d);
	assert_int_equal(fcntl(ends[0], F_GETFD), -1);
	close(ends[1]);
}

/* In a child, since the test needs its own; the status is what went wrong. */
static int fill_in_child(void)
{
	struct descriptor d;

	close(STDIN_FILENO);
	close(STDERR_FILENO);
	if (descriptor_open_standard() != (1U << STDIN_FILENO | 1U << STDERR_FILENO))
		return 1;
	if (fcntl(STDIN_FILENO, F_GETFD) != 0 || fcntl(STDERR_FILENO, F_GETFD) != 0)
		return 2; /* closed, or not for our children */
	descriptor_open(&d, STDIN_FILENO, false, false);
	if (!d.null)
		return 3;
	return descriptor_open_standard() == 0 ? 0 : 4;
}

static void closed_ones_are_filled(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	assert_true(child >= 0);
	if (child == 0)
		_exit(fill_in_child());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pipes_are_opened_anew),
		cmocka_unit_test(directions_are_kept),
		cmocka_unit_test(shared_pipe_never_waits),
		cmocka_unit_test(sockets_do_not_wait),
		cmocka_unit_test(terminals_are_opened_anew),
		cmocka_unit_test(what_never_waits),
		cmocka_unit_test(owned_ones_do_not_block),
		cmocka_unit_test(closed_ones_are_filled),
	};

	(void)alarm(60); /* a call that must not block may */
	(void)sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
