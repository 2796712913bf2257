/* SPDX-License-Identifier: ISC */
/* socket_info: what a connected socket says about itself. */
#ifndef LIU_NET_SOCKET_INFO_H
#define LIU_NET_SOCKET_INFO_H

/*
 * The two socket addresses as they were when it was made, so that they can be
 * told after the end. Kept as the system has them, in one block as small as they
 * are: most connections are never asked.
 */

#include "net/transport.h"

#include <stdbool.h>

struct evbuffer;
struct socket_info;

struct socket_info *socket_info_new(int fd); /* freed with free() */
bool socket_info_is_inet(const struct socket_info *info);

/* transport_info() for a socket; `fd` is still open. */
bool socket_info_append(const struct socket_info *info, int fd, enum info_key key,
			struct evbuffer *out);

#endif
