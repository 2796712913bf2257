/* SPDX-License-Identifier: ISC */
/* stdout_writer: standard output or a local file, written without blocking. */
#include "config.h"

#include "io/stdout_writer.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/descriptor.h"
#include "io/loop.h"
#include "stream/buffer_move.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Bytes leave in run(), a task of ours, so that what one turn of the loop adds
 * goes out in one call, or in stdout_writer_flush(). Waiting tasks are woken when the
 * queue is down at a quarter of the mark, not at the mark: else a reader that
 * takes 4 KiB at a time would have us wake everybody for each of them. And they
 * are woken a few a turn, in the order they came, for as long as the queue is
 * not above again: thousands of them would otherwise wake for nothing, and the
 * same ones always win.
 */
enum {
	LOW_MARK = OUTPUT_MARK / 4,
	WRITE_MAX = 256 * 1024, /* bytes a call */
	PIECES_MAX = 64,	/* pieces a call */
	TURN_MAX = 1024 * 1024, /* bytes a turn */
	WAKES_MAX = 16,		/* waiting tasks woken a turn */
};

struct waiters {
	struct task **items;
	size_t first, end, capacity;
};

struct stdout_writer {
	struct descriptor d;
	char *name;
	struct evbuffer *queue;
	struct task task;
	struct event *writable; /* NULL for what never waits */
	struct event *gone;	/* NULL for all but pipes and sockets */
	int hangup;		/* what it watches, or -1 */
	bool armed;		/* `writable` is pending */
	bool above;
	bool reader_gone; /* noted by on_gone() */
	struct waiters waiters;
	struct task *owner;
	struct err error; /* ERR_OK: none */
};

static void run(void *arg);

/* Libevent callbacks: only note and wake. */
static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct stdout_writer *output = arg;

	(void)fd;
	(void)what;
	output->armed = false;
	task_wake(&output->task);
}

/* Where the output itself is watched and has data, for it is open both ways, this
 * watch is of no use and is not renewed. */
static void on_gone(evutil_socket_t fd, short what, void *arg)
{
	struct stdout_writer *output = arg;
	struct pollfd p = { .fd = output->d.fd };

	(void)fd;
	(void)what;
	if (poll(&p, 1, 0) != 1 || (p.revents & (POLLERR | POLLHUP)) == 0)
		return;
	output->reader_gone = true;
	task_wake(&output->task);
}

static struct event *new_event(struct loop *loop, struct stdout_writer *output, int fd, short what,
			       event_callback_fn call)
{
	struct event *event = event_new(loop_base(loop), fd, what, call, output);

	if (event == NULL)
		alloc_failed();
	return event;
}

/* Without an epoll instance a pipe is watched itself: its write end is never readable
 * but by the last reader's going. */
static void watch_reader(struct loop *loop, struct stdout_writer *output)
{
	int fd = -1;

	if (output->d.fifo || output->d.kind == DESCRIPTOR_SOCKET)
		fd = output->hangup = descriptor_hangup(&output->d);
	if (fd < 0 && output->d.fifo)
		fd = output->d.fd;
	if (fd < 0)
		return;
	output->gone = new_event(loop, output, fd, EV_READ, on_gone);
	(void)event_add(output->gone, NULL); /* else the next write tells */
}

struct stdout_writer *stdout_writer_new(struct loop *loop, int fd, const char *name)
{
	struct stdout_writer *output = alloc_zeroed(sizeof(*output));

	output->name = alloc_string(name);
	output->queue = evbuffer_new();
	if (output->queue == NULL)
		alloc_failed();
	task_init(&output->task, loop, run, output);
	descriptor_open(&output->d, fd, true, false);
	if (output->d.kind != DESCRIPTOR_FILE)
		output->writable = new_event(loop, output, output->d.fd, EV_WRITE, on_writable);
	output->hangup = -1;
	watch_reader(loop, output);
	return output;
}

void stdout_writer_share(struct stdout_writer *output, int fd)
{
	if (output->gone != NULL && output->d.kind == DESCRIPTOR_SOCKET &&
	    descriptor_is_same(output->d.fd, fd))
		(void)event_del(output->gone);
}

void stdout_writer_free(struct stdout_writer *output)
{
	if (output == NULL)
		return;
	task_cancel(&output->task);
	if (output->writable != NULL)
		event_free(output->writable);
	if (output->gone != NULL)
		event_free(output->gone);
	if (output->hangup >= 0)
		close(output->hangup);
	descriptor_close(&output->d);
	evbuffer_free(output->queue);
	free(output->waiters.items);
	free(output->name);
	free(output);
}

/* Wake at most `max` of those who wait longest. */
static void wake_waiters(struct waiters *w, size_t max)
{
	for (; w->first < w->end && max > 0; max--)
		task_wake(w->items[w->first++]);
	if (w->first == w->end)
		w->first = w->end = 0;
}

static void wake_owner(struct stdout_writer *output)
{
	if (output->owner != NULL)
		task_wake(output->owner);
}

void stdout_writer_fail(struct stdout_writer *output, int sys)
{
	if (output->error.kind != ERR_OK)
		return;
	err_sys(&output->error, ERR_IO, sys, "writing to %s", output->name);
	output->error.sys = sys;
	(void)evbuffer_drain(output->queue, evbuffer_get_length(output->queue));
	output->above = false;
	if (output->writable != NULL)
		(void)event_del(output->writable);
	output->armed = false;
	if (output->gone != NULL)
		(void)event_del(output->gone);
	wake_owner(output);
	wake_waiters(&output->waiters, SIZE_MAX);
}

