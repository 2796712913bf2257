/* SPDX-License-Identifier: ISC */
/* splice_pipe: a pipe of our own, between splice(2) from a socket and splice(2) to a file. */
#ifndef LIU_IO_SPLICE_PIPE_H
#define LIU_IO_SPLICE_PIPE_H

/*
 * It knows neither sessions nor pumps. It is large, and the kernel lets a user
 * have 64 MiB of pipes before it makes every new one tiny: there are few at a time,
 * counted where their user says.
 */

#include <stdbool.h>
#include <stddef.h>

struct evbuffer;

struct splice_pipe {
	int fd[2];	 /* to read from and to write to, non-blocking; -1: there is none */
	size_t held;	 /* bytes in it */
	unsigned *count; /* borrowed; NULL: it is not counted */
};

/* May another one be opened? `count` may be NULL. */
bool splice_pipe_allowed(const unsigned *count);

/* The pipe is empty. False where none is to be had; closing it is allowed then. */
bool splice_pipe_open(struct splice_pipe *p, size_t size, unsigned *count);
void splice_pipe_close(struct splice_pipe *p);

/* All that it holds, to the file; it may wait for that. False: the file takes
 * nothing from a pipe. */
bool splice_pipe_empty(struct splice_pipe *p, int file);

/* ... or to the end of `into`. */
void splice_pipe_pour(struct splice_pipe *p, struct evbuffer *into);

#endif
