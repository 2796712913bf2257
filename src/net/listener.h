/* SPDX-License-Identifier: ISC */
/* listener: sockets that accept, for one program: TCP, Unix, inherited. */
#ifndef LIU_NET_LISTENER_H
#define LIU_NET_LISTENER_H

/*
 * Nothing listens until everything is bound. Port 0 is picked once and serves
 * all families and addresses. EMFILE, ENFILE, ENOBUFS and ENOMEM: said once,
 * wait a moment, go on. A stale socket file is replaced under a lock on its
 * directory, a live one is not; at the end only the file that is still ours is
 * removed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

struct address;
struct err;
struct listener;
struct loop;
struct socket_address;

/* Borrowed while the listener is made, as the addresses are. */
struct listener_options {
	int family;  /* AF_UNSPEC, AF_INET, AF_INET6 */
	int backlog; /* 100 by default */
	bool no_reuse_addr;
	bool reuse_port;
	bool has_unix_mode;
	mode_t unix_mode;
	const char *unix_owner; /* USER[:GROUP], or NULL */
};

/*
 * A connection: `fd` (close-on-exec, non-blocking) is handed over, `peer` borrowed
 * for the call. `tls` is the address's. Called from a task; the callee may call
 * listener_pause().
 */
typedef void (*listener_accept_fn)(void *arg, int fd, const struct socket_address *peer, bool tls);

/* Kinds TCP, UNIX, SD, VSOCK, and FD where the descriptor is a listening
 * socket. NULL with ERR_CONNECT (resolve, bind: ERR_RESOLVE, ERR_USAGE) and
 * nothing left behind. Names are looked up here and now. Of SD the variables of
 * sd_listen_fds(3) are taken out of the environment. */
struct listener *listener_new(struct loop *loop, const struct address *addresses, size_t count,
			      const struct listener_options *options, listener_accept_fn accepted,
			      void *arg, struct err *err);

/* Removes socket files that are still ours and closes the sockets, inherited ones
 * excepted. Not within `accepted`. NULL is allowed. */
void listener_free(struct listener *listener);

/* Let further connections wait in the backlog, and take them again. It is made
 * paused: listening, and not yet accepting. */
void listener_pause(struct listener *listener);
void listener_resume(struct listener *listener);

/* Another descriptor has been closed: try again at once after EMFILE. */
void listener_retry(struct listener *listener);

/* Each socket's address in the form that connect takes, "tls:" in front where
 * the address has it. Borrowed. */
size_t listener_count(const struct listener *listener);
const char *listener_address(const struct listener *listener, size_t i);

/* Is descriptor `fd` a stream socket that listens? For fd:N, connected or listening. */
bool listener_is_listening(int fd);

#endif
