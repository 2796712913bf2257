/* SPDX-License-Identifier: ISC */
/* race: the first of several socket addresses that connects (Happy Eyeballs). */
#ifndef LIU_NET_RACE_H
#define LIU_NET_RACE_H

/*
 * RFC 8305 sections 4 and 5: families alternate, beginning with IPv6; the next
 * address is tried when one fails or after a delay; the first to connect wins and
 * the others are closed. It knows addresses and no names: more of them may come
 * while it runs. Whatever happens wakes the task, and race_run() goes on.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct err;
struct loop;
struct race;
struct task;

enum race_status {
	RACE_AGAIN, /* the task will be woken, or more addresses are to come */
	RACE_WON,   /* race_take() it */
	RACE_LOST,  /* race_error() says why */
};

/* `local` is where the sockets are bound to, borrowed until race_free(); with
 * `local_len` 0 the system chooses. */
struct race *race_new(struct loop *loop, uint64_t delay_ms, const struct sockaddr_storage *local,
		      socklen_t local_len, struct task *task);
void race_free(struct race *race); /* closes what is open; NULL is allowed */

/* One more to try; it is copied. What is there already, or is of another family
 * than the local address, is left out. */
void race_add(struct race *race, const struct sockaddr *addr, socklen_t len);

/* Look at the attempts and begin new ones. `more`: race_add() may still be called. */
enum race_status race_run(struct race *race, bool more);

/* After RACE_WON: the connected socket, handed over; non-blocking and close-on-exec. */
int race_take(struct race *race);

/* After RACE_LOST: "cannot connect to TARGET: " and each address with its reason. */
void race_error(const struct race *race, const char *target, struct err *err);

/* "[::1]:80: connection refused; 127.0.0.1:80: no answer"; one that is TARGET, and alone, is not
 * named: "no answer". Cut to `size`, and "" before anything was tried. */
void race_describe(const struct race *race, const char *target, char *buf, size_t size);

/* The address tried last as text, NULL before; borrowed until race_run(). */
const char *race_latest(const struct race *race);

#endif
