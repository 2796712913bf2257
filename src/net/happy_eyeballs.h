/* SPDX-License-Identifier: ISC */
/* happy_eyeballs: the first of several socket addresses that connects (Happy Eyeballs). */
#pragma once

/*
 * RFC 8305 sections 4 and 5: families alternate, beginning with IPv6; the next
 * address is tried when one fails or after a delay; the first to connect wins and
 * the others are closed. It knows addresses and no names: more of them may come
 * while it runs. Whatever happens wakes the task, and happy_eyeballs_run() goes on.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct loop;
struct happy_eyeballs;
struct socket_address;
struct task;

enum happy_eyeballs_status {
	HAPPY_EYEBALLS_AGAIN, /* the task will be woken, or more addresses are to come */
	HAPPY_EYEBALLS_WON,   /* happy_eyeballs_take() it */
	HAPPY_EYEBALLS_LOST,  /* happy_eyeballs_error() says why */
};

/* Bind the sockets to `local`, borrowed until happy_eyeballs_free(); NULL, or a `len` of 0:
 * the system chooses. */
struct happy_eyeballs *happy_eyeballs_new(struct loop *loop, uint64_t delay_ms,
					  const struct socket_address *local, struct task *task);
void happy_eyeballs_free(struct happy_eyeballs *race); /* closes what is open; NULL is allowed */

/* Add an address to try; it is copied. A duplicate, or one of another family than the local
 * address, is left out. */
void happy_eyeballs_add(struct happy_eyeballs *race, const struct socket_address *a);

/* Look at the attempts and begin new ones. `more`: happy_eyeballs_add() may still be called. */
enum happy_eyeballs_status happy_eyeballs_run(struct happy_eyeballs *race, bool more);

/* After HAPPY_EYEBALLS_WON: the connected socket, handed over; non-blocking and close-on-exec.
 * `*error` is the errno that it has met since and no longer knows, or 0. */
int happy_eyeballs_take(struct happy_eyeballs *race, int *error);

/* After HAPPY_EYEBALLS_LOST: "cannot connect to TARGET: " and each address with its reason. */
void happy_eyeballs_error(const struct happy_eyeballs *race, const char *target, struct err *err);

/* "[::1]:80: connection refused; 127.0.0.1:80: no answer"; one that is TARGET, and alone, is not
 * named: "no answer". Cut to `size`, and "" before anything was tried. */
void happy_eyeballs_describe(const struct happy_eyeballs *race, const char *target, char *buf,
			     size_t size);
