/* SPDX-License-Identifier: ISC */
/* dial: from an address to a transport that is ready: name, connection, TLS. */
#pragma once

/* The stages are those of opening.h; lookups and attempts follow RFC 8305. The connect
 * timeout is one budget for all of them. */

#include "io/sockaddr.h"
#include "net/opening.h"

#include <stdbool.h>
#include <stdint.h>

struct address;
struct dial;
struct err;
struct loop;
struct tls_config;
struct transport;

/* Borrowed until the dial is done. Times in milliseconds, 0: none. */
struct dial_options {
	int family; /* AF_UNSPEC, AF_INET, AF_INET6; literals are of it */
	uint64_t connect_timeout_ms;
	uint64_t handshake_timeout_ms;	  /* 60 s by default */
	uint64_t happy_eyeballs_delay_ms; /* 250 by default */
	struct socket_address local;	  /* `len` 0: the system chooses */
	bool nagle;
	const struct tls_config *tls; /* used when the address has `tls`; its name is checked */
};

/* Microseconds each stage took; 0 where it was not needed. */
struct dial_times {
	uint64_t resolve_us, connect_us, tls_us;
};

/*
 * Called once from a task of its own, with nothing of the dial on the stack. On
 * success `transport` is handed over and `err` NULL; else it is NULL and `err` says
 * what was tried: kinds RESOLVE, CONNECT, TLS, TIMEOUT, USAGE or IO. The dial has
 * freed itself. When every address fails, each is named with its reason.
 */
typedef void (*dial_done_fn)(void *arg, struct transport *transport, const struct err *err,
			     const struct dial_times *times);

/* `address` is borrowed until it is done; kinds TCP, UNIX, FD and VSOCK. The lines in the log
 * begin with `prefix`, "connection 3 (127.0.0.1:5000): " or "". */
struct dial *dial_start(struct loop *loop, const struct address *address,
			const struct dial_options *options, const char *prefix, dial_done_fn done,
			void *arg);

/* Before it is done: drop it; `done` is not called. NULL is allowed. */
void dial_free(struct dial *dial);

/* The message when a limit of the caller's ends it: "looking up example.org: timed out
 * after 1 s (--timeout)". It is still to be freed. */
void dial_timed_out(const struct dial *dial, struct opening_limit limit, struct err *err);

/* Is the inherited descriptor a connected stream socket? Else ERR_USAGE. */
bool dial_check_fd(int fd, struct err *err);
