/* SPDX-License-Identifier: ISC */
/* test_fd_writer: queueing, writing, waiting, and readers that go away. */
#include "config.h"

#include "io/fd_writer.h"

#include "base/err.h"
#include "io/loop.h"
#include "unit/support.h"

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { BIG = 3 * 1024 * 1024, WAITERS = 100 };

struct waiter {
	struct task task;
	bool woken;
	struct fixture *adds; /* bytes, when it is woken; NULL: none */
	unsigned turns;	      /* that it has had in take_turn() */
};

struct fixture {
	struct loop *loop;
	struct fd_writer *output;
	struct waiter owner;
	struct waiter waiters[WAITERS];
	unsigned char *data; /* BIG bytes of the pattern */
	bool laps;	     /* a waiter has had all its turns in take_turn() */
};

static void add(struct fixture *f, size_t from, size_t len)
{
	fd_writer_add(f->output, bytes_of(f->data + from, len));
}

static void note(void *arg)
{
	struct waiter *w = arg;

	w->woken = true;
	if (w->adds != NULL)
		add(w->adds, 0, OUTPUT_MARK / 2);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->loop = loop_new();
	task_init(&f->owner.task, f->loop, note, &f->owner);
	for (size_t i = 0; i < WAITERS; i++)
		task_init(&f->waiters[i].task, f->loop, note, &f->waiters[i]);
	f->data = malloc(BIG);
	support_pattern(f->data, BIG, 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	fd_writer_free(f->output);
	task_cancel(&f->owner.task);
	for (size_t i = 0; i < WAITERS; i++)
		task_cancel(&f->waiters[i].task);
	loop_free(f->loop);
	free(f->data);
	free(f);
	return 0;
}

static void open_output(struct fixture *f, int fd)
{
	f->output = fd_writer_new(f->loop, fd, false, "standard output");
	fd_writer_set_owner(f->output, &f->owner.task);
}

static bool owner_woken(struct fixture *f)
{
	bool woken = support_run_until(f->loop, &f->owner.woken, SUPPORT_DEADLINE_MS);

	f->owner.woken = false;
	return woken;
}

/* A few turns: nothing is left to be done at once. */
static void turn(struct fixture *f)
{
	support_run_for(f->loop, 5);
}

/* Read what the other end has and can give; the bytes must go on from `*got`. */
static void take(struct fixture *f, int fd, size_t *got, size_t until)
{
	static unsigned char data[64 * 1024];

	while (*got < until) {
		size_t want = until - *got < sizeof(data) ? until - *got : sizeof(data);
		ssize_t n = read(fd, data, want);

		if (n < 0 && errno == EAGAIN) {
			support_run_for(f->loop, 0);
			continue;
		}
		assert_true(n > 0);
		assert_memory_equal(data, f->data + *got, (size_t)n);
		*got += (size_t)n;
	}
}

static void one_turn_is_one_write(void **state)
{
	struct fixture *f = *state;
	char data[16];
	int ends[2];

	/* A packet for each write. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	open_output(f, ends[1]);
	fd_writer_add(f->output, bytes_of_string("ab"));
	fd_writer_add(f->output, bytes_of_string("cd"));
	assert_int_equal(fd_writer_queued(f->output), 4);
	assert_true(owner_woken(f)); /* empty */
	assert_int_equal(fd_writer_queued(f->output), 0);
	assert_int_equal(read(ends[0], data, sizeof(data)), 4);
	assert_memory_equal(data, "abcd", 4);
	fd_writer_add(f->output, bytes_of_string("ef"));
	fd_writer_flush(f->output);
	assert_int_equal(recv(ends[0], data, sizeof(data), MSG_DONTWAIT), 2);
	assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
	close(ends[0]);
	close(ends[1]);
}

static void full_pipe(struct fixture *f, int fd, int reader)
{
	size_t got = 0;

	assert_int_equal(fcntl(reader, F_SETFL, O_NONBLOCK), 0);
	open_output(f, fd);
	for (size_t i = 0; i < BIG; i += BIG / 3)
		add(f, i, BIG / 3);
	assert_true(fd_writer_above(f->output));
	turn(f); /* does not block */
	assert_true(fd_writer_above(f->output));
	assert_true(support_is_idle(f->loop, 50));
	take(f, reader, &got, BIG);
	assert_int_equal(fd_writer_queued(f->output), 0);
	assert_false(fd_writer_above(f->output));
	assert_true(owner_woken(f));
	assert_null(fd_writer_error(f->output));
	assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
}

static void full_pipe_is_waited_for(void **state)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	full_pipe(*state, ends[1], ends[0]);
	close(ends[0]);
	close(ends[1]);
}

