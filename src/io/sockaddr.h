/* SPDX-License-Identifier: ISC */
/* sockaddr: socket addresses, and their text. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* A socket address of any family; `len` 0: none. */
struct socket_address {
	struct sockaddr_storage addr;
	socklen_t len;
};

/* A copy of an address from elsewhere; `len` 0 when it does not fit. */
struct socket_address sockaddr_of(const struct sockaddr *addr, socklen_t len);

/* Is `text` an IPv6 literal, perhaps with a zone? The zone may be one that this
 * machine does not have. */
bool sockaddr_is_ipv6(const char *text);

/* An IP literal, without brackets and perhaps with a zone, and a port. False when `host` is not
 * one, or no interface has the name or the number of its zone. */
bool sockaddr_literal(const char *host, uint16_t port, struct socket_address *out);

/* The file `path`, or the abstract name. False when it does not fit. */
bool sockaddr_unix(const char *path, bool abstract, struct socket_address *out);

/* AF_VSOCK. Port 0 lets the kernel pick, as everywhere else. */
struct socket_address sockaddr_vsock(uint32_t cid, uint32_t port);

/* What getpeername(2) and getsockname(2) say; `len` 0 when they fail. */
struct socket_address sockaddr_peer(int fd);
struct socket_address sockaddr_own(int fd);

/* A socket address as connect takes it: "127.0.0.1:80", "[fe80::1%eth0]:80",
 * "unix:/path", "unix:@name", "vsock:2:80"; "" for an unnamed Unix socket. The
 * caller owns it. */
char *sockaddr_text(const struct socket_address *a);

/* Has it a port of its own, not the one that the kernel is to choose? */
bool sockaddr_has_port(const struct socket_address *a);

/* What explains that bind(2) to it has failed with `sys`, for the end of the message; "" if nothing
 * does. */
const char *sockaddr_bind_hint(const struct socket_address *a, int sys);
