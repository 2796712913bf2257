/* SPDX-License-Identifier: ISC */
/* sockaddr: socket addresses as text. */
#ifndef LIU_IO_SOCKADDR_H
#define LIU_IO_SOCKADDR_H

#include <sys/socket.h>

/* A socket address of any family; `len` 0: none. */
struct socket_address {
	struct sockaddr_storage addr;
	socklen_t len;
};

/* A copy of an address from elsewhere; `len` 0 when it does not fit. */
struct socket_address sockaddr_of(const struct sockaddr *addr, socklen_t len);

/* A socket address as connect takes it: "127.0.0.1:80", "[fe80::1%eth0]:80",
 * "unix:/path", "unix:@name", "vsock:2:80"; "" for an unnamed Unix socket. The
 * caller owns it. */
char *sockaddr_text(const struct socket_address *a);

#endif
