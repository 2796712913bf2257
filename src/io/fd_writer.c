/* SPDX-License-Identifier: ISC */
/* fd_writer: standard output, or a pipe to a command, written without blocking. */
#include "config.h"

#include "io/fd_writer.h"

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
 * turn of the loop adds goes out in one call; or by fd_writer_flush().
 *
 * Waiting tasks are woken when a quarter of the mark is left, not at the mark:
 * a reader that takes 4 KiB at a time would have us wake all of them each time.
 * They are woken in the order they came, a few a turn, and only while the queue
 * is not above the mark again: thousands of tasks would otherwise wake for
 * nothing, and the same ones would always win.
 *
 * The first of the tasks woken may fill the queue. It goes to the end of the line,
 * and those after it keep their places: a small writer among hundreds of large ones
 * would otherwise come too late each time.
 */
enum {
	TURN_MAX = 1024 * 1024, /* bytes a turn */
	WAKES_MAX = 16,		/* waiting tasks woken a turn */
};

struct waiter {
	struct task *task;
	bool woken; /* ... and has not waited again */
	STAILQ_ENTRY(waiter) link;
};

struct fd_writer {
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
	size_t woken; /* of the first waiters, at most so many */
	bool full;    /* a task has had to wait since the last write */
	struct task *owner;
	struct err error; /* ERR_OK: none */
};

static void run(void *arg);

static void unwatch_reader(struct fd_writer *output)
{
	fd_watch_free(output->gone);
	output->gone = NULL;
}

/* Otherwise the next write fails. */
static void watch_reader(struct loop *loop, struct fd_writer *output)
{
	if (!output->d.fifo && output->d.kind != DESCRIPTOR_SOCKET)
		return;
	output->gone = fd_watch_new(loop, output->d.fd, WATCH_HANGUP, &output->task);
	if (!fd_watch_arm(output->gone))
		unwatch_reader(output);
}

struct fd_writer *fd_writer_new(struct loop *loop, int fd, bool owned, const char *name)
{
	struct fd_writer *output = alloc_zeroed(sizeof(*output));

	output->name = alloc_string(name);
	output->fd = fd;
	writer_init(&output->queue, evbuffer_new(), OUTPUT_MARK, OUTPUT_MARK / 4);
	STAILQ_INIT(&output->waiters);
	task_init(&output->task, loop, run, output);
	descriptor_open(&output->d, fd, true, owned);
	if (output->d.kind != DESCRIPTOR_FILE)
		output->writable = fd_watch_new(loop, output->d.fd, WATCH_WRITE, &output->task);
	if (!owned)
		watch_reader(loop, output);
	return output;
}

void fd_writer_share(struct fd_writer *output, int fd)
{
	if (output->d.kind == DESCRIPTOR_SOCKET && descriptor_is_same(output->d.fd, fd))
		unwatch_reader(output);
}

static struct waiter *find_waiter(const struct fd_writer *output, const struct task *task)
{
	struct waiter *w;

	STAILQ_FOREACH (w, &output->waiters, link)
		if (w->task == task)
			break;
	return w;
}

static void remove_waiter(struct fd_writer *output, struct waiter *w)
{
	STAILQ_REMOVE(&output->waiters, w, waiter, link);
	free(w);
}

void fd_writer_free(struct fd_writer *output)
{
	if (output == NULL)
		return;
	task_cancel(&output->task);
	fd_watch_free(output->writable);
	unwatch_reader(output);
	descriptor_close(&output->d);
	evbuffer_free(output->queue.out);
	while (!STAILQ_EMPTY(&output->waiters))
		remove_waiter(output, STAILQ_FIRST(&output->waiters));
	free(output->name);
	free(output);
}

/* Wake at most `max` of the tasks that have waited longest. They keep their places until
 * drop_woken(). */
static void wake_waiters(struct fd_writer *output, size_t max)
{
	struct waiter *w;

	STAILQ_FOREACH (w, &output->waiters, link) {
		if (output->woken == max)
			break;
		output->woken++;
		w->woken = true;
		task_wake(w->task);
	}
}

/* Those that were woken and do not wait again have had their turn. */
static void drop_woken(struct fd_writer *output)
{
	struct waiter *w = STAILQ_FIRST(&output->waiters), *next;

	for (; w != NULL && output->woken > 0; output->woken--, w = next) {
		next = STAILQ_NEXT(w, link);
		if (w->woken)
			remove_waiter(output, w);
	}
	output->woken = 0;
}

