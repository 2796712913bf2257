/* SPDX-License-Identifier: ISC */
/* fd_reader: standard input or a local file, read without blocking. */
#include "config.h"

#include "io/fd_reader.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/descriptor.h"
#include "io/loop.h"
#include "stream/buffer_move.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

/* One read asks for the chunk, which doubles when it is filled and halves when
 * most of it was not: a terminal's lines do not cost 256K each. */
enum { CHUNK_MIN = 4 * 1024, CHUNK_MAX = 256 * 1024 };

struct fd_reader {
	struct loop *loop;
	struct descriptor d;
	char *name;
	struct event *readable; /* NULL for what never waits */
	bool armed;
	struct task *task;
	size_t chunk;
	bool ended;
	struct err error; /* ERR_OK: none */
};

/* A libevent callback: only note and wake. */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct fd_reader *input = arg;

	(void)fd;
	(void)what;
	input->armed = false;
	if (input->task != NULL)
		task_wake(input->task);
}

struct fd_reader *fd_reader_new(struct loop *loop, int fd, bool owned, const char *name)
{
	struct fd_reader *input = alloc_zeroed(sizeof(*input));

	input->loop = loop;
	input->name = alloc_string(name);
	descriptor_open(&input->d, fd, false, owned);
	input->chunk = input->d.kind == DESCRIPTOR_FILE ? CHUNK_MAX : CHUNK_MIN;
	if (input->d.kind != DESCRIPTOR_FILE) {
		input->readable =
			event_new(loop_base(loop), input->d.fd, EV_READ, on_readable, input);
		if (input->readable == NULL)
			alloc_failed();
	}
	return input;
}

void fd_reader_free(struct fd_reader *input)
{
	if (input == NULL)
		return;
	if (input->readable != NULL)
		event_free(input->readable);
	descriptor_close(&input->d);
	free(input->name);
	free(input);
}

void fd_reader_set_task(struct fd_reader *input, struct task *task)
{
	input->task = task;
}

static enum stream_status fail(struct fd_reader *input, int sys)
{
	err_sys(&input->error, ERR_IO, sys, "reading from %s", input->name);
	return STREAM_ERROR;
}

static enum stream_status wait_readable(struct fd_reader *input)
{
	if (input->readable == NULL || event_add(input->readable, NULL) < 0)
		return fail(input, EAGAIN);
	input->armed = true;
	return STREAM_AGAIN;
}

static void adapt_chunk(struct fd_reader *input, size_t asked, size_t got)
{
	if (asked < input->chunk || input->d.kind == DESCRIPTOR_FILE)
		return;
	if (got == asked && input->chunk < CHUNK_MAX)
		input->chunk *= 2;
	else if (got < input->chunk / 4 && input->chunk > CHUNK_MIN)
		input->chunk /= 2;
}

/* One read into `into`; what read(2) answers. */
static ssize_t read_some(struct fd_reader *input, size_t max, struct evbuffer *into)
{
	struct evbuffer_iovec iov[2];
	int count = evbuffer_reserve_space(into, (ev_ssize_t)max, iov, 2);
	ssize_t n;

	count = buffer_cut_pieces(iov, count, max);
	n = descriptor_readv(&input->d, iov, count);
	if (n > 0)
		(void)evbuffer_commit_space(into, iov, buffer_cut_pieces(iov, count, (size_t)n));
	return n;
}

enum stream_status fd_reader_read(struct fd_reader *input, size_t max, struct evbuffer *into)
{
	size_t asked = max < input->chunk ? max : input->chunk;
	ssize_t n;

	if (input->error.kind != ERR_OK)
		return STREAM_ERROR;
	if (input->ended)
		return STREAM_EOF;
	if (input->armed)
		return STREAM_AGAIN;
	n = read_some(input, asked, into);
	if (n > 0) {
		adapt_chunk(input, asked, (size_t)n);
		return STREAM_OK;
	}
	if (n == 0) {
		input->ended = true;
		return STREAM_EOF;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return wait_readable(input);
	return fail(input, errno);
}

const struct err *fd_reader_error(const struct fd_reader *input)
{
	return input->error.kind == ERR_OK ? NULL : &input->error;
}

bool fd_reader_armed(const struct fd_reader *input)
{
	return input->armed;
}

bool fd_reader_is_terminal(const struct fd_reader *input)
{
	return input->d.terminal;
}

bool fd_reader_is_null(const struct fd_reader *input)
{
	return input->d.null;
}

int fd_reader_raw_fd(const struct fd_reader *input)
{
	struct stat st;

	if (input->error.kind != ERR_OK || input->ended)
		return -1;
	/* splice(2) takes a FIFO that has no writer yet for one at its end. */
	if (input->d.kind == DESCRIPTOR_OWN && input->d.fifo && !input->d.fresh)
		return input->d.fd;
	if (input->d.kind == DESCRIPTOR_FILE && fstat(input->d.fd, &st) == 0 && S_ISREG(st.st_mode))
		return input->d.fd;
	return -1;
}
