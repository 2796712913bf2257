/* SPDX-License-Identifier: ISC */
/* fd_reader: standard input or a local file, read without blocking. */
#include "config.h"

#include "io/fd_reader.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/descriptor.h"
#include "io/fd_watch.h"
#include "io/loop.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <sys/ioctl.h>

enum { READ_MAX = 256 * 1024 }; /* bytes a call; what is not filled costs no pages */

struct fd_reader {
	struct descriptor d;
	char *name;
	struct fd_watch *readable; /* NULL for files, which never wait */
	struct task *task;	   /* or NULL */
	bool ended;
	struct err error; /* ERR_OK: none */
};

static void on_readable(void *arg)
{
	const struct fd_reader *input = arg;

	if (input->task != NULL)
		task_wake(input->task);
}

struct fd_reader *fd_reader_new(struct loop *loop, int fd, bool owned, const char *name)
{
	struct fd_reader *input = alloc_zeroed(sizeof(*input));

	input->name = alloc_string(name);
	descriptor_open(&input->d, fd, false, owned);
	if (input->d.kind != DESCRIPTOR_FILE)
		input->readable = fd_watch_call(loop, input->d.fd, WATCH_READ, on_readable, input);
	return input;
}

void fd_reader_free(struct fd_reader *input)
{
	if (input == NULL)
		return;
	fd_watch_free(input->readable);
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

enum stream_status fd_reader_read(struct fd_reader *input, size_t max, struct evbuffer *into)
{
	ssize_t n;

	if (input->error.kind != ERR_OK)
		return STREAM_ERROR;
	if (input->ended)
		return STREAM_EOF;
	if (fd_watch_armed(input->readable))
		return STREAM_AGAIN;
	n = descriptor_read(&input->d, max < READ_MAX ? max : READ_MAX, into);
	if (n > 0)
		return STREAM_OK;
	if (n == 0) {
		input->ended = true;
		return STREAM_EOF;
	}
	if (errno == EAGAIN && input->readable != NULL && fd_watch_arm(input->readable))
		return STREAM_AGAIN;
	return fail(input, errno);
}

const struct err *fd_reader_error(const struct fd_reader *input)
{
	return input->error.kind == ERR_OK ? NULL : &input->error;
}

size_t fd_reader_pending(const struct fd_reader *input)
{
	int held = 0;

	return ioctl(input->d.fd, FIONREAD, &held) == 0 ? (size_t)held : 0;
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
	bool usable = input->d.raw && input->error.kind == ERR_OK && !input->ended;

	return usable ? input->d.fd : -1;
}