static void full_socket_is_waited_for(void **state)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	full_pipe(*state, ends[1], ends[0]);
	close(ends[0]);
	close(ends[1]);
}

static size_t woken_waiters(struct fixture *f)
{
	size_t n = 0;

	for (size_t i = 0; i < WAITERS; i++)
		n += f->waiters[i].woken;
	return n;
}

static void waiters_are_woken_at_the_low_mark(void **state)
{
	struct fixture *f = *state;
	size_t got = 0;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fcntl(ends[1], F_SETPIPE_SZ, 4096), 4096);
	open_output(f, ends[1]);

	fd_writer_wait(f->output, &f->waiters[0].task); /* not above: at once */
	turn(f);
	assert_true(f->waiters[0].woken);
	f->waiters[0].woken = false;

	add(f, 0, 4096);
	fd_writer_flush(f->output);
	add(f, 4096, OUTPUT_MARK);
	assert_false(fd_writer_above(f->output)); /* exactly the mark */
	add(f, 4096 + OUTPUT_MARK, 1);
	assert_true(fd_writer_above(f->output));
	for (size_t i = 0; i < WAITERS; i++)
		fd_writer_wait(f->output, &f->waiters[i].task);
	fd_writer_wait(f->output, &f->waiters[0].task);
	fd_writer_unwait(f->output, &f->waiters[50].task);
	turn(f);
	assert_int_equal(woken_waiters(f), 0);
	take(f, ends[0], &got, OUTPUT_MARK * 3 / 4); /* what the pipe holds is out, too */
	turn(f);
	assert_int_equal(woken_waiters(f), 0); /* above a quarter still */
	take(f, ends[0], &got, OUTPUT_MARK + 4097);
	assert_true(
		support_run_until(f->loop, &f->waiters[WAITERS - 1].woken, SUPPORT_DEADLINE_MS));
	assert_int_equal(woken_waiters(f), WAITERS - 1);
	assert_false(f->waiters[50].woken);
	close(ends[0]);
	close(ends[1]);
}

/* The first ones fill the queue again: the others wait on, and none of them is woken
 * for nothing. */
static void waiters_are_woken_a_few_a_turn(void **state)
{
	static unsigned char data[2 * OUTPUT_MARK];
	struct fixture *f = *state;
	size_t first;
	int ends[2];

	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	open_output(f, ends[1]);
	add(f, 0, 2 * OUTPUT_MARK + 1);
	fd_writer_flush(f->output);
	assert_true(fd_writer_above(f->output));
	for (size_t i = 0; i < WAITERS; i++) {
		f->waiters[i].adds = f;
		fd_writer_wait(f->output, &f->waiters[i].task);
	}
	assert_true(read(ends[0], data, sizeof(data)) > 0);
	turn(f);
	first = woken_waiters(f);
	assert_in_range(first, 1, WAITERS / 4);
	assert_true(f->waiters[first - 1].woken); /* in the order they came */
	assert_true(fd_writer_above(f->output));
	while (!f->waiters[WAITERS - 1].woken) {
		assert_true(read(ends[0], data, sizeof(data)) > 0);
		turn(f);
	}
	close(ends[0]);
	close(ends[1]);
}

enum { LAPS = 3 };

