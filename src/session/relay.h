/* SPDX-License-Identifier: ISC */
/* relay: the stream joined with standard input and output, and how that ends. */
#ifndef LIU_SESSION_RELAY_H
#define LIU_SESSION_RELAY_H

/*
 * Two directions, each by itself FLOWING, FLUSHING (its source has ended), SHUT
 * (the end was passed on, or is not to be) or BROKEN (its destination failed). Events
 * move the states; one function looks at both and decides what the whole is. How
 * it ends is data: struct relay_policy. The bytes are moved by a pump.
 */

struct relay;
struct session;

void relay_free(struct relay *relay, struct session *s); /* NULL is allowed */

#endif
