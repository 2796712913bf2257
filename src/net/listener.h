/* SPDX-License-Identifier: ISC */
/* listener: sockets that accept, for one program: TCP, Unix, inherited. */
#pragma once

/*
 * Nothing listens until everything is bound. The port picked for port 0 serves all
 * families and addresses. EMFILE, ENFILE, ENOBUFS and ENOMEM are reported once; new
 * connections then wait until one ends, or for a second.
 */

#include <stdbool.h>
#include <stddef.h>

struct address;
struct err;
struct listener;
struct listener_options;
struct loop;
struct socket_address;

/*
 * A connection: `fd` (close-on-exec, non-blocking) is handed over, `peer` borrowed
 * for the call. `tls` is the address's. Called from a task; the callee may call
 * listener_pause().
 */
typedef void (*listener_accept_fn)(void *arg, int fd, const struct socket_address *peer, bool tls);

/* Kinds TCP, UNIX, SD, VSOCK, and FD where the descriptor is a listening socket. NULL
 * with ERR_CONNECT, ERR_RESOLVE or ERR_USAGE. Nothing is bound yet. Looks names up
 * without returning. For SD, removes the variables of sd_listen_fds(3) from the
 * environment. Addresses are borrowed for the call, options until it is freed. */
struct listener *listener_new(struct loop *loop, const struct address *addresses, size_t count,
			      const struct listener_options *options, listener_accept_fn accepted,
			      void *arg, struct err *err);

/* Bind and listen; not yet accepting: see listener_resume(). ERR_CONNECT or ERR_USAGE, and
 * then nothing listens. */
bool listener_open(struct listener *listener, struct err *err);

/* Removes socket files and closes the sockets, inherited ones excepted. Not from within
 * `accepted`. NULL is allowed. */
void listener_free(struct listener *listener);

/* Let further connections wait in the backlog, and take them again. */
void listener_pause(struct listener *listener);
void listener_resume(struct listener *listener);

/* A descriptor has been closed: try again at once after EMFILE. */
void listener_retry(struct listener *listener);

/* Each socket's address in the form that connect takes, "tls:" in front where
 * the address has it. Borrowed. */
size_t listener_count(const struct listener *listener);
const char *listener_address(const struct listener *listener, size_t i);
