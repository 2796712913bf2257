/* SPDX-License-Identifier: ISC */
/* pump_splice: in the kernel, without copying through the process. */
#include "config.h"

#include "session/pump_impl.h"

#include "base/alloc.h"
#include "base/log.h"
#include "io/connection.h"
#include "io/fd_watch.h"
#include "io/loop.h"
#include "io/splice_pipe.h"

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * splice(2) needs a pipe at one of its ends. Where the source or the destination
 * is one, a single call moves the bytes. From a file, sendfile(2) has a pipe
 * inside. Any other pair borrows a pipe and takes two calls. Messages between two
 * connections do without: a recv(2) and a send(2) are less work than two splice(2).
 *
 * What the evbuffers hold goes first, and while the raw descriptor of a connection
 * is read its transport does not read. What a call meets that ends the stream is
 * told to the end that would not meet it again; the buffered pump then gives the
 * answer. Errors that only say that splice(2) does not work for this file are left
 * to the buffered pump altogether.
 */

enum {
	CHUNK = SPLICE_PIPE_SIZE,
	CALLS_PER_RUN = 16,
	MESSAGE = 16 * 1024, /* a call that brings less has emptied the socket, as a rule */
};

enum raw_kind { RAW_FILE, RAW_PIPE, RAW_SOCKET };

struct splice {
	int from, to;
	enum raw_kind from_kind, to_kind;
	struct fd_watch *readable; /* NULL for files */
	struct fd_watch *writable; /* NULL for files, and until the destination is full */
	struct fd_watch *hangup;   /* of the source, a pipe; NULL until it is needed */
	uint64_t waited_at;	   /* pump->bytes at the last EAGAIN; UINT64_MAX: none yet */
	bool needs_pipe;
	bool bulk;		  /* else, between two connections, no pipe is used */
	struct splice_pipe *pipe; /* borrowed for a turn, or while it holds bytes */
};

static enum raw_kind raw_kind_of(const struct pump_end *end, int fd)
{
	struct stat st;

	if (end->connection != NULL)
		return RAW_SOCKET;
	if (fstat(fd, &st) < 0)
		return RAW_FILE; /* the first call says why */
	if (S_ISFIFO(st.st_mode))
		return RAW_PIPE;
	return S_ISSOCK(st.st_mode) ? RAW_SOCKET : RAW_FILE;
}

static bool is_pair(const struct pump *pump)
{
	return pump->source.connection != NULL && pump->dest.connection != NULL;
}

void pump_splice_open(struct pump *pump)
{
	const struct pump_end *source = &pump->source;
	const struct pump_end *dest = &pump->dest;
	struct splice x = {
		.from = source->ops->raw_fd(source->object),
		.to = -1,
		.waited_at = UINT64_MAX,
	};

	if (dest->intercept == NULL && !dest->crlf)
		x.to = dest->ops->raw_fd(dest->object);
	if (x.from < 0 || x.to < 0)
		return;
	x.from_kind = raw_kind_of(source, x.from);
	x.to_kind = raw_kind_of(dest, x.to);
	x.needs_pipe = x.from_kind == RAW_SOCKET && x.to_kind != RAW_PIPE;
	x.bulk = !is_pair(pump);
	if (x.needs_pipe && pump->pipes == NULL)
		return;
	if (x.from_kind != RAW_FILE)
		x.readable = fd_watch_new(pump->task->loop, x.from, WATCH_READ, pump->task);
	pump->splice = alloc_copy(&x, sizeof(x));
}

static void bypass(const struct pump *pump, bool on)
{
	if (pump->source.connection != NULL)
		connection_bypass(pump->source.connection, on);
}

/* Do bytes, or the end, wait in the reader that the raw descriptor no longer has? */
static bool is_ahead(const struct pump *pump)
{
	const struct connection *c = pump->source.connection;

	return c != NULL && (c->reader.ended || reader_buffered(&c->reader) > 0);
}

