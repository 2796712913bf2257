/* SPDX-License-Identifier: ISC */
/* socket_file: the file of a Unix socket that listens, from bind to removal. */
#pragma once

/*
 * A stale file is replaced, a live one is not. A file is removed only while it is
 * still the one that was made. The directory is locked from the look at the file until
 * after listen(2).
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct err;
struct listener_options;
struct socket_address;

struct socket_file {
	char *path; /* owned; NULL: the socket has no file */
	uid_t uid;  /* the owner that it is to have; -1: leave it */
	gid_t gid;
	bool made; /* the file is there, and is this one: */
	dev_t dev;
	ino_t ino;
};

/* Directories that are locked. */
struct socket_file_locks {
	int *fds;
	size_t count;
};

/* The file at `path`, which is copied; it is still to be made. ERR_USAGE when the owner of the
 * options is unknown. */
bool socket_file_init(struct socket_file *file, const char *path,
		      const struct listener_options *options, struct err *err);

/* Do both paths lead to one file, which need not be there? */
bool socket_file_is_same(const char *one, const char *other);

/* Lock the directory, remove a stale file, bind `fd` to `a`, whose path is that of
 * `file`, and set mode and owner. ERR_CONNECT with the reason alone. */
bool socket_file_bind(struct socket_file *file, struct socket_file_locks *locks, int fd,
		      const struct socket_address *a, const struct listener_options *options,
		      struct err *err);

/* After listen(2). */
void socket_file_unlock(struct socket_file_locks *locks);

/* Remove the file too, if it is still the one that was made. The socket is still open, so
 * that the system has not given its inode to another file. */
void socket_file_free(struct socket_file *file);
