/* SPDX-License-Identifier: ISC */
/* fd_watch: tell when a descriptor can be read or written, once. */
#pragma once

/* For code that moves bytes itself, past libevent's buffers. */

#include <stdbool.h>

struct loop;
struct task;
struct fd_watch;

enum fd_watch_for {
	WATCH_READ,
	WATCH_WRITE,
	WATCH_HANGUP, /* the far end is gone; never for data that has come */
};

/* `fd` is borrowed; `task` is woken by the loop, or `fn` called, which must not free the
 * watch, once for each fd_watch_arm(). */
struct fd_watch *fd_watch_new(struct loop *loop, int fd, enum fd_watch_for what, struct task *task);
struct fd_watch *fd_watch_call(struct loop *loop, int fd, enum fd_watch_for what,
			       void (*fn)(void *arg), void *arg);
void fd_watch_free(struct fd_watch *watch); /* NULL is allowed */

/* Tell when the descriptor is ready. False, and errno, when it cannot be polled (a file)
 * or the system has no room for one more. */
bool fd_watch_arm(struct fd_watch *watch);
bool fd_watch_armed(const struct fd_watch *watch); /* has not fired yet; false for NULL */
