/* SPDX-License-Identifier: ISC */
/* listener_socket: the sockets of one listener, from addresses to listen(2). */
#pragma once

#include "io/sockaddr.h"
#include "net/socket_file.h"

#include <stdbool.h>
#include <stddef.h>

struct address;
struct err;
struct fd_watch;
struct listener_options;

/* Which port a socket gets. */
enum listener_port {
	PORT_FIXED,
	PORT_ANY,     /* the one that the kernel picks for all addresses with port 0 */
	PORT_ANY_TLS, /* ... or for those with TLS, where they need another one */
};

struct listener_socket {
	int fd; /* -1: not open */
	bool tls;
	struct socket_address at; /* the address that it asks for; once bound, its own */
	char *text;		  /* ... as connect takes it, "tls:" in front; set at the end */
	struct fd_watch *watch;	  /* the owner's */
	struct socket_file file;
	bool inherited; /* never closed; its flags stay as they are */
	enum listener_port port;
};

struct listener_sockets {
	struct listener_socket *items;
	size_t count;
	struct socket_file_locks locks;
};

/* Find the sockets that the addresses ask for, without those whose family the system lacks.
 * It blocks while names are looked up. ERR_USAGE, ERR_RESOLVE, ERR_CONNECT, and then the set
 * is empty. */
bool listener_sockets_find(struct listener_sockets *set, const struct address *addresses,
			   size_t count, const struct listener_options *options, struct err *err);

/* Bind all of them and then let all listen. ERR_USAGE, ERR_CONNECT, and then the set is
 * empty. */
bool listener_sockets_open(struct listener_sockets *set, const struct listener_options *options,
			   struct err *err);

/* Remove socket files and close sockets, inherited ones excepted; watches first. */
void listener_sockets_free(struct listener_sockets *set);

/* Is the descriptor a listening stream socket? */
bool listener_socket_is_listening(int fd);
