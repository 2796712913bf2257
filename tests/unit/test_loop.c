/* SPDX-License-Identifier: ISC */
/* test_loop: tasks, their order and their cancelling, timers, signals. */
#include "config.h"

#include "io/loop.h"

#include "unit/support.h"

#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { NAMES = 64, MEBIBYTE = 1024 * 1024 };

/* A task that writes its name down, and may do something to another. */
struct actor {
	struct task task;
	struct stage *stage;
	struct task *wakes, *cancels;
	char name;
};

struct stage {
	struct loop *loop;
	struct actor a, b, c;
	char log[NAMES];
	size_t len, stop_at;
};

static void act(void *arg)
{
	struct actor *self = arg;
	struct stage *stage = self->stage;

	assert_true(stage->len + 1 < NAMES);
	stage->log[stage->len++] = self->name;
	if (self->wakes != NULL)
		task_wake(self->wakes);
	if (self->cancels != NULL)
		task_cancel(self->cancels);
	if (stage->len == stage->stop_at)
		loop_stop(stage->loop);
}

static void actor_init(struct stage *stage, struct actor *actor, char name)
{
	*actor = (struct actor){ .stage = stage, .name = name };
	task_init(&actor->task, stage->loop, act, actor);
}

static int set_up(void **state)
{
	struct stage *stage = calloc(1, sizeof(*stage));

	stage->loop = loop_new();
	assert_non_null(stage->loop);
	actor_init(stage, &stage->a, 'a');
	actor_init(stage, &stage->b, 'b');
	actor_init(stage, &stage->c, 'c');
	*state = stage;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *stage = *state;

	task_cancel(&stage->a.task);
	task_cancel(&stage->b.task);
	task_cancel(&stage->c.task);
	loop_free(stage->loop);
	free(stage);
	return 0;
}

static void run(struct stage *stage, size_t stop_at)
{
	stage->stop_at = stop_at;
	assert_true(loop_run(stage->loop));
}

static void test_several_wakes_are_one_run(void **state)
{
	struct stage *stage = *state;

	task_wake(&stage->a.task);
	task_wake(&stage->b.task);
	task_wake(&stage->a.task);
	run(stage, 2);
	assert_string_equal(stage->log, "ab");
	assert_false(task_pending(&stage->a.task));
}

/* A task woken by a task that runs has its turn after those that were pending:
 * also one that wakes itself. */
static void test_woken_meanwhile_runs_in_the_next_turn(void **state)
{
	struct stage *stage = *state;

	stage->a.wakes = &stage->a.task;
	task_wake(&stage->a.task);
	task_wake(&stage->b.task);
	run(stage, 3);
	assert_string_equal(stage->log, "aba");
	assert_true(task_pending(&stage->a.task));
}

/* The stop comes into force at the end of the turn. */
static void test_stop_ends_the_turn(void **state)
{
	struct stage *stage = *state;

	stage->b.wakes = &stage->c.task;
	task_wake(&stage->a.task);
	task_wake(&stage->b.task);
	run(stage, 1);
	assert_string_equal(stage->log, "ab");
	assert_true(task_pending(&stage->c.task));
}

static void test_cancel_in_the_same_turn(void **state)
{
	struct stage *stage = *state;

	stage->a.cancels = &stage->b.task;
	task_wake(&stage->a.task);
	task_wake(&stage->b.task);
	task_wake(&stage->c.task);
	run(stage, 2);
	assert_string_equal(stage->log, "ac");
}

/* The last one of the snapshot, and one that waits for the next turn. */
static void test_cancel_at_the_ends(void **state)
{
	struct stage *stage = *state;

	stage->a.wakes = &stage->c.task;
	stage->b.cancels = &stage->c.task;
	task_wake(&stage->a.task);
	task_wake(&stage->b.task);
	run(stage, 2);
	assert_string_equal(stage->log, "ab");
	stage->a.wakes = NULL;
	stage->a.cancels = &stage->b.task;
	task_wake(&stage->a.task);
	task_wake(&stage->b.task);
	run(stage, 3);
	assert_string_equal(stage->log, "aba");
}

