/* SPDX-License-Identifier: ISC */
/* watch: wake a task when a descriptor can be read or written, once. */
#ifndef LIU_NET_WATCH_H
#define LIU_NET_WATCH_H

/* For who moves bytes itself, past the buffers: the pumps. */

#include <stdbool.h>

struct loop;
struct task;
struct watch;

enum watch_for { WATCH_READ, WATCH_WRITE };

/* `fd` is borrowed and can be polled; `task` is woken by the loop, once for each
 * watch_arm(). */
struct watch *watch_new(struct loop *loop, int fd, enum watch_for what, struct task *task);
void watch_free(struct watch *watch); /* NULL is allowed */
void watch_arm(struct watch *watch);
bool watch_armed(const struct watch *watch); /* has not fired yet */

#endif
