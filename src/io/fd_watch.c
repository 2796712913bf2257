/* SPDX-License-Identifier: ISC */
/* fd_watch: wake a task when a descriptor can be read or written, once. */
#include "config.h"

#include "io/fd_watch.h"

#include "base/alloc.h"
#include "io/loop.h"

#include <event2/event.h>
#include <stdlib.h>

/*
 * Keep the event for one extra firing: a descriptor that was waited for once will
 * probably be waited for again soon, and that then costs no epoll_ctl(2).
 */
struct fd_watch {
	struct event *event;
	struct task *task;
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
	if (watch->task != NULL)
		task_wake(watch->task);
}

struct fd_watch *fd_watch_new(struct loop *loop, int fd, enum fd_watch_for what, struct task *task)
{
	struct fd_watch *watch = alloc_zeroed(sizeof(*watch));

	watch->task = task;
	watch->event =
		event_new(loop_base(loop), fd,
			  EV_PERSIST | (what == WATCH_READ ? EV_READ : EV_WRITE), on_ready, watch);
	return watch;
}

void fd_watch_free(struct fd_watch *watch)
{
	if (watch == NULL)
		return;
	event_free(watch->event);
	free(watch);
}

void fd_watch_set_task(struct fd_watch *watch, struct task *task)
{
	watch->task = task;
}

bool fd_watch_armed(const struct fd_watch *watch)
{
	return watch != NULL && watch->armed;
}

bool fd_watch_arm(struct fd_watch *watch)
{
	if (!watch->added)
		watch->added = event_add(watch->event, NULL) == 0;
	watch->armed = watch->added;
	return watch->armed;
}