static void note_length(struct stdout_writer *output)
{
	size_t queued = evbuffer_get_length(output->queue);

	if (queued > OUTPUT_MARK)
		output->above = true;
	else if (queued <= LOW_MARK)
		output->above = false;
}

/* One call; the number of bytes that went out, 0 when the descriptor is full. */
static size_t write_some(struct stdout_writer *output)
{
	struct evbuffer_iovec iov[PIECES_MAX];
	int count = evbuffer_peek(output->queue, WRITE_MAX, NULL, iov, PIECES_MAX);
	ssize_t n;

	if (count > PIECES_MAX)
		count = PIECES_MAX;
	n = descriptor_writev(&output->d, iov, buffer_cut_pieces(iov, count, WRITE_MAX));
	if (n >= 0) {
		(void)evbuffer_drain(output->queue, (size_t)n);
		return (size_t)n;
	}
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		stdout_writer_fail(output, errno);
	else if (output->writable == NULL || event_add(output->writable, NULL) < 0)
		stdout_writer_fail(output, EAGAIN);
	else
		output->armed = true;
	return 0;
}

void stdout_writer_flush(struct stdout_writer *output)
{
	size_t written = 0;
	size_t n = 1;

	if (output->armed || evbuffer_get_length(output->queue) == 0)
		return;
	while (n > 0 && written < TURN_MAX && evbuffer_get_length(output->queue) > 0) {
		n = write_some(output);
		written += n;
	}
	note_length(output);
	if (output->error.kind != ERR_OK)
		return;
	if (evbuffer_get_length(output->queue) == 0)
		wake_owner(output);
	else if (!output->armed)
		task_wake(&output->task); /* a turn's share has gone */
	if (!output->above && output->waiters.first < output->waiters.end)
		task_wake(&output->task);
}

static void run(void *arg)
{
	struct stdout_writer *output = arg;
	struct waiters *w = &output->waiters;

	if (output->reader_gone)
		stdout_writer_fail(output, EPIPE);
	stdout_writer_flush(output);
	if (output->above)
		return;
	wake_waiters(w, WAKES_MAX);
	if (w->first < w->end)
		task_wake(&output->task);
}

struct evbuffer *stdout_writer_queue(struct stdout_writer *output)
{
	return output->queue;
}

void stdout_writer_added(struct stdout_writer *output)
{
	if (output->error.kind != ERR_OK) {
		(void)evbuffer_drain(output->queue, evbuffer_get_length(output->queue));
		return;
	}
	note_length(output);
	if (!output->armed && evbuffer_get_length(output->queue) > 0)
		task_wake(&output->task);
}

void stdout_writer_add(struct stdout_writer *output, struct bytes data)
{
	if (evbuffer_add(output->queue, data.data, data.len) < 0)
		alloc_failed();
	stdout_writer_added(output);
}

void stdout_writer_add_buffer(struct stdout_writer *output, struct evbuffer *data)
{
	if (evbuffer_add_buffer(output->queue, data) < 0)
		alloc_failed();
	stdout_writer_added(output);
}

bool stdout_writer_above(const struct stdout_writer *output)
{
	return output->above;
}

size_t stdout_writer_queued(const struct stdout_writer *output)
{
	return evbuffer_get_length(output->queue);
}

static size_t find_waiter(const struct waiters *w, const struct task *task)
{
	size_t i = w->first;

	while (i < w->end && w->items[i] != task)
		i++;
	return i;
}

/* Room for one more at the end. */
static void make_room(struct waiters *w)
{
	if (w->end < w->capacity)
		return;
	if (w->first > w->capacity / 2) {
		w->end -= w->first;
		memmove(w->items, w->items + w->first, w->end * sizeof(*w->items));
		w->first = 0;
		return;
	}
	w->capacity = w->capacity == 0 ? 8 : w->capacity * 2;
	w->items = alloc_resize(w->items, w->capacity * sizeof(*w->items));
}

void stdout_writer_wait(struct stdout_writer *output, struct task *task)
{
	struct waiters *w = &output->waiters;

	if (!output->above || output->error.kind != ERR_OK) {
		task_wake(task);
		return;
	}
	if (find_waiter(w, task) < w->end)
		return;
	make_room(w);
	w->items[w->end++] = task;
}

void stdout_writer_unwait(struct stdout_writer *output, struct task *task)
{
	struct waiters *w = &output->waiters;
	size_t i = find_waiter(w, task);

	if (i == w->end)
		return;
	w->end--;
	memmove(w->items + i, w->items + i + 1, (w->end - i) * sizeof(*w->items));
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
	struct stat st;

	if (output->error.kind != ERR_OK)
		return -1;
	if (output->d.kind == DESCRIPTOR_OWN && output->d.fifo)
		return output->d.fd;
	if (output->d.kind != DESCRIPTOR_FILE || fstat(output->d.fd, &st) < 0)
		return -1;
	if (output->d.null)
		return output->d.fd;
	/* splice(2) refuses files opened to append. */
	if (S_ISREG(st.st_mode) && (fcntl(output->d.fd, F_GETFL) & O_APPEND) == 0)
		return output->d.fd;
	return -1;
}
