/* SPDX-License-Identifier: ISC */
/* stdout_writer: standard output or a local file, written without blocking. */
#include "config.h"

#include "io/stdout_writer.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/descriptor.h"
#include "io/fd_watch.h"
#include "io/loop.h"
#include "stream/writer.h"

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <unistd.h>

/*
 * Bytes are written by run(), which the writer's task calls, so that all that one
 * turn of the loop adds goes out in one call; or by stdout_writer_flush().
 *
 * Waiting tasks are woken when a quarter of the mark is left, not at the mark:
 * a reader that takes 4 KiB at a time would have us wake all of them each time.
 * They are woken in the order they came, a few a turn, and only while the queue
 * is not above the mark again: thousands of tasks would otherwise wake for
 * nothing, and the same ones would always win.
 */
enum {
	TURN_MAX = 1024 * 1024, /* bytes a turn */
	WAKES_MAX = 16,		/* waiting tasks woken a turn */
};

struct waiter {
	struct task *task;
	STAILQ_ENTRY(waiter) link;
};

struct stdout_writer {
	struct descriptor d;
	int fd; /* as it was given */
	bool ending;
	bool mid_line; /* on a terminal: what was written has left a line open */
	char *name;
	struct writer queue; /* owns its buffer; above its mark until a quarter is left */
	struct task task;
	struct fd_watch *writable; /* armed: it is full; NULL for files */
	struct fd_watch *gone;	   /* fires once the reader has gone; NULL: not watched */
	STAILQ_HEAD(, waiter) waiters;
	struct task *owner;
	struct err error; /* ERR_OK: none */
};

static void run(void *arg);

static void unwatch_reader(struct stdout_writer *output)
{
	fd_watch_free(output->gone);
	output->gone = NULL;
}

/* Otherwise the next write fails. */
static void watch_reader(struct loop *loop, struct stdout_writer *output)
{
	if (!output->d.fifo && output->d.kind != DESCRIPTOR_SOCKET)
		return;
	output->gone = fd_watch_new(loop, output->d.fd, WATCH_HANGUP, &output->task);
	if (!fd_watch_arm(output->gone))
		unwatch_reader(output);
}

struct stdout_writer *stdout_writer_new(struct loop *loop, int fd, const char *name)
{
	struct stdout_writer *output = alloc_zeroed(sizeof(*output));

	output->name = alloc_string(name);
	output->fd = fd;
	writer_init(&output->queue, evbuffer_new(), OUTPUT_MARK, OUTPUT_MARK / 4);
	STAILQ_INIT(&output->waiters);
	task_init(&output->task, loop, run, output);
	descriptor_open(&output->d, fd, true, false);
	if (output->d.kind != DESCRIPTOR_FILE)
		output->writable = fd_watch_new(loop, output->d.fd, WATCH_WRITE, &output->task);
	watch_reader(loop, output);
	return output;
}

void stdout_writer_share(struct stdout_writer *output, int fd)
{
	if (output->d.kind == DESCRIPTOR_SOCKET && descriptor_is_same(output->d.fd, fd))
		unwatch_reader(output);
}

static struct waiter *find_waiter(const struct stdout_writer *output, const struct task *task)
{
	struct waiter *w;

	STAILQ_FOREACH (w, &output->waiters, link)
		if (w->task == task)
			break;
	return w;
}

/* Off the list; returns its task. */
static struct task *take_waiter(struct stdout_writer *output, struct waiter *w)
{
	struct task *task = w->task;

	STAILQ_REMOVE(&output->waiters, w, waiter, link);
	free(w);
	return task;
}

void stdout_writer_free(struct stdout_writer *output)
{
	if (output == NULL)
		return;
	task_cancel(&output->task);
	fd_watch_free(output->writable);
	unwatch_reader(output);
	descriptor_close(&output->d);
	evbuffer_free(output->queue.out);
	while (!STAILQ_EMPTY(&output->waiters))
		take_waiter(output, STAILQ_FIRST(&output->waiters));
	free(output->name);
	free(output);
}

/* Wake at most `max` of the tasks that have waited longest. */
static void wake_waiters(struct stdout_writer *output, size_t max)
{
	for (; max > 0 && !STAILQ_EMPTY(&output->waiters); max--)
		task_wake(take_waiter(output, STAILQ_FIRST(&output->waiters)));
}

static void wake_owner(struct stdout_writer *output)
{
	if (output->owner != NULL)
		task_wake(output->owner);
}

static void fail(struct stdout_writer *output, int sys)
{
	if (output->error.kind != ERR_OK)
		return;
	err_sys(&output->error, ERR_IO, sys, "writing to %s", output->name);
	writer_feed_error(&output->queue);
	fd_watch_free(output->writable);
	output->writable = NULL;
	unwatch_reader(output);
	wake_owner(output);
	wake_waiters(output, SIZE_MAX);
}

static void check_reader(struct stdout_writer *output)
{
	if (output->gone != NULL && !fd_watch_armed(output->gone))
		fail(output, EPIPE);
}

