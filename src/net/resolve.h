/* SPDX-License-Identifier: ISC */
/* resolve: names to addresses, in threads, off the event loop. */
#pragma once

/*
 * getaddrinfo(3) blocks and cannot be cancelled, so it runs in threads, at most
 * four, which wake the loop through an eventfd. A and AAAA are two lookups side
 * by side: one that stalls does not hold up the other.
 */

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

struct err;
struct loop;
struct resolve_query;
struct task;

/* Look `host` up for one family (AF_INET, AF_INET6) and wake `task` when
 * there is an answer. `host` is copied. NULL with ERR_RESOLVE when the system has no
 * thread or no descriptor for it. */
struct resolve_query *resolve_start(struct loop *loop, const char *host, uint16_t port, int family,
				    struct task *task, struct err *err);

bool resolve_done(const struct resolve_query *query);

/* After resolve_done: what resolve_now() answers, the addresses borrowed until
 * resolve_free(). */
int resolve_result(const struct resolve_query *query, const struct addrinfo **found,
		   struct err *err);

/* May be called before it is done: the thread's answer is then thrown away. */
void resolve_free(struct resolve_query *query); /* NULL is allowed */

/* The addresses for stream sockets of a family, AF_UNSPEC: of any, to be freed with
 * freeaddrinfo(3). Blocks. 0, or the error of getaddrinfo(3), and ERR_RESOLVE. */
int resolve_now(const char *host, uint16_t port, int family, struct addrinfo **found,
		struct err *err);

/* Join the idle threads, so that what they own is freed. False when one is still in
 * getaddrinfo(3): the program must leave by _exit(). */
bool resolve_join_threads(void);
