/* SPDX-License-Identifier: ISC */
/* test_listener: one port for all, accepting, pausing, and running out of descriptors. */
#include "config.h"

#include "net/listener.h"
#include "net/listener_options.h"

#include "base/err.h"
#include "base/log.h"
#include "io/loop.h"
#include "io/sockaddr.h"
#include "net/address.h"
#include "unit/listener_rig.h"
#include "unit/support.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct address loopback(uint16_t port)
{
	return (struct address){ .kind = ADDRESS_TCP, .host_kind = HOST_LOOPBACK, .port = port };
}

static struct address literal(const char *host, uint16_t port)
{
	return (struct address){
		.kind = ADDRESS_TCP, .host_kind = HOST_LITERAL, .host = (char *)host, .port = port
	};
}

/* The port at the end of an address's text. */
static uint16_t port_of(const char *text)
{
	return (uint16_t)strtoul(strrchr(text, ':') + 1, NULL, 10);
}

__attribute__((format(printf, 3, 4))) static void assert_address(struct listener_rig *rig, size_t i,
								 const char *format, ...)
{
	char text[128];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	assert_string_equal(listener_address(rig->listener, i), text);
}

/* A socket that has been told to connect; -errno when it was refused. */
static int dial(const char *host, uint16_t port)
{
	struct socket_address addr;
	int fd;

	assert_true(sockaddr_literal(host, port, &addr));
	fd = socket(addr.addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (connect(fd, (struct sockaddr *)&addr.addr, addr.len) == 0)
		return fd;
	close(fd);
	return -errno;
}

struct wanted {
	struct listener_rig *rig;
	size_t count;
};

static bool has_count(void *arg)
{
	struct wanted *w = arg;

	return w->rig->count >= w->count;
}

static bool wait_count(struct listener_rig *rig, size_t count)
{
	struct wanted wanted = { rig, count };

	return support_run(rig->loop, has_count, &wanted, SUPPORT_DEADLINE_MS) &&
	       rig->count == count;
}

static bool has_ipv6(void)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool has = fd >= 0 && bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0;

	if (fd >= 0)
		close(fd);
	return has;
}