void pump_splice_free(struct pump *pump)
{
	struct splice *x = pump->splice;

	if (x == NULL)
		return;
	fd_watch_free(x->readable);
	fd_watch_free(x->writable);
	fd_watch_free(x->hangup);
	splice_pipe_give_back(x->pipe);
	free(x);
	pump->splice = NULL;
	bypass(pump, false);
}

/* What our pipe still holds goes through the destination's buffer. */
static enum pump_result hand_over(struct pump *pump)
{
	struct splice_pipe *pipe = pump->splice->pipe;

	if (pipe != NULL && pipe->held > 0) {
		splice_pipe_pour(pipe, pump->data);
		pump_write(pump);
	}
	pump_splice_free(pump);
	log_line(LOG_DEBUG, "%s: buffered", pump->name);
	return pump_buffered_run(pump);
}

/* --- waiting --- */

/* A file never waits: it takes more at once. */
static enum pump_result wait_on(struct pump *pump, struct fd_watch *watch, enum pump_result answer)
{
	if (watch == NULL)
		return PUMP_MORE;
	return fd_watch_arm(watch) ? answer : hand_over(pump);
}

static enum pump_result wait_writable(struct pump *pump)
{
	struct splice *x = pump->splice;

	if (x->writable == NULL && x->to_kind != RAW_FILE)
		x->writable = fd_watch_new(pump->task->loop, x->to, WATCH_WRITE, pump->task);
	return wait_on(pump, x->writable, PUMP_WAIT_DEST);
}

/* Bytes that one call may ask for: what the file still has, what the pipe holds.
 * CHUNK at most, and where it is not known. */
static size_t at_hand(const struct splice *x)
{
	off_t left = 0;
	struct stat st;
	int held = 0;

	if (x->from_kind == RAW_FILE && fstat(x->from, &st) == 0)
		left = st.st_size - lseek(x->from, 0, SEEK_CUR);
	else if (x->from_kind == RAW_PIPE && ioctl(x->from, FIONREAD, &held) == 0)
		left = held;
	return left > 0 && left < CHUNK ? (size_t)left : CHUNK;
}

/* POLLIN: the source has bytes, or has ended. POLLHUP: no more will come, except to a
 * socket. */
static short poll_source(const struct splice *x)
{
	struct pollfd p = { .fd = x->from, .events = POLLIN };

	if (x->from_kind == RAW_FILE)
		return POLLIN | POLLHUP;
	return poll(&p, 1, 0) == 1 ? p.revents : 0;
}

/* The end of a pipe that still has bytes makes it no more readable than it is. */
static void watch_for_hangup(const struct pump *pump)
{
	struct splice *x = pump->splice;

	if (x->hangup == NULL)
		x->hangup = fd_watch_new(pump->task->loop, x->from, WATCH_HANGUP, pump->task);
	(void)fd_watch_arm(x->hangup); /* otherwise it ends when there is room */
}

/*
 * The destination is full. When its buffer has room for all that the source still
 * has, the buffered pump would be done with it: it gets this turn, so that both end
 * at the same time.
 */
static enum pump_result wait_for_dest(struct pump *pump, short events)
{
	const struct splice *x = pump->splice;
	size_t room;

	if ((events & POLLHUP) != 0 && x->from_kind != RAW_SOCKET &&
	    pump->dest.ops->room(pump->dest.object, &room) == STREAM_OK && at_hand(x) <= room)
		return pump_buffered_run(pump);
	if (x->from_kind == RAW_PIPE && (events & POLLHUP) == 0)
		watch_for_hangup(pump);
	return wait_writable(pump);
}

/* Does recv(2) have bytes that splice(2) does not take? It stops at TCP's urgent data:
 * with EAGAIN, and as if at the end once the peer has ended. */
