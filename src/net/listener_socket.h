/* SPDX-License-Identifier: ISC */
/* listener_socket: the sockets of one listener, from addresses to listen(2). */
#pragma once

#include "io/sockaddr.h"
#include "net/socket_file.h"

#include <stdbool.h>
#include <stddef.h>

struct address;
struct err;
struct listener_options;

struct listener_socket {
	const struct address *address; /* borrowed while the sockets are made */
	bool tls;
	struct socket_file file;
	struct socket_address wanted; /* `len` 0: inherited */
	int fd;			      /* -1: not bound */
	bool inherited;		      /* never closed; its flags stay as they are */
	bool optional;		      /* left out where the system lacks its family */
	bool any_port;		      /* takes the one port that the kernel picks */
};

struct listener_sockets {
	struct listener_socket *items;
	size_t count;
	struct socket_file_locks locks;
};

/* Make the sockets that the addresses ask for, bind all of them and then let all
 * listen. ERR_USAGE, ERR_RESOLVE, ERR_CONNECT, and then the set is empty. Sockets whose
 * family the system lacks are left out. */
bool listener_sockets_open(struct listener_sockets *set, const struct address *addresses,
			   size_t count, const struct listener_options *options, struct err *err);

/* Remove socket files and close sockets, inherited ones excepted. */
void listener_sockets_free(struct listener_sockets *set);

/* Its address in the form that connect takes, with "tls:" where the address has it.
 * Before the socket is bound, the address it asks for. The caller owns it. */
char *listener_socket_text(const struct listener_socket *s);

/* Is the descriptor a listening stream socket? */
bool listener_socket_is_listening(int fd);