/* It fills the queue when there is room, and waits again, until one has had so many turns. */
static void take_turn(void *arg)
{
	struct waiter *w = arg;
	struct fixture *f = w->adds;

	if (!fd_writer_above(f->output)) {
		add(f, 0, OUTPUT_MARK + 1);
		f->laps = ++w->turns == LAPS;
	}
	if (!f->laps)
		fd_writer_wait(f->output, &w->task);
}

/* One of those woken together fills the queue. The others keep their places. */
static void waiters_take_turns(void **state)
{
	struct fixture *f = *state;
	int null = open("/dev/null", O_WRONLY);

	open_output(f, null);
	add(f, 0, OUTPUT_MARK + 1);
	for (size_t i = 0; i < WAITERS; i++) {
		f->waiters[i].adds = f;
		task_init(&f->waiters[i].task, f->loop, take_turn, &f->waiters[i]);
		fd_writer_wait(f->output, &f->waiters[i].task);
	}
	assert_true(support_run_until(f->loop, &f->laps, SUPPORT_DEADLINE_MS));
	for (size_t i = 0; i < WAITERS; i++)
		assert_in_range(f->waiters[i].turns, LAPS - 1, LAPS);
	close(null);
}

static void assert_failed(struct fixture *f, int sys, const char *text)
{
	assert_non_null(fd_writer_error(f->output));
	assert_int_equal(fd_writer_error(f->output)->kind, ERR_IO);
	assert_int_equal(fd_writer_error(f->output)->sys, sys);
	assert_string_equal(fd_writer_error(f->output)->text, text);
	assert_int_equal(fd_writer_raw_fd(f->output), -1);
	fd_writer_add(f->output, bytes_of_string("more"));
	assert_int_equal(fd_writer_queued(f->output), 0);
}

/* The output is open on the one end of `ends`, and nothing is said of the other
 * until that is closed. */
static void close_and_notice(struct fixture *f, const int ends[2])
{
	assert_true(support_is_idle(f->loop, 30));
	assert_false(f->owner.woken);
	close(ends[0]);
	assert_true(owner_woken(f));
	assert_failed(f, EPIPE, "writing to standard output: broken pipe");
	assert_true(support_is_idle(f->loop, 30));
	close(ends[1]);
}

static void reader_that_leaves_is_noticed_while_idle(void **state)
{
	struct fixture *f = *state;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	open_output(f, ends[1]);
	close_and_notice(f, ends);
}

static void socket_whose_far_end_closes_is_noticed_while_idle(void **state)
{
	struct fixture *f = *state;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	open_output(f, ends[1]);
	assert_int_equal(write(ends[0], "unread", 6), 6);
	assert_int_equal(shutdown(ends[0], SHUT_WR), 0); /* it still reads */
	close_and_notice(f, ends);
}

/* A reader of the same socket sees its end there, after what came before. */
static void shared_socket_is_not_watched(void **state)
{
	struct fixture *f = *state;
	int ends[2], others[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, others), 0);
	open_output(f, ends[1]);
	fd_writer_share(f->output, ends[1]);
	close(ends[0]);
	assert_true(support_is_idle(f->loop, 30));
	assert_null(fd_writer_error(f->output));
	fd_writer_free(f->output);
	open_output(f, others[1]);
	fd_writer_share(f->output, ends[1]);
	close(others[0]);
	assert_true(owner_woken(f));
	close(ends[1]);
	close(others[1]);
}

/* A pipe opened for both ways has data to read, and that is not an end. */
static void pipe_of_both_ways_is_no_end(void **state)
{
	struct fixture *f = *state;
	char path[64];
	char data[8];
	int ends[2];
	int both;

	assert_int_equal(pipe(ends), 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[1]);
	both = open(path, O_RDWR);
	assert_true(both >= 0);
	open_output(f, both);
	fd_writer_add(f->output, bytes_of_string("abc"));
	assert_true(owner_woken(f));
	assert_true(support_is_idle(f->loop, 30));
	assert_null(fd_writer_error(f->output));
	assert_int_equal(read(ends[0], data, sizeof(data)), 3);
	close(both);
	close(ends[0]);
	close(ends[1]);
}

