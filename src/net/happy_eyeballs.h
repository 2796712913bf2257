/* SPDX-License-Identifier: ISC */
/* happy_eyeballs: the first of several socket addresses that connects (Happy Eyeballs). */
#pragma once

/*
 * RFC 8305 sections 4 and 5: families alternate, beginning with IPv6; the next
 * address is tried when one fails or after a delay; the first to connect wins and
 * the others are closed. It knows addresses and no names: more of them may come
 * while it runs. Whatever happens wakes the task, and happy_eyeballs_run() goes on.
 */

#include "io/sockaddr.h"
#include "net/opening.h"

#include <stdbool.h>
#include <stdint.h>

struct err;
struct loop;
struct happy_eyeballs;
struct task;

/* The socket that has connected. After a reset it knows neither its error nor its peer. */
struct happy_eyeballs_winner {
	int fd;	   /* non-blocking and close-on-exec */
	int error; /* the errno that it has met since, or 0 */
	struct socket_address peer;
};

/* `target` names it in messages, and the lines of its attempts in the log begin with `prefix`.
 * Bind the sockets to `local`; NULL, or a `len` of 0: the system chooses. All are borrowed until
 * happy_eyeballs_free(). */
struct happy_eyeballs *happy_eyeballs_new(struct loop *loop, const char *target, const char *prefix,
					  uint64_t delay_ms, const struct socket_address *local,
					  struct task *task);
void happy_eyeballs_free(struct happy_eyeballs *race); /* closes what is open; NULL is allowed */

/* Add an address to try; it is copied. A duplicate, or one of another family than the local
 * address, is left out. */
void happy_eyeballs_add(struct happy_eyeballs *race, const struct socket_address *a);

/*
 * Look at the attempts and begin new ones. `more`: happy_eyeballs_add() may still be called.
 * OPENING_AGAIN: the task will be woken, or more addresses are to come. OPENING_DONE: the winner's
 * socket is handed over. OPENING_FAILED: "cannot connect to TARGET: " and each address with its
 * reason.
 */
enum opening_result happy_eyeballs_run(struct happy_eyeballs *race, bool more,
				       struct happy_eyeballs_winner *winner, struct err *err);

/* "[::1]:80: connection refused; 127.0.0.1:80: no answer"; one that is TARGET, and alone, is not
 * named: "no answer". "" before anything was tried. The caller owns it. */
char *happy_eyeballs_describe(const struct happy_eyeballs *race);
