/* SPDX-License-Identifier: ISC */
/* test_listener_families: machines without IPv6, and port numbers that collide. */
#include "config.h"

#include "net/listener.h"
#include "net/listener_options.h"

#include "base/err.h"
#include "io/loop.h"
#include "net/address.h"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * Each test runs in a child that has a network of its own, where it may change
 * what it likes. Where that is not allowed, the tests are skipped.
 */
enum { SKIPPED = 77, LOW_PORT = 50000, HIGH_PORT = 50003, TAKEN_PORT = 50001 };

static bool set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);
	bool ok = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* A network with nothing but a loopback interface that is up. */
static bool own_network(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd;
	bool ok;

	if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ok = ioctl(fd, SIOCGIFFLAGS, &request) == 0;
	request.ifr_flags |= IFF_UP;
	ok = ok && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
	close(fd);
	return ok;
}

static void in_child(int (*test)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(own_network() ? test() : SKIPPED);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == SKIPPED)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void accepted(void *arg, int fd, const struct socket_address *peer, bool tls)
{
	(void)arg;
	(void)peer;
	(void)tls;
	close(fd);
}

static struct listener *start_family(const struct address *address, int family, struct err *err)
{
	static struct listener_options options;
	struct listener *listener;

	options = (struct listener_options){ .backlog = 10, .family = family };
	listener = listener_new(loop_new(), address, 1, &options, accepted, NULL, err);
	if (listener != NULL && !listener_open(listener, err)) {
		listener_free(listener);
		return NULL;
	}
	return listener;
}

static struct listener *start(const struct address *address, struct err *err)
{
	return start_family(address, AF_UNSPEC, err);
}

static int without_ipv6(void)
{
	struct address loopback = { .kind = ADDRESS_TCP, .host_kind = HOST_LOOPBACK };
	struct address any = { .kind = ADDRESS_TCP, .host_kind = HOST_ANY };
	struct address name = { .kind = ADDRESS_TCP,
				.host_kind = HOST_NAME,
				.host = (char *)"localhost" };
	struct address literal = {
		.kind = ADDRESS_TCP, .host_kind = HOST_LITERAL, .host = (char *)"::1", .port = 80
	};
	struct listener *listener;
	struct err err = { 0 };

	if (!set("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1"))
		return SKIPPED;
	listener = start(&loopback, &err);
	if (listener == NULL || listener_count(listener) != 1)
		return 1;
	if (strncmp(listener_address(listener, 0), "127.0.0.1:", 10) != 0)
		return 2;
	listener_free(listener);
	listener = start(&name, &err);
	if (listener == NULL || listener_count(listener) != 1)
		return 3;
	listener_free(listener);
	listener = start(&any, &err);
	if (listener == NULL || listener_count(listener) != 1)
		return 8;
	listener_free(listener);
	/* None is left, or one was asked for by itself. */
	if (start_family(&loopback, AF_INET6, &err) != NULL || err.kind != ERR_CONNECT)
		return 6;
	if (strcmp(err.text,
		   "cannot listen on [::1]:0: address family not supported by protocol") != 0)
		return 7;
	if (start(&literal, &err) != NULL || err.kind != ERR_CONNECT)
		return 4;
	if (strcmp(err.text, "cannot listen on [::1]:80: cannot assign requested address (this "
			     "machine has no such address)") != 0)
		return 5;
	return 0;
}

static void lacking_family_is_left_out(void **state)
{
	(void)state;
	in_child(without_ipv6);
}

static int port_of(const char *text)
{
	return (int)strtol(strrchr(text, ':') + 1, NULL, 10);
}

static int take_port(void)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6,
				     .sin6_addr = in6addr_loopback,
				     .sin6_port = htons(TAKEN_PORT) };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	int on = 1;

	(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -1;
	return listen(fd, 1);
}

/* The kernel offers IPv4 a number that IPv6 cannot have: start over. */
static int with_taken_port(void)
{
	struct address loopback = { .kind = ADDRESS_TCP, .host_kind = HOST_LOOPBACK };
	struct listener *listener;
	struct err err = { 0 };
	char range[32];
	int port;

	(void)snprintf(range, sizeof(range), "%d %d", LOW_PORT, HIGH_PORT);
	if (!set("/proc/sys/net/ipv4/ip_local_port_range", range) || take_port() < 0)
		return SKIPPED;
	listener = start(&loopback, &err);
	if (listener == NULL || listener_count(listener) != 2)
		return 1;
	port = port_of(listener_address(listener, 0));
	if (port != port_of(listener_address(listener, 1)))
		return 2;
	listener_free(listener);
	return port == TAKEN_PORT;
}

static void taken_number_is_not_used(void **state)
{
	(void)state;
	in_child(with_taken_port);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lacking_family_is_left_out),
		cmocka_unit_test(taken_number_is_not_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
