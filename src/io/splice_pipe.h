/* SPDX-License-Identifier: ISC */
/* splice_pipe: the pipes that a process lends to splice(2) between two descriptors. */
#pragma once

/*
 * They are large, and once the pipes of a user hold 64 MiB the kernel makes every
 * new one tiny: there are few, borrowed for a turn and given back when empty. It
 * knows neither sessions nor pumps.
 */

#include <stddef.h>

enum { SPLICE_PIPES = 8, SPLICE_PIPE_SIZE = 1024 * 1024 };

struct evbuffer;

enum splice_pipe_state { SPLICE_PIPE_CLOSED, SPLICE_PIPE_IDLE, SPLICE_PIPE_LENT };

struct splice_pipe {
	int fd[2];   /* to read from and to write to, non-blocking */
	size_t held; /* bytes in it; its user counts them */
	enum splice_pipe_state state;
};

/* Zeroed at first. */
struct splice_pipes {
	struct splice_pipe pipes[SPLICE_PIPES];
};

/* An empty pipe, or NULL: all are lent, or the system has no more. */
struct splice_pipe *splice_pipe_borrow(struct splice_pipes *pool);

/* NULL is allowed. What it still holds is dropped. */
void splice_pipe_give_back(struct splice_pipe *p);

/* Move all that it holds to the end of `into`. */
void splice_pipe_pour(struct splice_pipe *p, struct evbuffer *into);

void splice_pipes_close(struct splice_pipes *pool); /* none is lent */
