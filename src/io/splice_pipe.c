/* SPDX-License-Identifier: ISC */
/* splice_pipe: a pipe of our own, between splice(2) from a socket and splice(2) to a file. */
#include "config.h"

#include "io/splice_pipe.h"

#include "base/alloc.h"

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <unistd.h>

enum { AT_ONCE_MAX = 8 };

bool splice_pipe_allowed(const unsigned *count)
{
	return count == NULL || *count < AT_ONCE_MAX;
}

bool splice_pipe_open(struct splice_pipe *p, size_t size, unsigned *count)
{
	*p = (struct splice_pipe){ .fd = { -1, -1 } };
	if (pipe2(p->fd, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	(void)fcntl(p->fd[0], F_SETPIPE_SZ, (int)size); /* else it is smaller */
	p->count = count;
	if (count != NULL)
		++*count;
	return true;
}

void splice_pipe_close(struct splice_pipe *p)
{
	if (p->fd[0] < 0)
		return;
	(void)close(p->fd[0]);
	(void)close(p->fd[1]);
	if (p->count != NULL)
		--*p->count;
}

bool splice_pipe_empty(struct splice_pipe *p, int file)
{
	while (p->held > 0) {
		ssize_t n = splice(p->fd[0], NULL, file, NULL, p->held, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p->held -= (size_t)n;
	}
	return true;
}

void splice_pipe_pour(struct splice_pipe *p, struct evbuffer *into)
{
	while (p->held > 0) {
		int n = evbuffer_read(into, p->fd[0], (int)p->held);

		if (n <= 0)
			alloc_failed(); /* it is all there */
		p->held -= (size_t)n;
	}
}
