/* SPDX-License-Identifier: ISC */
/* inquiry: the lookups of a name for both families, side by side. */
#ifndef LIU_NET_INQUIRY_H
#define LIU_NET_INQUIRY_H

/* RFC 8305 section 3. What comes of them is fed into a race. */

#include "stream/reader.h"

#include <stdbool.h>
#include <stdint.h>

struct err;
struct inquiry;
struct loop;
struct race;
struct task;

/* For `family` AF_UNSPEC both, else that one. `host` is copied; the task is woken by
 * each answer. */
struct inquiry *inquiry_new(struct loop *loop, const char *host, uint16_t port, int family,
			    struct task *task);
void inquiry_free(struct inquiry *inquiry); /* NULL is allowed */

/* Put what has been found since into the race. True when more may come. */
bool inquiry_feed(struct inquiry *inquiry, struct race *race);

/* After inquiry_feed(): STREAM_OK when the first address may go out (AAAA has come,
 * or 50 ms have passed since A came alone), STREAM_AGAIN, or STREAM_ERROR when the name has
 * no address: ERR_RESOLVE. */
enum stream_status inquiry_status(struct inquiry *inquiry, struct err *err);

#endif
