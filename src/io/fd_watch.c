/* SPDX-License-Identifier: ISC */
/* fd_watch: tell when a descriptor can be read or written, once. */
#include "config.h"

#include "io/fd_watch.h"

#include "base/alloc.h"
#include "io/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/*
 * Keep the event for one extra firing: a descriptor that was waited for once will
 * probably be waited for again soon, and that then costs no epoll_ctl(2).
 */
struct fd_watch {
	struct event *event;
	int hangup; /* owned: the epoll descriptor of WATCH_HANGUP; -1: none */
	int sys;    /* why WATCH_HANGUP cannot be watched; 0: it can */
	void (*fn)(void *arg);
	void *arg;
	bool armed;
	bool added;
};

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct fd_watch *watch = arg;

	(void)fd;
	(void)what;
	if (!watch->armed) {
		(void)event_del(watch->event); /* fails only without a base */
		watch->added = false;
		return;
	}
	watch->armed = false;
	watch->fn(watch->arg);
}

/* An epoll descriptor can be read once `fd`, in it, is ready. libevent takes a descriptor of
 * -1 without an error, so fd_watch_arm() tells what has failed here. */
static int open_hangup(struct fd_watch *watch, int fd)
{
	struct epoll_event event = { .events = 0 }; /* EPOLLERR and EPOLLHUP come unasked */

	watch->hangup = epoll_create1(EPOLL_CLOEXEC);
	if (watch->hangup < 0 || epoll_ctl(watch->hangup, EPOLL_CTL_ADD, fd, &event) != 0)
		watch->sys = errno;
	return watch->hangup;
}

struct fd_watch *fd_watch_call(struct loop *loop, int fd, enum fd_watch_for what,
			       void (*fn)(void *arg), void *arg)
{
	short events = EV_PERSIST | (what == WATCH_WRITE ? EV_WRITE : EV_READ);
	struct fd_watch *watch = alloc_zeroed(sizeof(*watch));

	watch->fn = fn;
	watch->arg = arg;
	watch->hangup = -1;
	if (what == WATCH_HANGUP)
		fd = open_hangup(watch, fd);
	watch->event = event_new(loop_base(loop), fd, events, on_ready, watch);
	return watch;
}

struct fd_watch *fd_watch_new(struct loop *loop, int fd, enum fd_watch_for what, struct task *task)
{
	return fd_watch_call(loop, fd, what, task_wake_arg, task);
}

void fd_watch_free(struct fd_watch *watch)
{
	if (watch == NULL)
		return;
	event_free(watch->event);
	if (watch->hangup >= 0)
		(void)close(watch->hangup);
	free(watch);
}

bool fd_watch_armed(const struct fd_watch *watch)
{
	return watch != NULL && watch->armed;
}

bool fd_watch_arm(struct fd_watch *watch)
{
	if (watch->sys != 0) {
		errno = watch->sys;
		return false;
	}
	if (!watch->added)
		watch->added = event_add(watch->event, NULL) == 0;
	watch->armed = watch->added;
	return watch->armed;
}