static void one_port_serves_all(void **state)
{
	struct listener_rig *rig = *state;
	struct address addresses[] = {
		loopback(0),
		literal("127.0.0.2", 0),
		{ .kind = ADDRESS_TCP, .host_kind = HOST_LOOPBACK, .port = 0 }, /* twice */
	};
	uint16_t port;

	if (!has_ipv6())
		skip();
	assert_true(rig_start(rig, addresses, 3));
	assert_int_equal(listener_count(rig->listener), 3);
	port = port_of(listener_address(rig->listener, 0));
	assert_int_not_equal(port, 0);
	assert_address(rig, 0, "127.0.0.1:%d", port);
	assert_address(rig, 1, "[::1]:%d", port);
	assert_address(rig, 2, "127.0.0.2:%d", port);

	int a = dial("127.0.0.1", port);
	int b = dial("::1", port);
	int c = dial("127.0.0.2", port);

	assert_true(a >= 0 && b >= 0 && c >= 0);
	assert_true(wait_count(rig, 3));
	assert_true(fcntl(rig->fds[0], F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(rig->fds[0], F_GETFD) & FD_CLOEXEC);
	close(a);
	close(b);
	close(c);
	rig_stop(rig);
	assert_int_equal(dial("127.0.0.1", port), -ECONNREFUSED);
}

static void families_and_wildcards(void **state)
{
	struct listener_rig *rig = *state;
	struct address any = { .kind = ADDRESS_TCP, .host_kind = HOST_ANY, .tls = true };
	int fd;

	rig->options.family = AF_INET;
	assert_true(rig_start(rig, &any, 1));
	assert_int_equal(listener_count(rig->listener), 1);
	assert_address(rig, 0, "tls:0.0.0.0:%d", port_of(listener_address(rig->listener, 0)));
	fd = dial("127.0.0.1", port_of(listener_address(rig->listener, 0)));
	assert_true(wait_count(rig, 1));
	assert_true(rig->tls[0]);
	close(fd);
	rig_stop(rig);
	if (!has_ipv6())
		return;
	rig->options.family = AF_INET6;
	assert_true(rig_start(rig, &any, 1));
	assert_int_equal(listener_count(rig->listener), 1);
	/* No IPv4 through the back door: V6ONLY. */
	fd = dial("127.0.0.1", port_of(listener_address(rig->listener, 0)));
	assert_int_equal(fd, -ECONNREFUSED);
}

static void names_are_looked_up(void **state)
{
	struct listener_rig *rig = *state;
	struct address name = { .kind = ADDRESS_TCP,
				.host_kind = HOST_NAME,
				.host = (char *)"localhost" };
	int fd;

	rig->options.family = AF_INET;
	assert_true(rig_start(rig, &name, 1));
	fd = dial("127.0.0.1", port_of(listener_address(rig->listener, 0)));
	assert_true(wait_count(rig, 1));
	assert_false(rig->tls[0]);
	close(fd);
}

static void one_family(void **state)
{
	struct listener_rig *rig = *state;
	struct address address = { .kind = ADDRESS_TCP, .host_kind = HOST_LOOPBACK };

	rig->options.family = AF_INET;
	assert_true(rig_start(rig, &address, 1));
	assert_int_equal(listener_count(rig->listener), 1);
	assert_memory_equal(listener_address(rig->listener, 0), "127.0.0.1:", 10);
}

static int busy_port(uint16_t *port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	*port = ntohs(addr.sin_port);
	return fd;
}

/* One that cannot be bound, and none listens. */
static void all_or_nothing(void **state)
{
	struct listener_rig *rig = *state;
	struct address addresses[2];
	char text[128];
	uint16_t port;
	int busy = busy_port(&port);

	addresses[0] = literal("127.0.0.2", port);
	addresses[1] = literal("127.0.0.1", port);
	assert_false(rig_start(rig, addresses, 2));
	(void)snprintf(text, sizeof(text), "cannot listen on 127.0.0.1:%d: address already in use",
		       port);
	assert_int_equal(rig->err.kind, ERR_CONNECT);
	assert_int_equal(rig->err.sys, EADDRINUSE);
	assert_string_equal(rig->err.text, text);
	assert_int_equal(dial("127.0.0.2", port), -ECONNREFUSED);
	close(busy);

	addresses[0] = literal("127.0.0.1", port);
	addresses[1].tls = true;
	assert_false(rig_start(rig, addresses, 2));
	(void)snprintf(text, sizeof(text), "127.0.0.1:%d is given with TLS and without", port);
	assert_int_equal(rig->err.kind, ERR_USAGE);
	assert_string_equal(rig->err.text, text);
	assert_int_equal(dial("127.0.0.1", port), -ECONNREFUSED);
}

static void foreign_address_is_an_error(void **state)
{
	struct listener_rig *rig = *state;
	struct address address = literal("192.0.2.1", 80);

	assert_false(rig_start(rig, &address, 1));
	assert_int_equal(rig->err.kind, ERR_CONNECT);
	assert_string_equal(rig->err.text, "cannot listen on 192.0.2.1:80: cannot assign requested "
					   "address (this machine has no such address)");
}

static void paused_ones_wait(void **state)
{
	struct listener_rig *rig = *state;
	struct address address = literal("127.0.0.1", 0);
	int fds[3];

	assert_true(rig_start(rig, &address, 1));
	rig->pause_at = 1;
	for (size_t i = 0; i < 3; i++)
		fds[i] = dial("127.0.0.1", port_of(listener_address(rig->listener, 0)));
	assert_true(wait_count(rig, 1));
	assert_true(support_is_idle(rig->loop, 30));
	assert_int_equal(rig->count, 1);
	listener_resume(rig->listener);
	assert_true(wait_count(rig, 3));
	for (size_t i = 0; i < 3; i++)
		close(fds[i]);
}

/* More than one batch is waiting, and all are taken. */
static void batches_follow_each_other(void **state)
{
	struct listener_rig *rig = *state;
	struct address address = literal("127.0.0.1", 0);
	int fds[20];

	rig->options.backlog = 3;
	assert_true(rig_start(rig, &address, 1));
	for (size_t i = 0; i < 20; i++) {
		fds[i] = dial("127.0.0.1", port_of(listener_address(rig->listener, 0)));
		if (i % 4 == 3)
			assert_true(wait_count(rig, i + 1));
	}
	for (size_t i = 0; i < 20; i++)
		close(fds[i]);
}

static void set_limit(rlim_t limit)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &r), 0);
	r.rlim_cur = limit;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &r), 0);
}

/* Run in a child: 0, or the number of the check that failed. */
static int run_out(struct listener_rig *rig)
{
	struct address address = literal("127.0.0.1", 0);
	int fds[3];
	int lowest;

	log_set(-1, false);
	if (!rig_start(rig, &address, 1))
		return 1;
	for (size_t i = 0; i < 3; i++)
		fds[i] = dial("127.0.0.1", port_of(listener_address(rig->listener, 0)));
	lowest = dup(0);
	close(lowest);
	set_limit((rlim_t)lowest + 1);
	if (!wait_count(rig, 1))
		return 2;
	if (!support_is_idle(rig->loop, 100))
		return 3; /* it spins */
	if (rig->count != 1)
		return 4;
	close(rig->fds[--rig->count]);
	listener_retry(rig->listener);
	if (!wait_count(rig, 1))
		return 5; /* the second, at once */
	if (!support_is_idle(rig->loop, 50) || rig->count != 1)
		return 6;
	set_limit((rlim_t)lowest + 10);
	if (!wait_count(rig, 2))
		return 7; /* the third, after a second */
	return fds[0] < 0;
}

static void out_of_descriptors(void **state)
{
	pid_t child;
	int status;

	if (getenv("TEST_WRAPPER") != NULL)
		skip(); /* valgrind keeps a limit of its own */
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(run_out(*state));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(WIFEXITED(status));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_port_serves_all), TEST(families_and_wildcards),
		TEST(names_are_looked_up), TEST(one_family),
		TEST(all_or_nothing),	   TEST(foreign_address_is_an_error),
		TEST(paused_ones_wait),	   TEST(batches_follow_each_other),
		TEST(out_of_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
