/* SPDX-License-Identifier: ISC */
/* test_listener_inherit: listening sockets that were handed over: fd: and sd:. */
#include "config.h"

#include "net/listener.h"
#include "net/listener_options.h"
#include "net/listener_socket.h"

#include "base/err.h"
#include "io/loop.h"
#include "net/address.h"
#include "unit/interrupted_poll.h"
#include "unit/listener_rig.h"
#include "unit/support.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A blocking socket that listens on loopback, as a shell or systemd hands it over. */
static int handed_over(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*addr = (struct sockaddr_in){ .sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)addr, len), 0);
	assert_int_equal(listen(fd, 10), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)addr, &len), 0);
	return fd;
}

static int dial(const struct sockaddr_in *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)addr, sizeof(*addr)), 0);
	return fd;
}

static void descriptor_stays_as_it_is(void **state)
{
	struct listener_rig *rig = *state;
	struct sockaddr_in addr;
	struct address address = { .kind = ADDRESS_FD, .tls = true };
	char text[64];
	int fd;

	address.fd = handed_over(&addr);
	assert_true(listener_socket_is_listening(address.fd));
	assert_true(rig_start(rig, &address, 1));
	(void)snprintf(text, sizeof(text), "tls:127.0.0.1:%d", ntohs(addr.sin_port));
	assert_string_equal(listener_address(rig->listener, 0), text);
	fd = dial(&addr);
	/* A blocking accept would hang the loop for good after this one. */
	assert_true(support_run_until(rig->loop, &rig->accepted, SUPPORT_DEADLINE_MS));
	assert_true(rig->tls[0]);
	assert_true(support_is_idle(rig->loop, 20));
	assert_int_equal(fcntl(address.fd, F_GETFL) & O_NONBLOCK, 0);
	close(fd);
	rig_stop(rig);
	assert_true(listener_socket_is_listening(address.fd)); /* not ours to close */
	close(address.fd);
}

static void signal_while_it_looks(void **state)
{
	struct listener_rig *rig = *state;
	struct sockaddr_in addr;
	struct address address = { .kind = ADDRESS_FD };
	int fd;

	address.fd = handed_over(&addr);
	assert_true(rig_start(rig, &address, 1));
	poll_until_signal = 2; /* when no other connection is there, and accept(2) would wait */
	for (int i = 0; i < 2; i++) {
		rig->accepted = false;
		fd = dial(&addr);
		assert_true(support_run_until(rig->loop, &rig->accepted, SUPPORT_DEADLINE_MS));
		close(fd);
	}
	assert_int_equal(poll_until_signal, 0);
	close(address.fd);
}

static void what_does_not_listen(void **state)
{
	struct listener_rig *rig = *state;
	struct address address = { .kind = ADDRESS_FD };
	char text[120];
	int ends[2];

	support_unix_pair(ends);
	address.fd = ends[0];
	assert_false(listener_socket_is_listening(ends[0]));
	assert_false(rig_start(rig, &address, 1));
	assert_int_equal(rig->err.kind, ERR_USAGE);
	(void)snprintf(text, sizeof(text),
		       "descriptor %d is not a listening socket: if it is connected, listen on "
		       "fd:%d alone",
		       ends[0], ends[0]);
	assert_string_equal(rig->err.text, text);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	address.fd = ends[0];
	assert_false(rig_start(rig, &address, 1));
	(void)snprintf(text, sizeof(text), "descriptor %d is not a stream socket", ends[0]);
	assert_string_equal(rig->err.text, text);
	close(ends[0]);
	close(ends[1]);
	assert_false(rig_start(rig, &address, 1));
	(void)snprintf(text, sizeof(text), "cannot use descriptor %d: bad file descriptor",
		       ends[0]);
	assert_string_equal(rig->err.text, text);
}

static void nothing_was_passed(void **state)
{
	struct listener_rig *rig = *state;
	struct address address = { .kind = ADDRESS_SD };

	assert_false(rig_start(rig, &address, 1));
	assert_int_equal(rig->err.kind, ERR_USAGE);
	assert_string_equal(rig->err.text, "no sockets were passed to this process for sd:");

	/* Meant for another process: our parent's, for example. */
	setenv("LISTEN_PID", "1", 1);
	setenv("LISTEN_FDS", "1", 1);
	assert_false(rig_start(rig, &address, 1));
	assert_string_equal(rig->err.text, "no sockets were passed to this process for sd:");
	assert_null(getenv("LISTEN_PID"));
}

static void pass_to_us(const char *fds, const char *names)
{
	char pid[16];

	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", fds, 1);
	setenv("LISTEN_FDNAMES", names, 1);
}

/* Run in a child, whose descriptors 3 to 5 are ours to fill. */
static int activated(struct listener_rig *rig)
{
	struct sockaddr_in addrs[3];
	struct address all = { .kind = ADDRESS_SD };
	struct address web = { .kind = ADDRESS_SD, .name = (char *)"web" };
	struct address absent = { .kind = ADDRESS_SD, .name = (char *)"we" };
	int moved[3];

	for (int i = 0; i < 3; i++) {
		int fd = handed_over(&addrs[i]);

		moved[i] = fcntl(fd, F_DUPFD, 50);
		close(fd);
	}
	for (int i = 0; i < 3; i++)
		if (dup2(moved[i], 3 + i) < 0)
			return 1;
	if (dup2(STDIN_FILENO, 6) < 0)
		return 1;
	rig->loop = loop_new(); /* the old one's descriptors were among them */
	pass_to_us("3", "web:mail:web");
	if (!rig_start(rig, &web, 1) || listener_count(rig->listener) != 2)
		return 2;
	if (getenv("LISTEN_PID") || getenv("LISTEN_FDS") || getenv("LISTEN_FDNAMES"))
		return 3;
	(void)dial(&addrs[2]);
	if (!support_run_until(rig->loop, &rig->accepted, SUPPORT_DEADLINE_MS))
		return 4;
	rig_stop(rig);

	pass_to_us("3", "web:mail:web");
	if (rig_start(rig, &absent, 1) ||
	    strcmp(rig->err.text, "no socket named 'we' was passed for sd:") != 0)
		return 5;
	pass_to_us("3", "");
	if (!rig_start(rig, &all, 1) || listener_count(rig->listener) != 3)
		return 6;
	rig_stop(rig);
	pass_to_us("4", ""); /* the fourth is not a socket */
	if (rig_start(rig, &all, 1) || rig->err.kind != ERR_USAGE)
		return 7;
	return 0;
}

static void sockets_are_passed(void **state)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(activated(*state));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(descriptor_stays_as_it_is), TEST(signal_while_it_looks),
		TEST(what_does_not_listen),	 TEST(nothing_was_passed),
		TEST(sockets_are_passed),
	};

	(void)alarm(60); /* a call that must not block may */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
