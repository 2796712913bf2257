/* SPDX-License-Identifier: ISC */
/* test_fd_reader: reading standard input and files without blocking. */
#include "config.h"

#include "io/fd_reader.h"

#include "base/err.h"
#include "io/loop.h"
#include "unit/support.h"

#include <event2/buffer.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { ALL = 1024 * 1024 };

/* What every test has: a loop, a buffer, a task that counts its runs. */
struct fixture {
	struct loop *loop;
	struct evbuffer *into;
	struct task task;
	bool woken;
	struct fd_reader *input;
};

static void note(void *arg)
{
	struct fixture *f = arg;

	f->woken = true;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->loop = loop_new();
	f->into = evbuffer_new();
	task_init(&f->task, f->loop, note, f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	fd_reader_free(f->input);
	task_cancel(&f->task);
	evbuffer_free(f->into);
	loop_free(f->loop);
	free(f);
	return 0;
}

static void open_input(struct fixture *f, int fd, bool owned)
{
	f->input = fd_reader_new(f->loop, fd, owned, "standard input");
	fd_reader_set_task(f->input, &f->task);
}

static enum stream_status get(struct fixture *f, size_t max)
{
	return fd_reader_read(f->input, max, f->into);
}

static bool wait_woken(struct fixture *f)
{
	bool woken = support_run_until(f->loop, &f->woken, SUPPORT_DEADLINE_MS);

	f->woken = false;
	return woken;
}

static void assert_got(struct fixture *f, const char *text)
{
	assert_int_equal(evbuffer_get_length(f->into), strlen(text));
	assert_memory_equal(evbuffer_pullup(f->into, -1), text, strlen(text));
	evbuffer_drain(f->into, strlen(text));
}

static int temporary_file(const void *data, size_t len)
{
	FILE *file = tmpfile();
	int fd;

	assert_non_null(file);
	fd = dup(fileno(file));
	assert_int_equal(fwrite(data, 1, len, file), len);
	fclose(file);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void pipe_is_waited_for(void **state)
{
	struct fixture *f = *state;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	open_input(f, ends[0], false);
	assert_int_equal(get(f, 100), STREAM_AGAIN);
	assert_int_equal(get(f, 100), STREAM_AGAIN);
	assert_int_equal(write(ends[1], "hello", 5), 5);
	assert_true(wait_woken(f));
	assert_int_equal(get(f, 3), STREAM_OK);
	assert_got(f, "hel");
	assert_int_equal(get(f, 100), STREAM_OK);
	assert_got(f, "lo");
	assert_int_equal(get(f, 100), STREAM_AGAIN);
	close(ends[1]);
	assert_true(wait_woken(f));
	assert_int_equal(get(f, 100), STREAM_EOF);
	assert_int_equal(get(f, 100), STREAM_EOF);
	assert_null(fd_reader_error(f->input));
	assert_int_equal(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
	close(ends[0]);
}

/* A reader that asks no more is not woken, and does not make the loop spin. */
static void unread_pipe_is_quiet(void **state)
{
	struct fixture *f = *state;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	open_input(f, ends[0], false);
	assert_int_equal(get(f, 100), STREAM_AGAIN);
	assert_int_equal(write(ends[1], "hello", 5), 5);
	close(ends[1]);
	assert_true(support_is_idle(f->loop, 50));
	assert_int_equal(get(f, 100), STREAM_OK);
	assert_got(f, "hello");
	close(ends[0]);
}

static void file_is_read_at_once(void **state)
{
	struct fixture *f = *state;
	unsigned char *data = malloc(ALL);
	size_t before = 10;
	int fd;

	support_pattern(data, ALL, 0);
	fd = temporary_file(data, ALL);
	free(data);
	open_input(f, fd, true);
	assert_int_equal(fd_reader_raw_fd(f->input), fd);
	assert_int_equal(get(f, 10), STREAM_OK);
	assert_int_equal(evbuffer_get_length(f->into), 10);
	while (get(f, SIZE_MAX) == STREAM_OK) { /* 256K at once, but for the last */
		size_t now = evbuffer_get_length(f->into);

		assert_true(now - before == 256 * 1024 || now == ALL);
		before = now;
	}
	assert_int_equal(get(f, SIZE_MAX), STREAM_EOF);
	assert_int_equal(evbuffer_get_length(f->into), ALL);
	assert_true(support_is_pattern(f->into, 0));
	fd_reader_free(f->input);
	f->input = NULL;
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

/* In whatever pieces it comes. */
static void pipe_arrives_whole(void **state)
{
	struct fixture *f = *state;
	unsigned char data[40000];
	size_t sent = 0;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	open_input(f, ends[0], false);
	while (sent < ALL) {
		size_t len = sent % sizeof(data) + 1;
		size_t whole = sent + len;

		support_pattern(data, len, sent);
		assert_int_equal(write(ends[1], data, len), len);
		sent += len;
		while (evbuffer_get_length(f->into) < whole)
			if (get(f, 256 * 1024) == STREAM_AGAIN)
				assert_true(wait_woken(f));
	}
	assert_true(support_is_pattern(f->into, 0));
	close(ends[0]);
	close(ends[1]);
}

static void socket_is_read(void **state)
{
	struct fixture *f = *state;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	open_input(f, ends[0], true);
	assert_int_equal(get(f, 100), STREAM_AGAIN);
	assert_int_equal(write(ends[1], "hello", 5), 5);
	assert_true(wait_woken(f));
	assert_int_equal(get(f, 100), STREAM_OK);
	assert_got(f, "hello");
	assert_int_equal(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(fd_reader_raw_fd(f->input), -1);
	close(ends[1]);
}

static void null_is_known(void **state)
{
	struct fixture *f = *state;

	open_input(f, open("/dev/null", O_RDONLY), true);
	assert_true(fd_reader_is_null(f->input));
	assert_int_equal(get(f, 100), STREAM_EOF);
}

static void directory_is_an_error(void **state)
{
	struct fixture *f = *state;

	open_input(f, open("/", O_RDONLY | O_DIRECTORY), true);
	assert_false(fd_reader_is_null(f->input));
	assert_int_equal(get(f, 100), STREAM_ERROR);
	assert_int_equal(fd_reader_error(f->input)->kind, ERR_IO);
	assert_string_equal(fd_reader_error(f->input)->text,
			    "reading from standard input: is a directory");
	assert_int_equal(get(f, 100), STREAM_ERROR);
}

static void terminal_gives_lines_and_its_end(void **state)
{
	struct fixture *f = *state;
	int pty = posix_openpt(O_RDWR | O_NOCTTY);
	int slave;

	assert_true(pty >= 0);
	assert_int_equal(grantpt(pty) | unlockpt(pty), 0);
	slave = open(ptsname(pty), O_RDWR | O_NOCTTY);
	open_input(f, slave, false);
	assert_true(fd_reader_is_terminal(f->input));
	assert_int_equal(get(f, 100), STREAM_AGAIN);
	assert_int_equal(write(pty, "hello\n\4", 7), 7);
	assert_true(wait_woken(f));
	assert_int_equal(get(f, 100), STREAM_OK);
	assert_got(f, "hello\n");
	assert_int_equal(get(f, 100), STREAM_EOF);
	assert_int_equal(fcntl(slave, F_GETFL) & O_NONBLOCK, 0);
	close(slave);
	close(pty);
}

static void raw_descriptor_is_our_own(void **state)
{
	struct fixture *f = *state;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	open_input(f, ends[0], false);
	assert_true(fd_reader_raw_fd(f->input) >= 0);
	assert_int_not_equal(fd_reader_raw_fd(f->input), ends[0]);
	close(ends[0]);
	close(ends[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pipe_is_waited_for),
		TEST(unread_pipe_is_quiet),
		TEST(file_is_read_at_once),
		TEST(pipe_arrives_whole),
		TEST(socket_is_read),
		TEST(null_is_known),
		TEST(directory_is_an_error),
		TEST(terminal_gives_lines_and_its_end),
		TEST(raw_descriptor_is_our_own),
	};

	(void)alarm(60); /* a call that must not block may */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
