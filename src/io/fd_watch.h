/* SPDX-License-Identifier: ISC */
/* fd_watch: wake a task when a descriptor can be read or written, once. */
#pragma once

/* For code that moves bytes itself, past libevent's buffers: standard input and
 * output, and the pumps. */

#include <stdbool.h>

struct loop;
struct task;
struct fd_watch;

enum fd_watch_for { WATCH_READ, WATCH_WRITE };

/* `fd` is borrowed; `task` is woken by the loop, once for each fd_watch_arm(). */
struct fd_watch *fd_watch_new(struct loop *loop, int fd, enum fd_watch_for what, struct task *task);
void fd_watch_free(struct fd_watch *watch); /* NULL is allowed */

/* The task to wake from now on; NULL: none. */
void fd_watch_set_task(struct fd_watch *watch, struct task *task);

/* Wake the task when the descriptor is ready. False, and errno, when it cannot be
 * polled (a file) or the system has no room for one more. */
bool fd_watch_arm(struct fd_watch *watch);
bool fd_watch_armed(const struct fd_watch *watch); /* has not fired yet; false for NULL */
