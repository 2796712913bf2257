/* SPDX-License-Identifier: ISC */
/* loop: the event loop, with tasks, timers and signals. */
#pragma once

/*
 * A turn polls libevent once, whose callbacks note what happened and wake tasks,
 * and then runs the pending tasks with nothing of libevent on the stack. A task woken while tasks
 * run has its turn after the next poll: no task can starve the descriptors, or another task.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct event_base;
struct loop;
struct timer;

typedef void (*task_fn)(void *arg);
typedef void (*signal_fn)(int signo, short what, void *arg); /* libevent's */

/* A function to be run soon, by the loop. Embedded in its owner; cancel it
 * before the owner is freed. */
struct task {
	struct loop *loop;
	task_fn run;
	void *arg;
	TAILQ_ENTRY(task) link; /* its tqe_prev is NULL while it is not pending */
};

void task_init(struct task *task, struct loop *loop, task_fn run, void *arg);
void task_wake(struct task *task);   /* several wakes, one run */
void task_wake_arg(void *task);	     /* the same as a callback */
void task_cancel(struct task *task); /* does nothing when not pending */
bool task_pending(const struct task *task);

/* NULL when the system has no epoll, poll or the like. Ignores libevent's environment
 * variables and sets its allocator and its log; its fatal errors are logged and exit
 * with 1. */
struct loop *loop_new(void);
void loop_free(struct loop *loop); /* everything that used it is gone by then */
void loop_stop(struct loop *loop); /* at the end of this turn */

/* Until loop_stop(). False: nothing but a signal can happen any more, because some
 * wake-up was lost. */
bool loop_run(struct loop *loop);

/* A libevent callback has brought `bytes`. When many have come in this turn, it is cut
 * short, so that the tasks use them up before more are read; the remaining events are
 * the first of the next turn. */
void loop_brought(struct loop *loop, size_t bytes);

struct event_base *loop_base(struct loop *loop); /* for src/io */

/* The version of the library that is loaded, not of the headers: "2.1.12-stable". */
const char *loop_libevent_version(void);

/* Milliseconds of the monotonic clock, and microseconds for measuring. */
uint64_t loop_now(void);
uint64_t loop_now_us(void);

/* A timer that wakes `task` when it is over; made stopped. Starting it again
 * moves its end. `timer_expired` holds from its end until it is started or
 * stopped. Freed by its owner before the task is. NULL is allowed for all but
 * timer_start: a timer that was never made. */
struct timer *timer_new(struct task *task);
void timer_free(struct timer *timer);
void timer_start(struct timer *timer, uint64_t ms);
void timer_stop(struct timer *timer);
bool timer_pending(const struct timer *timer);
bool timer_expired(const struct timer *timer);

/* A signal is awaited that will wake a task: alone it is something that can happen. As many
 * calls with false as with true. */
void loop_await_signal(struct loop *loop, bool on);

/* Call `fn` for each arrival of the signal, from a libevent callback: it should
 * note it and wake a task. Stays until loop_free(). False and errno when it cannot
 * be watched for. */
bool loop_on_signal(struct loop *loop, int signo, signal_fn fn, void *arg);

/* Around a call that blocks: SIGHUP, SIGINT, SIGQUIT and SIGTERM end the program at once
 * instead of being noted. One that was ignored stays ignored. */
void loop_let_signals_end(struct loop *loop, bool on);