static void test_cancelled_and_woken_again(void **state)
{
	struct stage *stage = *state;

	stage->a.cancels = &stage->b.task;
	stage->a.wakes = NULL;
	stage->c.wakes = &stage->b.task;
	task_wake(&stage->a.task);
	task_wake(&stage->b.task);
	task_wake(&stage->c.task);
	run(stage, 3);
	assert_string_equal(stage->log, "acb");
}

static void note_readable(evutil_socket_t fd, short what, void *arg)
{
	char byte;

	(void)what;
	assert_int_equal(read(fd, &byte, 1), 1);
	task_wake(&((struct stage *)arg)->b.task);
}

/* Descriptors are polled between two runs of a task that never rests. */
static void test_busy_task_does_not_starve_descriptors(void **state)
{
	struct stage *stage = *state;
	struct event *event;
	int pair[2];

	support_unix_pair(pair);
	support_send(pair[0], "x", 1);
	event = event_new(loop_base(stage->loop), pair[1], EV_READ, note_readable, stage);
	event_add(event, NULL);
	stage->a.wakes = &stage->a.task;
	task_wake(&stage->a.task);
	run(stage, 4);
	/* a, the poll, b and a, or a and b, and so on: not a alone */
	assert_non_null(strchr(stage->log, 'b'));
	event_free(event);
	close(pair[0]);
	close(pair[1]);
}

/* An event that wakes `a` and has brought many bytes, or few. */
struct bringer {
	struct stage *stage;
	struct event *event;
	int pair[2];
	size_t bytes;
};

static void bring(evutil_socket_t fd, short what, void *arg)
{
	struct bringer *bringer = arg;
	struct stage *stage = bringer->stage;

	(void)fd;
	(void)what;
	stage->log[stage->len++] = '+';
	loop_brought(stage->loop, bringer->bytes);
	task_wake(&stage->a.task);
}

/* What two events and their task do when each event brings so many bytes. */
static void check_brought(struct stage *stage, size_t bytes, size_t steps, const char *expected)
{
	struct bringer bringers[2];

	for (size_t i = 0; i < 2; i++) {
		struct bringer *b = &bringers[i];

		*b = (struct bringer){ .stage = stage, .bytes = bytes };
		support_unix_pair(b->pair);
		support_send(b->pair[0], "x", 1);
		b->event = event_new(loop_base(stage->loop), b->pair[1], EV_READ, bring, b);
		event_add(b->event, NULL);
	}
	run(stage, steps);
	assert_string_equal(stage->log, expected);
	for (size_t i = 0; i < 2; i++) {
		event_free(bringers[i].event);
		close(bringers[i].pair[0]);
		close(bringers[i].pair[1]);
	}
}

static void test_many_bytes_cut_the_turn_short(void **state)
{
	check_brought(*state, MEBIBYTE, 4, "+a+a");
}

static void test_few_bytes_do_not(void **state)
{
	check_brought(*state, 64, 3, "++a");
}

struct clock {
	struct task task;
	struct timer *timer;
	uint64_t begin;
	unsigned runs;
	bool done;
};

static void note_time(void *arg)
{
	struct clock *clock = arg;

	clock->runs++;
	clock->done = timer_expired(clock->timer);
}

static void clock_init(struct clock *clock, struct loop *loop)
{
	*clock = (struct clock){ .begin = loop_now() };
	task_init(&clock->task, loop, note_time, clock);
	clock->timer = timer_new(&clock->task);
}

static void clock_free(struct clock *clock)
{
	timer_free(clock->timer);
	task_cancel(&clock->task);
}

static void test_timer_wakes_its_task(void **state)
{
	struct stage *stage = *state;
	struct clock clock;

	clock_init(&clock, stage->loop);
	assert_false(timer_pending(clock.timer));
	timer_start(clock.timer, 20);
	assert_true(timer_pending(clock.timer));
	assert_true(support_run_until(stage->loop, &clock.done, SUPPORT_DEADLINE_MS));
	/* libevent's clock has steps of a few milliseconds */
	assert_in_range(loop_now() - clock.begin, 12, 5000);
	assert_int_equal(clock.runs, 1);
	assert_true(timer_expired(clock.timer));
	assert_false(timer_pending(clock.timer));
	timer_start(clock.timer, 1000);
	assert_false(timer_expired(clock.timer));
	clock_free(&clock);
}

