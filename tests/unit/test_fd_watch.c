/* SPDX-License-Identifier: ISC */
/* test_fd_watch: a task is woken once for each time that it asks. */
#include "config.h"

#include "io/fd_watch.h"

#include "io/loop.h"
#include "unit/support.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	struct loop *loop;
	struct task task;
	unsigned woken;
	int pair[2];
	struct fd_watch *watch;
};

static void count(void *arg)
{
	((struct fixture *)arg)->woken++;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->loop = loop_new();
	task_init(&f->task, f->loop, count, f);
	support_unix_pair(f->pair);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	fd_watch_free(f->watch);
	task_cancel(&f->task);
	loop_free(f->loop);
	close(f->pair[0]);
	close(f->pair[1]);
	free(f);
	return 0;
}

static void turn(struct fixture *f)
{
	support_run_for(f->loop, 5);
}

static bool is_woken(void *arg)
{
	return ((struct fixture *)arg)->woken > 0;
}

/* It is woken, and then sleeps. */
static void check_woken(struct fixture *f)
{
	assert_true(support_run(f->loop, is_woken, f, SUPPORT_DEADLINE_MS));
	turn(f);
	assert_int_equal(f->woken, 1);
	f->woken = 0;
}

static void nobody_is_woken_who_has_not_asked(void **state)
{
	struct fixture *f = *state;

	f->watch = fd_watch_new(f->loop, f->pair[0], WATCH_READ, &f->task);
	support_send(f->pair[1], "x", 1);
	turn(f);
	assert_int_equal(f->woken, 0);
}

static void reading_wakes_once_for_each_time(void **state)
{
	struct fixture *f = *state;

	f->watch = fd_watch_new(f->loop, f->pair[0], WATCH_READ, &f->task);
	fd_watch_arm(f->watch);
	fd_watch_arm(f->watch);
	turn(f);
	assert_int_equal(f->woken, 0);
	support_send(f->pair[1], "x", 1);
	check_woken(f);
	fd_watch_arm(f->watch); /* it is there still */
	check_woken(f);
}

static void the_end_is_to_be_read_too(void **state)
{
	struct fixture *f = *state;

	f->watch = fd_watch_new(f->loop, f->pair[0], WATCH_READ, &f->task);
	fd_watch_arm(f->watch);
	assert_int_equal(shutdown(f->pair[1], SHUT_WR), 0);
	check_woken(f);
}

static void writing_waits_for_room(void **state)
{
	struct fixture *f = *state;
	char *data;
	size_t len;

	f->watch = fd_watch_new(f->loop, f->pair[0], WATCH_WRITE, &f->task);
	fd_watch_arm(f->watch);
	check_woken(f);
	len = support_fill(f->pair[0]);
	fd_watch_arm(f->watch);
	turn(f);
	assert_int_equal(f->woken, 0);
	data = malloc(len);
	support_receive(f->pair[1], data, len);
	free(data);
	check_woken(f);
}

static void two_watches_of_one_descriptor(void **state)
{
	struct fixture *f = *state;
	struct fd_watch *other = fd_watch_new(f->loop, f->pair[0], WATCH_READ, &f->task);

	f->watch = fd_watch_new(f->loop, f->pair[0], WATCH_WRITE, &f->task);
	fd_watch_arm(other);
	fd_watch_arm(f->watch);
	check_woken(f); /* to write */
	support_send(f->pair[1], "x", 1);
	check_woken(f);
	fd_watch_free(other);
}

static void what_is_freed_wakes_nobody(void **state)
{
	struct fixture *f = *state;

	f->watch = fd_watch_new(f->loop, f->pair[0], WATCH_READ, &f->task);
	fd_watch_arm(f->watch);
	support_send(f->pair[1], "x", 1);
	fd_watch_free(f->watch);
	f->watch = NULL;
	turn(f);
	assert_int_equal(f->woken, 0);
	fd_watch_free(NULL);
}

static void a_file_cannot_be_watched(void **state)
{
	struct fixture *f = *state;
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	f->watch = fd_watch_new(f->loop, fd, WATCH_WRITE, &f->task);
	for (int i = 0; i < 2; i++) {
		assert_false(fd_watch_arm(f->watch));
		assert_int_equal(errno, EPERM);
		assert_false(fd_watch_armed(f->watch));
	}
	turn(f);
	assert_int_equal(f->woken, 0);
	fd_watch_free(f->watch);
	f->watch = NULL;
	close(fd);
}

static void a_hang_up_is_told(void **state)
{
	struct fixture *f = *state;

	f->watch = fd_watch_new(f->loop, f->pair[0], WATCH_HANGUP, &f->task);
	assert_true(fd_watch_arm(f->watch));
	support_send(f->pair[1], "x", 1);
	turn(f);
	assert_int_equal(f->woken, 0);
	close(f->pair[1]);
	f->pair[1] = -1;
	check_woken(f);
}

/* It takes a descriptor of its own, and the process has no more. */
static void a_hang_up_that_cannot_be_watched(void **state)
{
	struct fixture *f = *state;
	struct rlimit before, few;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){ .rlim_cur = 0, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	f->watch = fd_watch_new(f->loop, f->pair[0], WATCH_HANGUP, &f->task);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	for (int i = 0; i < 2; i++) {
		errno = 0;
		assert_false(fd_watch_arm(f->watch));
		assert_int_equal(errno, EMFILE);
		assert_false(fd_watch_armed(f->watch));
	}
}

/* ... or the system cannot poll the one that is to be watched. */
static void a_file_has_no_hang_up(void **state)
{
	struct fixture *f = *state;
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	f->watch = fd_watch_new(f->loop, fd, WATCH_HANGUP, &f->task);
	assert_false(fd_watch_arm(f->watch));
	assert_int_equal(errno, EPERM);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nobody_is_woken_who_has_not_asked, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(reading_wakes_once_for_each_time, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_end_is_to_be_read_too, set_up, tear_down),
		cmocka_unit_test_setup_teardown(writing_waits_for_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_watches_of_one_descriptor, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_freed_wakes_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_cannot_be_watched, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_hang_up_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_hang_up_that_cannot_be_watched, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_file_has_no_hang_up, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