static unsigned char last_byte(struct evbuffer *queue)
{
	struct evbuffer_ptr last;
	unsigned char byte = '\n';

	(void)evbuffer_ptr_set(queue, &last, evbuffer_get_length(queue) - 1, EVBUFFER_PTR_SET);
	(void)evbuffer_copyout_from(queue, &last, &byte, 1);
	return byte;
}

/* One call; the number of bytes that went out, 0 when the descriptor is full. */
static size_t write_some(struct stdout_writer *output)
{
	bool open = output->d.terminal && last_byte(output->queue.out) != '\n';
	ssize_t n = descriptor_write(&output->d, output->queue.out);

	if (n >= 0) {
		output->mid_line = open;
		return (size_t)n;
	}
	if (errno != EAGAIN || output->writable == NULL || !fd_watch_arm(output->writable))
		fail(output, errno);
	return 0;
}

/* Another process may hold the same pipe or socket: only our part of it ends. */
static void end_descriptor(struct stdout_writer *output)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	output->ending = false;
	if (null < 0)
		return;
	fd_watch_free(output->writable);
	output->writable = NULL;
	unwatch_reader(output);
	descriptor_close(&output->d);
	(void)dup2(null, output->fd);
	close(null);
	descriptor_open(&output->d, output->fd, true, false);
}

void stdout_writer_end(struct stdout_writer *output)
{
	output->ending = !output->d.terminal;
	if (output->ending)
		task_wake(&output->task);
}

static void write_queue(struct stdout_writer *output)
{
	size_t written = 0;
	size_t n = 1;

	if (fd_watch_armed(output->writable) || writer_queued(&output->queue) == 0)
		return;
	while (n > 0 && written < TURN_MAX && writer_queued(&output->queue) > 0) {
		n = write_some(output);
		written += n;
	}
	if (writer_queued(&output->queue) == 0)
		wake_owner(output);
}

/* Run once more when there are bytes to write now, or tasks to wake. */
static void schedule(struct stdout_writer *output)
{
	bool writes = writer_queued(&output->queue) > 0 && !fd_watch_armed(output->writable);

	if (writes || (!stdout_writer_above(output) && !STAILQ_EMPTY(&output->waiters)))
		task_wake(&output->task);
}

void stdout_writer_flush(struct stdout_writer *output)
{
	write_queue(output);
	schedule(output);
}

void stdout_writer_end_line(struct stdout_writer *output)
{
	if (!output->d.terminal)
		return;
	stdout_writer_flush(output);
	if (!output->mid_line || writer_queued(&output->queue) > 0)
		return;
	stdout_writer_add(output, bytes_of("\n", 1));
	stdout_writer_flush(output);
}

static void run(void *arg)
{
	struct stdout_writer *output = arg;

	check_reader(output);
	write_queue(output);
	if (output->ending && stdout_writer_queued(output) == 0)
		end_descriptor(output);
	if (!stdout_writer_above(output))
		wake_waiters(output, WAKES_MAX);
	schedule(output); /* behind the tasks just woken: they may fill the queue again */
}

struct evbuffer *stdout_writer_queue(struct stdout_writer *output)
{
	return output->queue.out;
}

void stdout_writer_added(struct stdout_writer *output)
{
	writer_added(&output->queue);
	schedule(output);
}

void stdout_writer_add(struct stdout_writer *output, struct bytes data)
{
	writer_write(&output->queue, data);
	schedule(output);
}

void stdout_writer_add_buffer(struct stdout_writer *output, struct evbuffer *data)
{
	writer_write_buffer(&output->queue, data);
	schedule(output);
}

bool stdout_writer_above(struct stdout_writer *output)
{
	return writer_drain(&output->queue) == STREAM_AGAIN;
}

size_t stdout_writer_queued(const struct stdout_writer *output)
{
	return writer_queued(&output->queue);
}

void stdout_writer_wait(struct stdout_writer *output, struct task *task)
{
	struct waiter *w;

	if (!stdout_writer_above(output)) {
		task_wake(task);
		return;
	}
	if (find_waiter(output, task) != NULL)
		return;
	w = alloc_zeroed(sizeof(*w));
	w->task = task;
	STAILQ_INSERT_TAIL(&output->waiters, w, link);
}

void stdout_writer_unwait(struct stdout_writer *output, struct task *task)
{
	struct waiter *w = find_waiter(output, task);

	if (w != NULL)
		(void)take_waiter(output, w);
}

void stdout_writer_set_owner(struct stdout_writer *output, struct task *task)
{
	output->owner = task;
}

const struct err *stdout_writer_error(const struct stdout_writer *output)
{
	return output->error.kind == ERR_OK ? NULL : &output->error;
}

bool stdout_writer_is_terminal(const struct stdout_writer *output)
{
	return output->d.terminal;
}

int stdout_writer_raw_fd(const struct stdout_writer *output)
{
	return output->d.raw && output->error.kind == ERR_OK ? output->d.fd : -1;
}
