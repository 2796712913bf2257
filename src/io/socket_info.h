/* SPDX-License-Identifier: ISC */
/* socket_info: what a connected socket says about itself. */
#pragma once

/*
 * The peer's address is lost with the connection, so the transport takes it at the
 * beginning. The socket tells everything else for as long as it is open.
 */

#include "io/sockaddr.h"
#include "io/transport.h"

#include <stdbool.h>

struct evbuffer;

/* What getpeername(2) says; `len` 0 when the connection is gone. */
struct socket_address socket_info_peer(int fd);

/* What getsockname(2) says; `len` 0 when it fails. */
struct socket_address socket_info_own(int fd);

/* Is it a socket of IPv4 or IPv6? `peer` tells, or the socket itself where it has none. */
bool socket_info_is_inet(int fd, const struct socket_address *peer);

/* transport_info() for an open socket; `peer` are the bytes of its name. */
bool socket_info_append(int fd, const unsigned char *peer, socklen_t peer_len, enum info_key key,
			struct evbuffer *out);
