/* SPDX-License-Identifier: ISC */
/* fd_watch: wake a task when a descriptor can be read or written, once. */
#ifndef LIU_IO_FD_WATCH_H
#define LIU_IO_FD_WATCH_H

/* For who moves bytes itself, past the buffers: the pumps. */

#include <stdbool.h>

struct loop;
struct task;
struct fd_watch;

enum fd_watch_for { WATCH_READ, WATCH_WRITE };

/* `fd` is borrowed and can be polled; `task` is woken by the loop, once for each
 * fd_watch_arm(). */
struct fd_watch *fd_watch_new(struct loop *loop, int fd, enum fd_watch_for what, struct task *task);
void fd_watch_free(struct fd_watch *watch); /* NULL is allowed */
void fd_watch_arm(struct fd_watch *watch);
bool fd_watch_armed(const struct fd_watch *watch); /* has not fired yet */

#endif
