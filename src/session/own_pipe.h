/* SPDX-License-Identifier: ISC */
/* own_pipe: a pipe of our own, between splice(2) from a socket and splice(2) to a file. */
#ifndef LIU_SESSION_OWN_PIPE_H
#define LIU_SESSION_OWN_PIPE_H

/*
 * It knows neither sessions nor pumps. It is large, and the kernel lets a user
 * have 64 MiB of pipes before it makes every new one tiny: there are few at a time,
 * counted where their user says.
 */

#include <stdbool.h>
#include <stddef.h>

struct evbuffer;

struct own_pipe {
	int fd[2];	 /* to read from and to write to, non-blocking; -1: there is none */
	size_t held;	 /* bytes in it */
	unsigned *count; /* borrowed; NULL: it is not counted */
};

/* May another one be opened? `count` may be NULL. */
bool own_pipe_allowed(const unsigned *count);

/* The pipe is empty. False where none is to be had; closing it is allowed then. */
bool own_pipe_open(struct own_pipe *p, size_t size, unsigned *count);
void own_pipe_close(struct own_pipe *p);

/* All that it holds, to the file; it may wait for that. False: the file takes
 * nothing from a pipe. */
bool own_pipe_empty(struct own_pipe *p, int file);

/* ... or to the end of `into`. */
void own_pipe_pour(struct own_pipe *p, struct evbuffer *into);

#endif
