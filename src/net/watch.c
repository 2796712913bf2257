/* SPDX-License-Identifier: ISC */
/* watch: wake a task when a descriptor can be read or written, once. */
#include "config.h"

#include "net/watch.h"

#include "base/alloc.h"
#include "net/loop.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>

struct watch {
	struct event *event;
	struct task *task;
	bool armed;
};

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct watch *watch = arg;

	(void)fd;
	(void)what;
	watch->armed = false;
	task_wake(watch->task);
}

struct watch *watch_new(struct loop *loop, int fd, enum watch_for what, struct task *task)
{
	struct watch *watch = alloc_zeroed(sizeof(*watch));

	watch->task = task;
	watch->event = event_new(loop_base(loop), fd, what == WATCH_READ ? EV_READ : EV_WRITE,
				 on_ready, watch);
	if (watch->event == NULL)
		alloc_failed();
	return watch;
}

void watch_free(struct watch *watch)
{
	if (watch == NULL)
		return;
	event_free(watch->event);
	free(watch);
}

void watch_arm(struct watch *watch)
{
	if (watch->armed)
		return;
	watch->armed = true;
	/* A descriptor that cannot be polled is always ready. */
	if (event_add(watch->event, NULL) != 0)
		on_ready(-1, 0, watch);
}