static void failure_wakes_everybody(void **state)
{
	struct fixture *f = *state;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	open_output(f, ends[1]);
	add(f, 0, BIG);
	fd_writer_flush(f->output);
	assert_true(fd_writer_above(f->output));
	for (size_t i = 0; i < WAITERS; i++)
		fd_writer_wait(f->output, &f->waiters[i].task);
	close(ends[0]);
	assert_true(owner_woken(f));
	turn(f);
	assert_int_equal(woken_waiters(f), WAITERS);
	assert_false(fd_writer_above(f->output));
	assert_failed(f, EPIPE, "writing to standard output: broken pipe");
	close(ends[1]);
}

static void full_disk_is_an_error(void **state)
{
	struct fixture *f = *state;
	int fd = open("/dev/full", O_WRONLY);

	open_output(f, fd);
	fd_writer_add(f->output, bytes_of_string("x"));
	assert_true(owner_woken(f));
	assert_failed(f, ENOSPC, "writing to standard output: no space left on device");
	close(fd);
}

static void file_is_written(void **state)
{
	struct fixture *f = *state;
	FILE *file = tmpfile();
	struct evbuffer *data = evbuffer_new();

	open_output(f, fileno(file));
	assert_int_equal(fd_writer_raw_fd(f->output), fileno(file));
	evbuffer_add_reference(data, f->data, BIG, NULL, NULL);
	fd_writer_add_buffer(f->output, data);
	assert_int_equal(evbuffer_get_length(data), 0);
	assert_true(owner_woken(f));
	assert_int_equal(fd_writer_queued(f->output), 0);
	assert_int_equal(lseek(fileno(file), 0, SEEK_SET), 0);
	while (evbuffer_read(data, fileno(file), -1) > 0)
		continue;
	assert_int_equal(evbuffer_get_length(data), BIG);
	assert_true(support_is_pattern(data, 0));
	evbuffer_free(data);
	fd_writer_free(f->output);
	f->output = NULL;
	fclose(file);
}

static void append_is_not_raw(void **state)
{
	struct fixture *f = *state;
	FILE *file = tmpfile();

	assert_int_equal(fcntl(fileno(file), F_SETFL, O_APPEND), 0);
	open_output(f, fileno(file));
	assert_int_equal(fd_writer_raw_fd(f->output), -1);
	fd_writer_free(f->output);
	f->output = NULL;
	fclose(file);
}

static void terminal_is_written(void **state)
{
	struct fixture *f = *state;
	int pty = posix_openpt(O_RDWR | O_NOCTTY);
	char data[8];
	int slave;

	assert_true(pty >= 0);
	assert_int_equal(grantpt(pty) | unlockpt(pty), 0);
	slave = open(ptsname(pty), O_RDWR | O_NOCTTY);
	open_output(f, slave);
	assert_true(fd_writer_is_terminal(f->output));
	assert_int_equal(fd_writer_raw_fd(f->output), -1);
	fd_writer_add(f->output, bytes_of_string("abc"));
	fd_writer_flush(f->output);
	assert_int_equal(read(pty, data, sizeof(data)), 3);
	assert_int_equal(fcntl(slave, F_GETFL) & O_NONBLOCK, 0);
	close(slave);
	close(pty);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_turn_is_one_write),
		TEST(full_pipe_is_waited_for),
		TEST(full_socket_is_waited_for),
		TEST(waiters_are_woken_at_the_low_mark),
		TEST(waiters_are_woken_a_few_a_turn),
		TEST(waiters_take_turns),
		TEST(reader_that_leaves_is_noticed_while_idle),
		TEST(socket_whose_far_end_closes_is_noticed_while_idle),
		TEST(shared_socket_is_not_watched),
		TEST(pipe_of_both_ways_is_no_end),
		TEST(failure_wakes_everybody),
		TEST(full_disk_is_an_error),
		TEST(file_is_written),
		TEST(append_is_not_raw),
		TEST(terminal_is_written),
	};

	(void)alarm(60); /* a call that must not block may */
	(void)sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
