/* SPDX-License-Identifier: ISC */
/* pump_splice: in the kernel, without copying through the process. */
#include "config.h"

#include "session/pump.h"

#include "base/alloc.h"
#include "io/fd_reader.h"
#include "io/fd_watch.h"
#include "io/splice_pipe.h"
#include "io/stdout_writer.h"

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * splice(2) needs a pipe at one of its ends. Where the input or the output is
 * one, a single call moves the bytes. From a file sendfile(2) has a pipe inside;
 * to a file we have one of our own between two calls.
 *
 * EAGAIN does not say which end it was. The one is watched that it was the last
 * time, and when that is ready and nothing moves, the other.
 * What is already in the evbuffers goes first, and while we read the socket the
 * transport does not. An error that is not the socket's is left to the buffered
 * pump, which meets it again and can name it, or not: some files know no splice.
 */

enum {
	CHUNK = 1024 * 1024,
	CALLS_PER_RUN = 16,
};

struct splice {
	struct fd_watch *socket; /* readable or writable, as the direction wants */
	struct fd_watch *other;	 /* the input or the output; NULL: it never waits */
	int socket_fd;		 /* the stream's */
	int fd;			 /* of the input or the output */
	bool is_pipe;		 /* ... which is a pipe */
	struct splice_pipe pipe; /* down to a file */
	bool moved;		 /* so it works for this pair */
	bool waits_for_other;	 /* not for the socket, the last time */
	uint64_t waited_at;	 /* the pump's bytes then; UINT64_MAX: it has not waited yet */
};

/* What one call has come to. */
enum call { CALL_MOVED, CALL_ENDED, CALL_WAIT, CALL_FAILED };

static struct stdout_writer *output_of(const struct session *s)
{
	return event_writer_output(s->shared->events);
}

static int other_fd(const struct pump *pump, const struct session *s)
{
	return pump->direction == PUMP_UP ? fd_reader_raw_fd(pump->input)
					  : stdout_writer_raw_fd(output_of(s));
}

