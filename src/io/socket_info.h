/* SPDX-License-Identifier: ISC */
/* socket_info: what a connected socket says about itself. */
#ifndef LIU_IO_SOCKET_INFO_H
#define LIU_IO_SOCKET_INFO_H

/*
 * The peer's name is lost with the connection, so that who may be asked for it
 * takes it at the begin. Everything else the socket tells as long as it is open.
 */

#include "io/transport.h"

#include <stdbool.h>
#include <sys/socket.h>

struct evbuffer;

/* 0: it has none, or not any more. */
socklen_t socket_info_peer(int fd, struct sockaddr_storage *peer);

/* `peer` as socket_info_peer() has left it. */
bool socket_info_is_inet(int fd, const struct sockaddr_storage *peer);

/* transport_info() for an open socket; `peer` are the bytes of its name. */
bool socket_info_append(int fd, const unsigned char *peer, socklen_t peer_len, enum info_key key,
			struct evbuffer *out);

#endif
