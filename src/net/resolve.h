/* SPDX-License-Identifier: ISC */
/* resolve: names to addresses, in threads, off the event loop. */
#pragma once

/*
 * getaddrinfo(3) blocks and cannot be cancelled, so it runs in detached
 * threads, at most four, which wake the loop through an eventfd. A and AAAA are
 * two lookups side by side: one that stalls does not hold up the other.
 */

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

struct err;
struct loop;
struct lookup;
struct task;

/* Look `host` up for one family (AF_INET, AF_INET6) and wake `task` when
 * there is an answer. `host` is copied. */
struct lookup *lookup_start(struct loop *loop, const char *host, uint16_t port, int family,
			    struct task *task);

bool lookup_done(const struct lookup *lookup);

/* After lookup_done: addresses, borrowed until lookup_free(), or NULL with the
 * gai error in `*error` (0 never comes with NULL). */
const struct addrinfo *lookup_result(const struct lookup *lookup, int *error, int *sys);

/* May be called before it is done: the thread's answer is then thrown away. */
void lookup_free(struct lookup *lookup); /* NULL is allowed */

/* "cannot resolve HOST: ..." for an error of getaddrinfo(3); `sys` is errno for EAI_SYSTEM.
 * Always false. */
bool resolve_error(const char *host, int gai, int sys, struct err *err);

/* Threads that still hold a lookup, so that the program must leave by _exit(). */
bool resolve_busy(void);