static void test_timer_starts_again(void **state)
{
	struct stage *stage = *state;
	struct clock clock;

	clock_init(&clock, stage->loop);
	timer_start(clock.timer, 1000 * 1000);
	timer_start(clock.timer, 1);
	assert_true(support_run_until(stage->loop, &clock.done, SUPPORT_DEADLINE_MS));
	clock_free(&clock);
}

static void test_timer_stops(void **state)
{
	struct stage *stage = *state;
	struct clock clock;

	clock_init(&clock, stage->loop);
	timer_start(clock.timer, 1);
	timer_stop(clock.timer);
	assert_false(support_run_until(stage->loop, &clock.done, 20));
	assert_int_equal(clock.runs, 0);
	clock_free(&clock);
}

static void test_timer_never_made(void **state)
{
	(void)state;
	timer_free(NULL);
	timer_stop(NULL);
	assert_false(timer_pending(NULL));
	assert_false(timer_expired(NULL));
}

static void note_signal(int signo, short what, void *arg)
{
	struct stage *stage = arg;

	(void)what;
	assert_int_equal(signo, SIGUSR1);
	task_wake(&stage->a.task);
}

/* Signals do not count: one may never come. */
static void test_lost_wake_up_is_told(void **state)
{
	struct stage *stage = *state;

	loop_on_signal(stage->loop, SIGUSR1, note_signal, stage);
	task_wake(&stage->a.task);
	stage->stop_at = 2;
	assert_false(loop_run(stage->loop));
	assert_string_equal(stage->log, "a");
}

static void test_signal(void **state)
{
	struct stage *stage = *state;
	struct timer *timer = timer_new(&stage->c.task); /* something else to wait for */

	timer_start(timer, 10 * 1000);
	loop_on_signal(stage->loop, SIGUSR1, note_signal, stage);
	raise(SIGUSR1);
	run(stage, 1);
	assert_string_equal(stage->log, "a");
	task_wake(&stage->b.task);
	raise(SIGUSR1);
	run(stage, 3);
	assert_int_equal(stage->len, 3);
	timer_free(timer);
}

/* The changelist would leave a closed descriptor in epoll when a dup holds its
 * file, and the environment can turn it on. */
static void test_environment_is_ignored(void **state)
{
	struct loop *loop;
	struct event *event;
	int pair[2], copy;

	(void)state;
	setenv("EVENT_EPOLL_USE_CHANGELIST", "1", 1);
	setenv("EVENT_SHOW_METHOD", "1", 1);
	loop = loop_new();
	unsetenv("EVENT_EPOLL_USE_CHANGELIST");
	unsetenv("EVENT_SHOW_METHOD");
	assert_non_null(loop);
	support_unix_pair(pair);
	event = event_new(loop_base(loop), pair[0], EV_READ | EV_PERSIST, note_readable, NULL);
	event_add(event, NULL);
	assert_true(support_is_idle(loop, 20));
	copy = dup(pair[0]);
	event_free(event);
	close(pair[0]);
	support_send(pair[1], "x", 1);
	assert_true(support_is_idle(loop, 60));
	close(copy);
	close(pair[1]);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_several_wakes_are_one_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_woken_meanwhile_runs_in_the_next_turn, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_stop_ends_the_turn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cancel_in_the_same_turn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cancel_at_the_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cancelled_and_woken_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_busy_task_does_not_starve_descriptors, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_many_bytes_cut_the_turn_short, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_few_bytes_do_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_timer_wakes_its_task, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_timer_starts_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_timer_stops, set_up, tear_down),
		cmocka_unit_test(test_timer_never_made),
		cmocka_unit_test_setup_teardown(test_lost_wake_up_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_signal, set_up, tear_down),
		cmocka_unit_test(test_environment_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