static void wake_owner(struct fd_writer *output)
{
	if (output->owner != NULL)
		task_wake(output->owner);
}

static void fail(struct fd_writer *output, int sys)
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

static void check_reader(struct fd_writer *output)
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
static size_t write_some(struct fd_writer *output)
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
static void end_descriptor(struct fd_writer *output)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (null < 0)
		return; /* tried again when there is a next run */
	output->ending = false;
	fd_watch_free(output->writable);
	output->writable = NULL;
	unwatch_reader(output);
	descriptor_close(&output->d);
	(void)dup2(null, output->fd);
	close(null);
	descriptor_open(&output->d, output->fd, true, false);
}

void fd_writer_end(struct fd_writer *output)
{
	output->ending = !output->d.terminal;
	if (output->ending)
		task_wake(&output->task);
}

static void write_queue(struct fd_writer *output)
{
	size_t written = 0;
	size_t n = 1;

	if (fd_watch_armed(output->writable) || writer_queued(&output->queue) == 0)
		return;
	output->full = false;
	while (n > 0 && written < TURN_MAX && writer_queued(&output->queue) > 0) {
		n = write_some(output);
		written += n;
	}
	if (writer_queued(&output->queue) == 0)
		wake_owner(output);
}

/* Run once more when there are bytes to write now, or tasks to wake. */
static void schedule(struct fd_writer *output)
{
	bool writes = writer_queued(&output->queue) > 0 && !fd_watch_armed(output->writable);

	if (writes || (!fd_writer_above(output) && !STAILQ_EMPTY(&output->waiters)))
		task_wake(&output->task);
}

void fd_writer_flush(struct fd_writer *output)
{
	write_queue(output);
	schedule(output);
}

void fd_writer_end_line(struct fd_writer *output)
{
	if (!output->d.terminal)
		return;
	fd_writer_flush(output);
	if (!output->mid_line || writer_queued(&output->queue) > 0)
		return;
	fd_writer_add(output, bytes_of("\n", 1));
	fd_writer_flush(output);
}

static void run(void *arg)
{
	struct fd_writer *output = arg;

	check_reader(output);
	write_queue(output);
	if (output->ending && fd_writer_queued(output) == 0)
		end_descriptor(output);
	drop_woken(output);
	if (!fd_writer_above(output))
		wake_waiters(output, WAKES_MAX);
	schedule(output); /* behind the tasks just woken: they may fill the queue again */
}

struct evbuffer *fd_writer_queue(struct fd_writer *output)
{
	return output->queue.out;
}

void fd_writer_added(struct fd_writer *output)
{
	writer_added(&output->queue);
	schedule(output);
}

void fd_writer_add(struct fd_writer *output, struct bytes data)
{
	writer_write(&output->queue, data);
	schedule(output);
}

void fd_writer_add_buffer(struct fd_writer *output, struct evbuffer *data)
{
	writer_write_buffer(&output->queue, data);
	schedule(output);
}

bool fd_writer_above(struct fd_writer *output)
{
	return writer_drain(&output->queue) == STREAM_AGAIN;
}

size_t fd_writer_queued(const struct fd_writer *output)
{
	return writer_queued(&output->queue);
}

void fd_writer_wait(struct fd_writer *output, struct task *task)
{
	bool filled_it = !output->full;
	struct waiter *w = find_waiter(output, task);

	if (!fd_writer_above(output)) {
		task_wake(task);
		return;
	}
	output->full = true;
	if (w != NULL && !(w->woken && filled_it)) {
		w->woken = false;
		return;
	}
	if (w != NULL)
		remove_waiter(output, w);
	w = alloc_zeroed(sizeof(*w));
	w->task = task;
	STAILQ_INSERT_TAIL(&output->waiters, w, link);
}

void fd_writer_unwait(struct fd_writer *output, struct task *task)
{
	struct waiter *w = find_waiter(output, task);

	if (w != NULL)
		remove_waiter(output, w);
}

void fd_writer_set_owner(struct fd_writer *output, struct task *task)
{
	output->owner = task;
}

const struct err *fd_writer_error(const struct fd_writer *output)
{
	return output->error.kind == ERR_OK ? NULL : &output->error;
}

bool fd_writer_is_terminal(const struct fd_writer *output)
{
	return output->d.terminal;
}

int fd_writer_raw_fd(const struct fd_writer *output)
{
	return output->d.raw && output->error.kind == ERR_OK ? output->d.fd : -1;
}
