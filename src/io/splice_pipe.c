/* SPDX-License-Identifier: ISC */
/* splice_pipe: the pipes that a process lends to splice(2) between two descriptors. */
#include "config.h"

#include "io/splice_pipe.h"

#include "base/alloc.h"

#include <assert.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

static bool open_pipe(struct splice_pipe *p)
{
	if (pipe2(p->fd, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	(void)fcntl(p->fd[0], F_SETPIPE_SZ, SPLICE_PIPE_SIZE); /* else it is smaller */
	return true;
}

struct splice_pipe *splice_pipe_borrow(struct splice_pipes *pool)
{
	struct splice_pipe *p = pool->pipes, *end = p + SPLICE_PIPES;

	while (p < end && p->state == SPLICE_PIPE_LENT)
		p++;
	if (p == end || (p->state == SPLICE_PIPE_CLOSED && !open_pipe(p)))
		return NULL;
	p->state = SPLICE_PIPE_LENT;
	return p;
}

static void close_pipe(struct splice_pipe *p)
{
	(void)close(p->fd[0]);
	(void)close(p->fd[1]);
	*p = (struct splice_pipe){ .state = SPLICE_PIPE_CLOSED };
}

void splice_pipe_give_back(struct splice_pipe *p)
{
	if (p == NULL)
		return;
	p->state = SPLICE_PIPE_IDLE;
	if (p->held > 0)
		close_pipe(p);
}

void splice_pipe_pour(struct splice_pipe *p, struct evbuffer *into)
{
	while (p->held > 0) {
		int n = evbuffer_read(into, p->fd[0], (int)p->held);

		if (n <= 0)
			alloc_failed(); /* all of it is there: only memory can be short */
		p->held -= (size_t)n;
	}
}

void splice_pipes_close(struct splice_pipes *pool)
{
	for (size_t i = 0; i < SPLICE_PIPES; i++) {
		assert(pool->pipes[i].state != SPLICE_PIPE_LENT);
		if (pool->pipes[i].state == SPLICE_PIPE_IDLE)
			close_pipe(&pool->pipes[i]);
	}
}
