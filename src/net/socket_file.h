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
struct socket_address;

struct socket_file {
	char *path; /* owned; NULL: the socket has no file */
	bool made;  /* the file is there, and is this one: */
	dev_t dev;
	ino_t ino;
};

/* Directories that are locked. */
struct socket_file_locks {
	struct socket_file_lock *items;
	size_t count;
};

struct socket_file_access {
	bool has_mode;
	mode_t mode;
	uid_t uid; /* -1: leave it */
	gid_t gid;
};

/* USER[:GROUP], each a name or a number; without GROUP, `*gid` is -1. ERR_USAGE. */
bool socket_file_owner(const char *text, uid_t *uid, gid_t *gid, struct err *err);

/* Lock the directory, remove a stale file, bind `fd` to `a`, whose path is that of
 * `file`, and set mode and owner. ERR_CONNECT with the reason alone. */
bool socket_file_bind(struct socket_file *file, struct socket_file_locks *locks, int fd,
		      const struct socket_address *a, const struct socket_file_access *access,
		      struct err *err);

/* After listen(2). */
void socket_file_unlock(struct socket_file_locks *locks);

/* Remove the file if it is still the one that was made. The socket is still open, so
 * that the system has not given its inode to another file. */
void socket_file_remove(struct socket_file *file);
