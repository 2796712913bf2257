/* SPDX-License-Identifier: ISC */
/* socket_io: the system calls on a stream socket, none of which waits. */
#pragma once

/*
 * A socket may be inherited, block, and be shared with other processes, so its flags
 * are left alone: each call says MSG_DONTWAIT and is repeated after EINTR.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct evbuffer;

/* Like writev(2); -1 and EAGAIN instead of waiting; no SIGPIPE. */
ssize_t socket_send(int fd, struct iovec *pieces, int count);

/* Read at most `max` bytes to the end of a bufferevent's input, which is frozen but
 * for this; returns what read(2) does. */
ssize_t socket_receive(int fd, struct evbuffer *into, size_t max);

/* Bytes that have arrived; 0 also when the system does not say. */
size_t socket_available(int fd);

/* TCP: bytes sent that the peer has not acknowledged. A FIN that was sent counts. */
size_t socket_unacknowledged(int fd);

/* Take the error that waits on the socket; `fallback` when there is none. */
int socket_take_error(int fd, int fallback);

/* TCP: send small pieces at once. Failure only makes it slow. */
void socket_set_nodelay(int fd);

/* TCP: close(2) resets the connection. When that fails it is an ordinary one. */
void socket_set_reset(int fd);
