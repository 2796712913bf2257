/* SPDX-License-Identifier: ISC */
/* dial_lookup: the lookups of a name for both families, side by side. */
#pragma once

/* RFC 8305 section 3. What comes of them is fed into a race. */

#include "net/opening.h"

#include <stdbool.h>
#include <stdint.h>

struct err;
struct dial_lookup;
struct loop;
struct happy_eyeballs;
struct task;

/* For `family` AF_UNSPEC both, else that one. `host` is copied; the task is woken by
 * each answer. */
struct dial_lookup *dial_lookup_new(struct loop *loop, const char *host, uint16_t port, int family,
				    struct task *task);
void dial_lookup_free(struct dial_lookup *lookup); /* NULL is allowed */

/* Put what has been found since into the race. True when more may come; A that has come alone
 * then waits a moment for AAAA. */
bool dial_lookup_feed(struct dial_lookup *lookup, struct happy_eyeballs *race);

/* After dial_lookup_feed(): OPENING_DONE when the first address may go out (AAAA has come,
 * or 50 ms have passed since A came alone), OPENING_AGAIN, or OPENING_FAILED when the name
 * has no address: ERR_RESOLVE. */
enum opening_result dial_lookup_status(const struct dial_lookup *lookup, struct err *err);
