/* SPDX-License-Identifier: ISC */
/* loop: the event loop, with tasks, timers and signals. */
#include "config.h"

#include "io/loop.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/*
 * There is one list of pending tasks. Before they are run, `mark` is put at its
 * end: what stands before it is run in this turn, what is woken meanwhile gets
 * behind it and waits for the next poll. A task can be cancelled wherever it
 * stands.
 *
 * Of libevent's flags, the epoll changelist must stay off (2.1.12 spins when
 * another process still holds the file of a closed descriptor), and the
 * environment could turn it on.
 */

/* What a core's cache holds: the blocks that the tasks give back are still warm
 * when the next events use them. Without it 50 peers that send 64K each get half
 * as much done. */
enum { BROUGHT_MAX = 256 * 1024 };

enum { SIGNALS_MAX = 8 };

struct loop {
	struct event_base *base;
	TAILQ_HEAD(, task) tasks;
	struct event *signals[SIGNALS_MAX];
	int signal_count;
	int awaited; /* signals that are sure to wake a task */
	struct task mark;
	size_t brought; /* bytes, in this turn */
	bool stopped;
};

struct timer {
	struct event *event;
	struct task *task;
	bool expired;
};

void task_init(struct task *task, struct loop *loop, task_fn run, void *arg)
{
	*task = (struct task){ .loop = loop, .run = run, .arg = arg };
}

bool task_pending(const struct task *task)
{
	return task->link.tqe_prev != NULL;
}

void task_wake(struct task *task)
{
	if (task_pending(task))
		return;
	TAILQ_INSERT_TAIL(&task->loop->tasks, task, link);
}

void task_wake_arg(void *task)
{
	task_wake(task);
}

void task_cancel(struct task *task)
{
	if (!task_pending(task))
		return;
	TAILQ_REMOVE(&task->loop->tasks, task, link);
	task->link.tqe_prev = NULL;
}

/* What libevent warns of and then does otherwise is a detail. */
static void log_message(int severity, const char *message)
{
	log_line(severity == EVENT_LOG_ERR    ? LOG_ERROR
		 : severity == EVENT_LOG_WARN ? LOG_DETAIL
					      : LOG_DEBUG,
		 "libevent: %s", message);
}

/* libevent has logged why, and must not be returned to. */
static void end_program(int error)
{
	(void)error;
	_exit(1);
}

static struct event_base *base_new(void)
{
	struct event_config *config;
	struct event_base *base;

	event_set_mem_functions(alloc_memory, alloc_resize, free);
	event_set_log_callback(log_message);
	event_set_fatal_callback(end_program);
	config = event_config_new();
	/* No second thread touches the base. Setting a flag cannot fail. */
	(void)event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV | EVENT_BASE_FLAG_NOLOCK);
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

struct loop *loop_new(void)
{
	struct event_base *base = base_new();
	struct loop *loop;

	if (base == NULL)
		return NULL;
	loop = alloc_zeroed(sizeof(*loop));
	loop->base = base;
	TAILQ_INIT(&loop->tasks);
	task_init(&loop->mark, loop, NULL, NULL);
	return loop;
}

void loop_free(struct loop *loop)
{
	assert(TAILQ_EMPTY(&loop->tasks));
	while (loop->signal_count > 0)
		event_free(loop->signals[--loop->signal_count]);
	event_base_free(loop->base);
	free(loop);
}

static void run_tasks(struct loop *loop)
{
	struct task *task;

	if (TAILQ_EMPTY(&loop->tasks))
		return;
	assert(!task_pending(&loop->mark)); /* no task turns the loop */
	task_wake(&loop->mark);
	while ((task = TAILQ_FIRST(&loop->tasks)) != &loop->mark) {
		task_cancel(task);
		task->run(task->arg);
	}
	task_cancel(&loop->mark);
}

static void turn(struct loop *loop)
{
	bool idle = TAILQ_EMPTY(&loop->tasks);

	loop->brought = 0;
	(void)event_base_loop(loop->base, idle ? EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK);
	run_tasks(loop);
}

/* Can anything but a signal that none awaits still happen? */
static bool is_alive(const struct loop *loop)
{
	const unsigned events = EVENT_BASE_COUNT_ADDED | EVENT_BASE_COUNT_ACTIVE;

	return !TAILQ_EMPTY(&loop->tasks) || loop->awaited > 0 ||
	       event_base_get_num_events(loop->base, events) > loop->signal_count;
}

bool loop_run(struct loop *loop)
{
	loop->stopped = false;
	while (!loop->stopped && is_alive(loop))
		turn(loop);
	return loop->stopped;
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
}

void loop_brought(struct loop *loop, size_t bytes)
{
	loop->brought += bytes;
	if (loop->brought >= BROUGHT_MAX)
		(void)event_base_loopbreak(loop->base); /* fails only without a base */
}

struct event_base *loop_base(struct loop *loop)
{
	return loop->base;
}

const char *loop_libevent_version(void)
{
	return event_get_version();
}

uint64_t loop_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t loop_now(void)
{
	return loop_now_us() / 1000;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct timer *timer = arg;

	(void)fd;
	(void)what;
	timer->expired = true;
	task_wake(timer->task);
}

struct timer *timer_new(struct task *task)
{
	struct timer *timer = alloc_zeroed(sizeof(*timer));

	timer->task = task;
	timer->event = evtimer_new(task->loop->base, on_timer, timer);
	return timer;
}

void timer_free(struct timer *timer)
{
	if (timer == NULL)
		return;
	event_free(timer->event);
	free(timer);
}

void timer_start(struct timer *timer, uint64_t ms)
{
	struct timeval end = { .tv_sec = (time_t)(ms / 1000),
			       .tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	timer->expired = false;
	if (event_add(timer->event, &end) != 0) /* a timer takes memory only */
		alloc_failed();
}

void timer_stop(struct timer *timer)
{
	if (timer == NULL)
		return;
	timer->expired = false;
	(void)event_del(timer->event); /* fails only without a base */
}

bool timer_pending(const struct timer *timer)
{
	return timer != NULL && evtimer_pending(timer->event, NULL);
}

bool timer_expired(const struct timer *timer)
{
	return timer != NULL && timer->expired;
}

void loop_await_signal(struct loop *loop, bool on)
{
	loop->awaited += on ? 1 : -1;
}

bool loop_on_signal(struct loop *loop, int signo, signal_fn fn, void *arg)
{
	struct event *event = evsignal_new(loop->base, signo, fn, arg);

	assert(loop->signal_count < SIGNALS_MAX);
	if (event_add(event, NULL) < 0) {
		event_free(event);
		return false;
	}
	loop->signals[loop->signal_count++] = event;
	return true;
}

static bool is_ending(int signo)
{
	return signo == SIGHUP || signo == SIGINT || signo == SIGQUIT || signo == SIGTERM;
}

void loop_let_signals_end(struct loop *loop, bool on)
{
	for (int i = 0; i < loop->signal_count; i++) {
		if (!is_ending(event_get_signal(loop->signals[i])))
			continue;
		/* libevent restores the action that it found. */
		if (on)
			(void)event_del(loop->signals[i]);
		else
			(void)event_add(loop->signals[i], NULL);
	}
}
