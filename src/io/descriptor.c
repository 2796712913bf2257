/* SPDX-License-Identifier: ISC */
/* descriptor: inherited descriptors, used without changing their flags. */
#include "config.h"

#include "io/descriptor.h"

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { WRITE_MAX = 256 * 1024 }; /* bytes a call */

unsigned descriptor_open_standard(void)
{
	unsigned closed = 0;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		/* Not close-on-exec: a command's standard descriptors are ours. */
		int got = open("/dev/null", O_RDWR | O_NOCTTY);

		if (got >= 0 && got != fd) {
			(void)dup2(got, fd); /* fails only where the open would have */
			close(got);
		}
		closed |= 1U << fd;
	}
	return closed;
}

rlim_t descriptor_raise_limit(void)
{
	struct rlimit old, most;

	if (getrlimit(RLIMIT_NOFILE, &old) < 0)
		return 0;
	most = (struct rlimit){ .rlim_cur = old.rlim_max, .rlim_max = old.rlim_max };
	if (old.rlim_cur < old.rlim_max)
		(void)setrlimit(RLIMIT_NOFILE, &most);
	return old.rlim_cur;
}

rlim_t descriptor_limit(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
}

/* Opening the master of a pseudo-terminal anew makes another terminal. */
static bool is_terminal_master(int fd)
{
	unsigned number;

	return ioctl(fd, TIOCGPTN, &number) == 0;
}

void descriptor_reset_on_close(int fd)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

void descriptor_drop_input(int fd)
{
	char data[4096];

	for (int i = 0; i < 256 && recv(fd, data, sizeof(data), MSG_DONTWAIT) > 0; i++)
		continue;
}

bool descriptor_is_same_file(const struct stat *one, const struct stat *other)
{
	return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

bool descriptor_is_same(int one, int other)
{
	struct stat a, b;

	return fstat(one, &a) == 0 && fstat(other, &b) == 0 && descriptor_is_same_file(&a, &b);
}

/* A non-blocking description of our own for the same pipe or terminal, or -1.
 * It must not be opened in a direction that the caller was not given. */
static int open_anew(int fd, bool writing)
{
	char path[sizeof("/proc/self/fd/") + 12];
	int flags = fcntl(fd, F_GETFL);
	int mode = flags & O_ACCMODE;
	int got;

	if (flags < 0 || (mode != O_RDWR && mode != (writing ? O_WRONLY : O_RDONLY)))
		return -1;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd); /* the size is enough */
	got = open(path, (writing ? O_WRONLY : O_RDONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (got < 0)
		return -1;
	if (descriptor_is_same(fd, got))
		return got;
	close(got);
	return -1;
}

/* Settle how a pipe, a terminal or a device that can be polled is used. */
static void open_pollable(struct descriptor *d, bool writing)
{
	d->kind = DESCRIPTOR_SHARED;
	if (d->owned) {
		int flags = fcntl(d->fd, F_GETFL);

		if (flags >= 0 && fcntl(d->fd, F_SETFL, flags | O_NONBLOCK) == 0)
			d->kind = DESCRIPTOR_OWN;
		/* Any other open(2) has waited for a writer. */
		d->fresh = d->fifo && !writing && (flags & O_NONBLOCK) != 0;
		/* A FIFO without a writer yet has ended for splice(2). */
		d->raw = d->kind == DESCRIPTOR_OWN && d->fifo && !d->fresh;
		return;
	}
	if (!d->fifo && (!d->terminal || is_terminal_master(d->fd)))
		return;

	int fd = open_anew(d->fd, writing);

	if (fd < 0)
		return;
	d->fd = fd;
	d->owned = true;
	d->kind = DESCRIPTOR_OWN;
	d->raw = d->fifo;
}

/* splice(2) refuses files opened to append. */
static bool is_raw_file(const struct descriptor *d, bool regular, bool writing)
{
	if (!writing)
		return regular;
	return (regular || d->null) && (fcntl(d->fd, F_GETFL) & O_APPEND) == 0;
}

void descriptor_open(struct descriptor *d, int fd, bool writing, bool owned)
{
	struct stat st;

	*d = (struct descriptor){ .fd = fd, .owned = owned, .kind = DESCRIPTOR_FILE };
	if (fstat(fd, &st) < 0)
		return; /* the first read or write says why */
	d->fifo = S_ISFIFO(st.st_mode);
	d->terminal = S_ISCHR(st.st_mode) && isatty(fd) == 1;
	d->null = S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode) || d->null)
		d->raw = is_raw_file(d, S_ISREG(st.st_mode), writing);
	else if (S_ISSOCK(st.st_mode))
		d->kind = DESCRIPTOR_SOCKET;
	else
		open_pollable(d, writing);
}

void descriptor_close(struct descriptor *d)
{
	if (d->owned && d->fd >= 0)
		close(d->fd);
	d->fd = -1;
	d->owned = false;
}

/* Whether a call on a shared descriptor would not wait, as far as a poll can
 * tell; errors and hang-ups do not wait either. */
static bool is_ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n = poll(&p, 1, 0);

	if (n == 0)
		errno = EAGAIN;
	return n > 0;
}

static ssize_t read_once(const struct descriptor *d, void *data, size_t size)
{
	/* Only poll(2) tells a writer that has gone from one that has not come. */
	if ((d->kind == DESCRIPTOR_SHARED || d->fresh) && !is_ready(d->fd, POLLIN))
		return -1;
	return d->kind == DESCRIPTOR_SOCKET ? recv(d->fd, data, size, MSG_DONTWAIT)
					    : read(d->fd, data, size);
}

ssize_t descriptor_read(const struct descriptor *d, size_t max, struct evbuffer *into)
{
	struct evbuffer_iovec space;
	ssize_t n;

	(void)evbuffer_reserve_space(into, (ev_ssize_t)max, &space, 1);
	n = TEMP_FAILURE_RETRY(read_once(d, space.iov_base, max));
	if (n > 0) {
		space.iov_len = (size_t)n;
		(void)evbuffer_commit_space(into, &space, 1);
	}
	return n;
}

/* One piece, as libevent has no send(2). */
static ssize_t send_first(int fd, struct evbuffer *from)
{
	struct evbuffer_iovec first = { 0 };
	ssize_t n;

	(void)evbuffer_peek(from, 1, NULL, &first, 1);
	n = send(fd, first.iov_base, first.iov_len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0)
		(void)evbuffer_drain(from, (size_t)n); /* fails on frozen buffers only */
	return n;
}

static ssize_t write_once(const struct descriptor *d, struct evbuffer *from)
{
	switch (d->kind) {
	case DESCRIPTOR_SOCKET:
		return send_first(d->fd, from);
	case DESCRIPTOR_SHARED: /* a pipe that polls as writable takes this much without waiting */
		return is_ready(d->fd, POLLOUT) ? evbuffer_write_atmost(from, d->fd, PIPE_BUF) : -1;
	case DESCRIPTOR_FILE:
	case DESCRIPTOR_OWN:
		break;
	}
	return evbuffer_write_atmost(from, d->fd, WRITE_MAX);
}

ssize_t descriptor_write(const struct descriptor *d, struct evbuffer *from)
{
	return TEMP_FAILURE_RETRY(write_once(d, from));
}
