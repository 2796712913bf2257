/* SPDX-License-Identifier: ISC */
/* doors: one port of ::1 and of 127.0.0.1 that answers, refuses or keeps silent. */
#pragma once

#include "io/sockaddr.h"
#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum door {
	DOOR_OPEN,   /* listens; what comes waits in the backlog */
	DOOR_CLOSED, /* bound, so that no other program gets the port: connection refused */
	DOOR_SILENT, /* the backlog is full, and the kernel drops what comes */
};

enum { DOOR_FILLERS = 4, DOOR_TRIES = 100 };

struct doors {
	uint16_t port;
	int ipv6, ipv4;
	int fillers[2 * DOOR_FILLERS];
	size_t filler_count;
};

/* The lowest free descriptor: the same before and after when none is leaked. */
static inline int doors_lowest_fd(void)
{
	int fd = dup(STDERR_FILENO);

	assert_true(fd >= 0);
	close(fd);
	return fd;
}

static inline int doors_bind(const char *host, uint16_t port)
{
	struct socket_address addr;
	int fd;

	assert_true(sockaddr_literal(host, port, &addr));
	fd = socket(addr.addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (bind(fd, (struct sockaddr *)&addr.addr, addr.len) == 0)
		return fd;
	assert_int_equal(errno, EADDRINUSE);
	close(fd);
	return -1;
}

/* A backlog of 0 has room for one; whether a filler is in it or still knocks does not
 * matter. The last one must be seen to wait. */
static inline void doors_fill(struct doors *d, const char *host)
{
	struct socket_address addr;

	assert_true(sockaddr_literal(host, d->port, &addr));
	for (int i = 0; i < DOOR_FILLERS; i++) {
		int fd = socket(addr.addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		struct pollfd p = { .fd = fd, .events = POLLOUT };

		assert_true(fd >= 0);
		if (connect(fd, (struct sockaddr *)&addr.addr, addr.len) != 0)
			assert_int_equal(errno, EINPROGRESS);
		d->fillers[d->filler_count++] = fd;
		if (i == DOOR_FILLERS - 1)
			assert_int_equal(poll(&p, 1, 0), 0);
	}
}

static inline void doors_set(struct doors *d, const char *host, int fd, enum door door)
{
	if (door == DOOR_CLOSED)
		return;
	assert_int_equal(listen(fd, door == DOOR_OPEN ? 16 : 0), 0);
	if (door == DOOR_SILENT)
		doors_fill(d, host);
}

static inline void doors_open(struct doors *d, enum door ipv6, enum door ipv4)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	int tries = 0;

	*d = (struct doors){ .ipv6 = -1 };
	do {
		d->ipv4 = doors_bind("127.0.0.1", 0);
		assert_true(d->ipv4 >= 0);
		assert_int_equal(getsockname(d->ipv4, (struct sockaddr *)&addr, &len), 0);
		d->port = ntohs(addr.sin_port);
		d->ipv6 = doors_bind("::1", d->port);
		if (d->ipv6 < 0)
			close(d->ipv4);
		assert_true(++tries < DOOR_TRIES);
	} while (d->ipv6 < 0);
	doors_set(d, "::1", d->ipv6, ipv6);
	doors_set(d, "127.0.0.1", d->ipv4, ipv4);
}

static inline void doors_close(struct doors *d)
{
	while (d->filler_count > 0)
		close(d->fillers[--d->filler_count]);
	close(d->ipv6);
	close(d->ipv4);
}
