/* SPDX-License-Identifier: ISC */
/* descriptor: inherited descriptors, used without changing their flags. */
#include "config.h"

#include "io/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

unsigned descriptor_fill_standard(void)
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

void descriptor_raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* Whether the kernel's poll says anything about `fd`: epoll refuses files and
 * devices that never wait. */
static bool is_pollable(int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	int probe = epoll_create1(EPOLL_CLOEXEC);
	bool refused;

	if (probe < 0)
		return true;
	refused = epoll_ctl(probe, EPOLL_CTL_ADD, fd, &event) < 0 && errno == EPERM;
	close(probe);
	return !refused;
}

static bool is_null(const struct stat *st)
{
	struct stat null;

	return S_ISCHR(st->st_mode) && stat("/dev/null", &null) == 0 && S_ISCHR(null.st_mode) &&
	       null.st_rdev == st->st_rdev;
}

/* Opening the master of a pseudo-terminal anew makes another terminal. */
static bool is_terminal_master(int fd)
{
	unsigned number;

	return ioctl(fd, TIOCGPTN, &number) == 0;
}

bool descriptor_is_same(int one, int other)
{
	struct stat a, b;

	return fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
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
		d->fresh = d->fifo && !writing;
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
}

void descriptor_open(struct descriptor *d, int fd, bool writing, bool owned)
{
	struct stat st;

	*d = (struct descriptor){ .fd = fd, .owned = owned, .kind = DESCRIPTOR_FILE };
	if (fstat(fd, &st) < 0)
		return; /* the first read or write says why */
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode))
		return;
	if (S_ISSOCK(st.st_mode)) {
		d->kind = DESCRIPTOR_SOCKET;
		return;
	}
	d->fifo = S_ISFIFO(st.st_mode);
	d->terminal = isatty(fd) == 1;
	d->null = is_null(&st);
	if (d->fifo || d->terminal || is_pollable(fd))
		open_pollable(d, writing);
}

void descriptor_close(struct descriptor *d)
{
	if (d->owned && d->fd >= 0)
		close(d->fd);
	d->fd = -1;
	d->owned = false;
}

int descriptor_hangup(const struct descriptor *d)
{
	struct epoll_event event = { .events = 0 }; /* EPOLLERR and EPOLLHUP come unasked */
	int got = epoll_create1(EPOLL_CLOEXEC);

	if (got < 0 || epoll_ctl(got, EPOLL_CTL_ADD, d->fd, &event) == 0)
		return got;
	close(got);
	return -1;
}

/* Whether a call on a shared descriptor would not wait, as far as a poll can
 * tell; errors and hang-ups do not wait either. */
static bool is_ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n;

	do {
		n = poll(&p, 1, 0);
	} while (n < 0 && errno == EINTR);
	if (n > 0)
		return true;
	if (n == 0)
		errno = EAGAIN;
	return false;
}

static ssize_t read_once(const struct descriptor *d, const struct iovec *iov, int count)
{
	struct msghdr message = { .msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)count };

	switch (d->kind) {
	case DESCRIPTOR_SOCKET:
		return recvmsg(d->fd, &message, MSG_DONTWAIT);
	case DESCRIPTOR_SHARED:
		return is_ready(d->fd, POLLIN) ? readv(d->fd, iov, count) : -1;
	case DESCRIPTOR_OWN:
		/* Only poll(2) tells a writer that has gone from one that has not come. */
		if (d->fresh && !is_ready(d->fd, POLLIN))
			return -1;
		break;
	case DESCRIPTOR_FILE:
		break;
	}
	return readv(d->fd, iov, count);
}

/* A pipe that polls as writable takes PIPE_BUF bytes without waiting, no more. */
static ssize_t write_shared(int fd, const struct iovec *iov, int count)
{
	struct iovec piece[8];
	size_t room = PIPE_BUF;
	int used = 0;

	if (!is_ready(fd, POLLOUT))
		return -1;
	for (; used < count && used < 8 && room > 0; used++) {
		piece[used] = iov[used];
		if (piece[used].iov_len > room)
			piece[used].iov_len = room;
		room -= piece[used].iov_len;
	}
	return writev(fd, piece, used);
}

static ssize_t write_once(const struct descriptor *d, const struct iovec *iov, int count)
{
	struct msghdr message = { .msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)count };

	switch (d->kind) {
	case DESCRIPTOR_SOCKET:
		return sendmsg(d->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	case DESCRIPTOR_SHARED:
		return write_shared(d->fd, iov, count);
	case DESCRIPTOR_FILE:
	case DESCRIPTOR_OWN:
		break;
	}
	return writev(d->fd, iov, count);
}

ssize_t descriptor_readv(const struct descriptor *d, const struct iovec *iov, int count)
{
	ssize_t n;

	do {
		n = read_once(d, iov, count);
	} while (n < 0 && errno == EINTR);
	return n;
}

ssize_t descriptor_writev(const struct descriptor *d, const struct iovec *iov, int count)
{
	ssize_t n;

	do {
		n = write_once(d, iov, count);
	} while (n < 0 && errno == EINTR);
	return n;
}
