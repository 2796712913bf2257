/* SPDX-License-Identifier: ISC */
/* listener_unix: socket files, made under a lock, stale ones replaced. */
#ifndef LIU_NET_LISTENER_UNIX_H
#define LIU_NET_LISTENER_UNIX_H

#include "net/listener_socket.h"

#include <stdbool.h>

struct err;
struct listener_options;

/*
 * Make, bind and fit out (mode, owner) the Unix socket that `s` of `set` wants;
 * it does not listen yet. The directory stays locked until listener_unix_unlock(),
 * which is to be called after listen(2). ERR_CONNECT, or ERR_USAGE for an owner
 * that is unknown and for mode and owner of an abstract socket.
 */
bool listener_unix_bind(struct listener_sockets *set, struct listener_socket *s,
			const struct listener_options *options, struct err *err);
void listener_unix_unlock(struct listener_sockets *set);

/* Remove the socket's file when it is still the one that we made. The socket is
 * still open. Does nothing for those that have none. */
void listener_unix_remove(struct listener_socket *s);

#endif