static bool is_stuck(const struct splice *x)
{
	char byte;

	return x->from_kind == RAW_SOCKET &&
	       recv(x->from, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* The call said EAGAIN, but not for which end. What its own pipe takes is the
 * source's. */
static enum pump_result wait_for_an_end(struct pump *pump)
{
	struct splice *x = pump->splice;
	short events = x->pipe != NULL ? 0 : poll_source(x);

	if (x->waited_at == pump->bytes && is_stuck(x))
		return hand_over(pump);
	x->waited_at = pump->bytes;
	return events == 0 ? wait_on(pump, x->readable, PUMP_WAIT_SOURCE)
			   : wait_for_dest(pump, events);
}

/* --- moving --- */

static void note_taken(struct pump *pump, ssize_t n)
{
	pump->bytes += (uint64_t)n;
	if (pump->source.connection != NULL)
		connection_moved(pump->source.connection, (uint64_t)n, 0);
}

static void note_sent(const struct pump *pump, ssize_t n)
{
	if (pump->dest.connection != NULL)
		connection_moved(pump->dest.connection, 0, (uint64_t)n);
}

/* One call from the source to the destination, or into our pipe. sendfile(2) asks for
 * what the file has and no more: Linux before 6.5 takes a shorter file for the start of
 * more, and keeps its last bytes back for 200 ms (MSG_MORE). */
static ssize_t splice_in(struct pump *pump)
{
	const struct splice *x = pump->splice;
	int to = x->pipe != NULL ? x->pipe->fd[1] : x->to;
	ssize_t n = x->from_kind == RAW_FILE && x->to_kind != RAW_PIPE
			    ? sendfile(to, x->from, NULL, at_hand(x))
			    : splice(x->from, NULL, to, NULL, CHUNK, SPLICE_F_NONBLOCK);

	if (n <= 0)
		return n;
	note_taken(pump, n);
	if (x->pipe != NULL)
		x->pipe->held = (size_t)n;
	else
		note_sent(pump, n);
	return n;
}

/* One call from our pipe to the destination. A file may block for it. */
static ssize_t splice_out(struct pump *pump)
{
	const struct splice *x = pump->splice;
	unsigned flags = x->to_kind == RAW_FILE ? 0 : SPLICE_F_NONBLOCK;
	ssize_t n = splice(x->pipe->fd[0], NULL, x->to, NULL, x->pipe->held, flags);

	if (n <= 0)
		return n;
	x->pipe->held -= (size_t)n;
	note_sent(pump, n);
	return n;
}

/* The destination took nothing from our pipe. */
static enum pump_result put_failed(struct pump *pump, int sys)
{
	if (sys != 0 && pump->dest.connection != NULL)
		connection_failed(pump->dest.connection, TRANSPORT_WRITE, sys);
	return hand_over(pump);
}

/* What says that the files cannot be used so, and is never a socket's error. */
static bool is_unsupported(int sys)
{
	return sys == EINVAL || sys == ENOSYS || sys == EBADF || sys == EIO || sys == ESPIPE ||
	       sys == EISDIR || sys == ENXIO || sys == EOVERFLOW || sys == EOPNOTSUPP;
}

/* The source has ended (0), or the call failed: that is a socket's error, which has
 * forgotten it by saying it, and of the two ends the destination may be one. */
static enum pump_result take_failed(struct pump *pump, int sys)
{
	struct connection *source = pump->source.connection;
	struct connection *dest = pump->splice->needs_pipe ? NULL : pump->dest.connection;

	if (is_unsupported(sys) || (sys == EPIPE && dest == NULL) ||
	    (sys == 0 && is_stuck(pump->splice)))
		return hand_over(pump);
	if (sys != 0 && dest != NULL)
		connection_failed(dest, TRANSPORT_WRITE, sys);
	else if (source != NULL)
		connection_failed(source, TRANSPORT_READ, sys);
	return pump_buffered_run(pump);
}

/* What the socket does not take waits in the queue of its connection: false. */
static bool send_message(struct pump *pump, const char *data, size_t len)
{
	struct connection *dest = pump->dest.connection;
	ssize_t n =
		TEMP_FAILURE_RETRY(send(pump->splice->to, data, len, MSG_DONTWAIT | MSG_NOSIGNAL));

	if (n < 0 && errno != EAGAIN)
		connection_failed(dest, TRANSPORT_WRITE, errno);
	if (n < 0)
		n = 0;
	note_sent(pump, n);
	if ((size_t)n == len)
		return true;
	(void)evbuffer_add(pump->data, data + n, len - (size_t)n);
	pump_write(pump);
	return false;
}

static enum pump_result move_message(struct pump *pump)
{
	struct splice *x = pump->splice;
	char data[MESSAGE];
	ssize_t n = TEMP_FAILURE_RETRY(recv(x->from, data, sizeof(data), MSG_DONTWAIT));

	if (n < 0 && errno == EAGAIN)
		return wait_on(pump, x->readable, PUMP_WAIT_SOURCE);
	if (n <= 0)
		return take_failed(pump, n == 0 ? 0 : errno);
	note_taken(pump, n);
	if (!send_message(pump, data, (size_t)n))
		return PUMP_WAIT_DEST;
	x->bulk = n == MESSAGE;
	return x->bulk ? PUMP_MORE : wait_on(pump, x->readable, PUMP_WAIT_SOURCE);
}

static enum pump_result move(struct pump *pump)
{
	struct splice *x = pump->splice;

	for (int budget = CALLS_PER_RUN; budget > 0; budget--) {
		bool putting = x->pipe != NULL && x->pipe->held > 0;
		ssize_t n = putting ? splice_out(pump) : splice_in(pump);
		int sys = n == 0 ? 0 : errno;

		if (putting && n > 0 && n < MESSAGE && x->pipe->held == 0) {
			x->bulk = !is_pair(pump);
			return wait_on(pump, x->readable, PUMP_WAIT_SOURCE);
		}
		if (n > 0 || sys == EINTR)
			continue;
		if (sys != EAGAIN)
			return putting ? put_failed(pump, sys) : take_failed(pump, sys);
		return putting ? wait_writable(pump) : wait_for_an_end(pump);
	}
	return PUMP_MORE;
}

/* --- a turn --- */

/* Nothing comes to the source's buffer: once that is empty, the raw descriptor is next. */
static enum pump_result empty_source(struct pump *pump)
{
	enum pump_result result = pump_buffered_run(pump);

	return result == PUMP_WAIT_SOURCE && !is_ahead(pump) ? PUMP_MORE : result;
}

/* While the end that is waited for is not ready, a wake-up for something else changes
 * nothing. A full socket is tried all the same: a Unix socket whose peer shuts its
 * receiving half fails then, and never polls as writable. */
static enum pump_result run_turn(struct pump *pump)
{
	const struct splice *x = pump->splice;
	size_t room;

	if (is_ahead(pump))
		return empty_source(pump);
	if (pump->dest.ops->room(pump->dest.object, &room) == STREAM_ERROR)
		return PUMP_DEST_FAILED;
	if (!pump->dest.ops->flush(pump->dest.object))
		return wait_for_dest(pump, poll_source(x));
	if (fd_watch_armed(x->readable))
		return PUMP_WAIT_SOURCE;
	if (fd_watch_armed(x->writable) && x->to_kind != RAW_SOCKET)
		return PUMP_WAIT_DEST;
	return x->bulk ? move(pump) : move_message(pump);
}

enum pump_result pump_splice_run(struct pump *pump)
{
	struct splice *x = pump->splice;
	bool needs_pipe = x->needs_pipe && x->bulk;
	enum pump_result result;

	if (needs_pipe && x->pipe == NULL)
		x->pipe = splice_pipe_borrow(pump->pipes);
	bypass(pump, !needs_pipe || x->pipe != NULL);
	if (needs_pipe && x->pipe == NULL)
		return pump_buffered_run(pump); /* for this turn */
	result = run_turn(pump);
	x = pump->splice; /* NULL once it has handed over */
	if (x != NULL && x->pipe != NULL && x->pipe->held == 0) {
		splice_pipe_give_back(x->pipe);
		x->pipe = NULL;
	}
	return result;
}
