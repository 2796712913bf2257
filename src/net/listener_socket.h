/* SPDX-License-Identifier: ISC */
/* listener_socket: the sockets of one listener, from an address to listen(2). */
#ifndef LIU_NET_LISTENER_SOCKET_H
#define LIU_NET_LISTENER_SOCKET_H

/* For listener.c and the files that it is split into; nobody else. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

struct address;
struct err;
struct listener_options;

struct listener_socket {
	const struct address *address; /* borrowed while the sockets are made */
	bool tls;
	char *path;		      /* of a socket file; owned */
	struct sockaddr_storage addr; /* len 0: inherited */
	socklen_t len;
	int fd;		/* -1: not bound */
	bool inherited; /* not ours to close; its flags stay as they are */
	bool optional;	/* left out where the machine lacks its family */
	bool any_port;	/* takes the one number that the kernel picks */
	bool has_file;	/* the socket file is ours, and is this one: */
	dev_t dev;
	ino_t ino;
};

/* A directory that is locked while its socket files are looked at and made. */
struct listener_lock {
	int fd;
	dev_t dev;
	ino_t ino;
};

struct listener_sockets {
	struct listener_socket *items;
	size_t count;
	struct listener_lock *locks;
	size_t lock_count;
};

/* A socket to be, added at the end: the copy in `set`, valid until the next one. */
struct listener_socket *listener_sockets_add(struct listener_sockets *set,
					     const struct address *address);

/* Remove socket files that are still ours, close what is ours, free. */
void listener_sockets_free(struct listener_sockets *set);

/* Close one that stays in the set; also free what it owns. */
void listener_socket_close(struct listener_socket *s);
void listener_socket_release(struct listener_socket *s);

/* Its address in the form that connect takes, "tls:" in front; the caller owns
 * it. Before it is bound, the one that is wanted. */
char *listener_socket_text(const struct listener_socket *s);

/* ERR_CONNECT "cannot listen on ADDRESS: REASON". Always false. */
bool listener_socket_failed(const struct listener_socket *s, int sys, struct err *err);

/* The sockets that `address` asks for, unbound, or inherited ones. ERR_USAGE,
 * ERR_RESOLVE, ERR_CONNECT. */
bool listener_expand(struct listener_sockets *set, const struct address *address, int family,
		     struct err *err);

/* Bind all of them and then let all listen. ERR_CONNECT or ERR_USAGE; the caller
 * frees the set, also on failure. Those whose family is lacking are removed. */
bool listener_bind(struct listener_sockets *set, const struct listener_options *options,
		   struct err *err);

#endif
