/* SPDX-License-Identifier: ISC */
/* descriptor: inherited descriptors, used without changing their flags. */
#pragma once

/*
 * O_NONBLOCK belongs to the open file description, which other processes share.
 * So sockets are used with MSG_DONTWAIT, pipes and terminals are opened anew
 * through /proc/self/fd (which gives a description of our own), and where that
 * fails they are polled first and written in pieces of at most PIPE_BUF.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

struct evbuffer;
struct stat;

enum descriptor_kind {
	DESCRIPTOR_FILE,   /* never waits, cannot be polled: files, /dev/null, block devices */
	DESCRIPTOR_SOCKET, /* MSG_DONTWAIT */
	DESCRIPTOR_OWN,	   /* non-blocking: ours, or opened anew */
	DESCRIPTOR_SHARED, /* must be polled before each call */
};

struct descriptor {
	int fd;	    /* the one to use and to watch */
	bool owned; /* close it */
	bool fifo;  /* a pipe: its far end can go away while we are idle */
	bool fresh; /* ... just opened for reading: perhaps it has no writer yet */
	bool terminal;
	bool null; /* /dev/null */
	bool raw;  /* splice(2) and sendfile(2) can use it */
	enum descriptor_kind kind;
};

/* Make 0, 1 and 2 be open, on /dev/null where they were closed. To be called
 * first of all. Returns a mask of those that were closed (bit N for N). */
unsigned descriptor_open_standard(void);

/* Let this process have as many descriptors as the system lets it ask for: the
 * soft limit is raised to the hard one. Where that is refused it stays. Returns what
 * it was; 0: not known. */
rlim_t descriptor_raise_limit(void);

/* How many this process may have at a time; RLIM_INFINITY when that is not known. */
rlim_t descriptor_limit(void);

/* Let close(2) reset the TCP connection. Where that is refused the close is an ordinary one. */
void descriptor_reset_on_close(int fd);

/* Where `fd` is a socket, drop what has arrived there: closing it with unread bytes
 * would reset the connection and destroy what was written last. */
void descriptor_drop_input(int fd);

/* Whether both are the same file, pipe or socket. */
bool descriptor_is_same(int one, int other);
bool descriptor_is_same_file(const struct stat *one, const struct stat *other);

/* For reading (`writing` false) or writing `fd`, which stays open and unchanged.
 * With `owned`, it is ours and is closed by descriptor_close(). */
void descriptor_open(struct descriptor *d, int fd, bool writing, bool owned);
void descriptor_close(struct descriptor *d);

/* read(2) to the end of a buffer, in one piece, and write(2) from the front of one, without
 * waiting: -1 and EAGAIN instead. EINTR is dealt with. */
ssize_t descriptor_read(const struct descriptor *d, size_t max, struct evbuffer *into);
ssize_t descriptor_write(const struct descriptor *d, struct evbuffer *from);
