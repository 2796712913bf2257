/* SPDX-License-Identifier: ISC */
/* socket_io: the system calls on a stream socket, none of which waits. */
#include "config.h"

#include "io/socket_io.h"

#include "base/alloc.h"

#include <errno.h>
#include <event2/buffer.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* send() avoids copying a msghdr for a single piece. */
ssize_t socket_send(int fd, struct iovec *pieces, int count)
{
	const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
	struct msghdr msg = { .msg_iov = pieces, .msg_iovlen = (size_t)count };
	ssize_t n;

	do
		n = count == 1 ? send(fd, pieces->iov_base, pieces->iov_len, flags)
			       : sendmsg(fd, &msg, flags);
	while (n < 0 && errno == EINTR);
	return n;
}

ssize_t socket_receive(int fd, struct evbuffer *into, size_t max)
{
	struct evbuffer_iovec space;
	ssize_t n;

	(void)evbuffer_unfreeze(into, 0);
	if (evbuffer_reserve_space(into, (ev_ssize_t)max, &space, 1) != 1)
		alloc_failed();
	do
		n = recv(fd, space.iov_base, max, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		space.iov_len = (size_t)n;
		(void)evbuffer_commit_space(into, &space, 1);
	}
	(void)evbuffer_freeze(into, 0);
	return n;
}

static size_t ask_bytes(int fd, unsigned long request)
{
	int bytes = 0;

	return ioctl(fd, request, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

size_t socket_available(int fd)
{
	return ask_bytes(fd, FIONREAD);
}

size_t socket_unacknowledged(int fd)
{
	return ask_bytes(fd, TIOCOUTQ); /* SIOCOUTQ without a header of the kernel's */
}

int socket_take_error(int fd, int fallback)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error == 0)
		return fallback;
	return error;
}

void socket_set_nodelay(int fd)
{
	const int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void socket_set_reset(int fd)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}