static bool fd_is_pipe(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* Nobody looks at the bytes, both ends are descriptors, and there is a pipe for them. */
static bool splice_fits(const struct pump *pump, struct session *s)
{
	bool up = pump->direction == PUMP_UP;
	bool seen = up ? pump->crlf : event_writer_is_json(s->shared->events) || s->record != NULL;
	int fd = other_fd(pump, s);

	return !seen && fd >= 0 && connection_raw_fd(s->connection) >= 0 &&
	       (up || fd_is_pipe(fd) || splice_pipe_allowed(s->shared->pipes));
}

static struct splice *splice_new(const struct pump *pump, struct session *s)
{
	bool up = pump->direction == PUMP_UP;
	struct splice *x = alloc_zeroed(sizeof(*x));

	x->socket_fd = connection_raw_fd(s->connection);
	x->fd = other_fd(pump, s);
	x->is_pipe = fd_is_pipe(x->fd);
	x->pipe.fd[0] = x->pipe.fd[1] = -1;
	if (!up && !x->is_pipe)
		(void)splice_pipe_open(&x->pipe, CHUNK, s->shared->pipes); /* looked at later */
	x->socket = fd_watch_new(s->shared->loop, x->socket_fd, up ? WATCH_WRITE : WATCH_READ,
				 &s->task);
	if (x->is_pipe)
		x->other = fd_watch_new(s->shared->loop, x->fd, up ? WATCH_READ : WATCH_WRITE,
					&s->task);
	x->waits_for_other = up && x->is_pipe; /* first for the source */
	x->waited_at = UINT64_MAX;
	return x;
}

void pump_splice_free(struct splice *x)
{
	if (x == NULL)
		return;
	fd_watch_free(x->socket);
	fd_watch_free(x->other);
	splice_pipe_close(&x->pipe);
	free(x);
}

static enum stream_status hand_over(struct pump *pump, struct session *s)
{
	pump_splice_free(pump->splice);
	pump->splice = NULL;
	if (pump->direction == PUMP_DOWN)
		connection_bypass(s->connection, false);
	return pump_hand_over(pump, s);
}

static struct fd_watch *waited_for(const struct splice *x)
{
	return x->waits_for_other ? x->other : x->socket;
}

static enum stream_status wait_on(const struct pump *pump, struct session *s)
{
	struct splice *x = pump->splice;
	enum session_wait other = pump->direction == PUMP_UP ? WAIT_INPUT : WAIT_OUTPUT;

	fd_watch_arm(waited_for(x));
	(void)session_wait(s, x->waits_for_other ? other : WAIT_SOCKET);
	return STREAM_AGAIN;
}

/* Neither a byte nor the end could be had at once. */
static enum stream_status wait_for_end(const struct pump *pump, struct session *s)
{
	struct splice *x = pump->splice;

	if (fd_watch_armed(waited_for(x)))
		return wait_on(pump, s);
	if (x->other != NULL && x->waited_at == pump->bytes)
		x->waits_for_other = !x->waits_for_other;
	x->waited_at = pump->bytes;
	return wait_on(pump, s);
}

static enum call outcome(ssize_t n)
{
	if (n > 0)
		return CALL_MOVED;
	if (n == 0)
		return CALL_ENDED;
	return errno == EAGAIN || errno == EINTR ? CALL_WAIT : CALL_FAILED;
}

/* --- up --- */

/* What an input says that cannot be spliced or read. Everything else is the
 * socket's, which has forgotten it by saying it. */
static bool is_input_error(int sys)
{
	return sys == EINVAL || sys == ENOSYS || sys == EBADF || sys == EIO || sys == ESPIPE ||
	       sys == EISDIR || sys == ENXIO || sys == EOVERFLOW || sys == EOPNOTSUPP;
}

/* What the file has from its offset on; CHUNK where that is not known, or more. */
static size_t left_of_file(int fd)
{
	off_t at = lseek(fd, 0, SEEK_CUR);
	struct stat st;

	if (at < 0 || fstat(fd, &st) < 0 || st.st_size <= at || st.st_size - at > CHUNK)
		return CHUNK;
	return (size_t)(st.st_size - at);
}

/* Linux before 6.5 takes a file that is shorter than what is asked for for the
 * begin of more, and keeps its last bytes back for 200 ms (MSG_MORE). */
static ssize_t send_file(int socket, int fd)
{
	return sendfile(socket, fd, NULL, left_of_file(fd));
}

static enum stream_status run_up(struct pump *pump, struct session *s)
{
	const struct splice *x = pump->splice;
	int fd = x->socket_fd;

	for (int budget = CALLS_PER_RUN; budget > 0; budget--) {
		ssize_t n = x->is_pipe ? splice(x->fd, NULL, fd, NULL, CHUNK, SPLICE_F_NONBLOCK)
				       : send_file(fd, x->fd);

		switch (outcome(n)) {
		case CALL_MOVED:
			pump->bytes += (uint64_t)n;
			connection_moved(s->connection, 0, (uint64_t)n);
			continue;
		case CALL_ENDED:
			return STREAM_EOF;
		case CALL_WAIT:
			return wait_for_end(pump, s);
		case CALL_FAILED:
			break;
		}
		if (is_input_error(errno))
			return hand_over(pump, s);
		connection_failed(s->connection, TRANSPORT_WRITE, errno);
		return STREAM_OK;
	}
	return STREAM_OK;
}

/* --- down --- */

/* The file takes nothing from a pipe: what is in ours goes through the output's
 * queue, as all that follows. */
static enum stream_status pour_out(struct pump *pump, struct session *s)
{
	struct splice *x = pump->splice;
	struct stdout_writer *output = output_of(s);

	splice_pipe_pour(&x->pipe, stdout_writer_queue(output));
	stdout_writer_added(output);
	return hand_over(pump, s);
}

/* One helping from the socket to the output, or into our pipe. */
static enum call take_some(struct pump *pump, struct session *s)
{
	struct splice *x = pump->splice;
	int to = x->is_pipe ? x->fd : x->pipe.fd[1];
	ssize_t n = splice(x->socket_fd, NULL, to, NULL, CHUNK, SPLICE_F_NONBLOCK);

	if (n > 0) {
		x->moved = true;
		pump->bytes += (uint64_t)n;
		connection_moved(s->connection, (uint64_t)n, 0);
		if (!x->is_pipe)
			x->pipe.held = (size_t)n;
	}
	return outcome(n);
}

static enum stream_status down_failed(struct pump *pump, struct session *s, int sys)
{
	if (!pump->splice->moved && (sys == EINVAL || sys == ENOSYS || sys == EBADF))
		return hand_over(pump, s);
	if (sys == EPIPE && pump->splice->is_pipe) {
		stdout_writer_fail(output_of(s), sys);
		(void)session_wait(s, WAIT_OUTPUT);
		return STREAM_AGAIN;
	}
	connection_failed(s->connection, TRANSPORT_READ, sys);
	return STREAM_ERROR;
}

static enum stream_status run_down(struct pump *pump, struct session *s)
{
	for (int budget = CALLS_PER_RUN; budget > 0; budget--) {
		switch (take_some(pump, s)) {
		case CALL_MOVED:
			break;
		case CALL_ENDED:
			connection_failed(s->connection, TRANSPORT_READ, 0);
			return connection_read_error(s->connection) == NULL ? STREAM_EOF
									    : STREAM_ERROR;
		case CALL_WAIT:
			return wait_for_end(pump, s);
		case CALL_FAILED:
			return down_failed(pump, s, errno);
		}
		if (!splice_pipe_empty(&pump->splice->pipe, pump->splice->fd))
			return pour_out(pump, s);
	}
	return STREAM_OK;
}

/* --- what is in the buffers goes first --- */

static bool buffers_are_clean(const struct pump *pump, struct session *s)
{
	if (pump->direction == PUMP_UP)
		return writer_queued(&s->connection->writer) == 0;
	return reader_buffered(&s->connection->reader) == 0 &&
	       stdout_writer_queued(output_of(s)) == 0;
}

/* The transport does not read: once its buffer is empty, what comes is ours. */
static enum stream_status empty_reader(struct pump *pump, struct session *s)
{
	enum stream_status status = pump_buffered.run(pump, s);

	if (status == STREAM_AGAIN && reader_buffered(&s->connection->reader) == 0)
		return STREAM_OK;
	return status;
}

static enum stream_status clean_up(struct pump *pump, struct session *s)
{
	struct splice *x = pump->splice;

	if (pump->direction == PUMP_UP) {
		(void)session_wait(s, WAIT_WRITE);
		return STREAM_AGAIN;
	}
	if (reader_buffered(&s->connection->reader) > 0)
		return empty_reader(pump, s);
	stdout_writer_flush(output_of(s));
	if (stdout_writer_queued(output_of(s)) == 0)
		return STREAM_OK;
	if (x->other == NULL)
		return STREAM_OK; /* a file: it takes more at once */
	fd_watch_arm(x->other);
	(void)session_wait(s, WAIT_OUTPUT);
	return STREAM_AGAIN;
}

/* The end that is waited for is not ready yet. A socket that is full is tried all
 * the same: one whose peer shuts its receiving half fails, and on a Unix socket
 * nothing tells. */
static bool is_woken_for_else(const struct pump *pump)
{
	const struct splice *x = pump->splice;

	return (pump->direction == PUMP_DOWN || x->waits_for_other) &&
	       fd_watch_armed(waited_for(x));
}

static enum stream_status splice_run(struct pump *pump, struct session *s)
{
	if (pump->splice == NULL)
		pump->splice = splice_new(pump, s);
	if (pump->direction == PUMP_DOWN) {
		if (!pump->splice->is_pipe && pump->splice->pipe.fd[0] < 0)
			return hand_over(pump, s); /* no pipe was to be had */
		connection_bypass(s->connection, true);
		if (s->connection->reader.ended)
			return pump_buffered.run(pump, s);
	}
	if (!buffers_are_clean(pump, s))
		return clean_up(pump, s);
	if (is_woken_for_else(pump))
		return wait_on(pump, s);
	return pump->direction == PUMP_UP ? run_up(pump, s) : run_down(pump, s);
}

const struct pump_kind pump_splice = { "splice", splice_fits, splice_run };
