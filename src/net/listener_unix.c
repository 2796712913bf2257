/* SPDX-License-Identifier: ISC */
/* listener_unix: socket files, made under a lock, stale ones replaced. */
#include "config.h"

#include "net/listener_unix.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/number.h"
#include "net/address.h"
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A file is stale when a connection to it is refused, but it is also refused
 * between bind(2) and listen(2). So those who start on the same directory take
 * turns: flock(2) on it from before the look until after listen(2).
 *
 * The lock guards a race of moments, so it is not worth a failure: a directory
 * that cannot be opened or locked (only searchable; a file system without locks),
 * or that somebody else keeps locked for LOCK_TRIES, is used without it.
 */
enum { LOCK_TRIES = 400, LOCK_WAIT_MS = 5 };

static int open_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir;
	int fd;

	if (slash == NULL)
		dir = alloc_string(".");
	else if (slash == path)
		dir = alloc_string("/");
	else
		dir = alloc_printf("%.*s", (int)(slash - path), path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	return fd;
}

static bool is_locked(const struct listener_sockets *set, const struct stat *st)
{
	for (size_t i = 0; i < set->lock_count; i++)
		if (set->locks[i].dev == st->st_dev && set->locks[i].ino == st->st_ino)
			return true;
	return false;
}

static bool lock_waiting(int fd)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return false;
		(void)poll(NULL, 0, LOCK_WAIT_MS);
	}
	return false;
}

static void lock_directory(struct listener_sockets *set, const char *path)
{
	int fd = open_directory(path);
	struct stat st;

	if (fd < 0)
		return;
	/* A second lock of ours on the same directory would wait for the first. */
	if (fstat(fd, &st) < 0 || is_locked(set, &st) || !lock_waiting(fd)) {
		close(fd);
		return;
	}
	set->locks = alloc_resize(set->locks, (set->lock_count + 1) * sizeof(*set->locks));
	set->locks[set->lock_count++] =
		(struct listener_lock){ .fd = fd, .dev = st.st_dev, .ino = st.st_ino };
}

void listener_unix_unlock(struct listener_sockets *set)
{
	for (size_t i = 0; i < set->lock_count; i++)
		close(set->locks[i].fd);
	free(set->locks);
	set->locks = NULL;
	set->lock_count = 0;
}

/* USER or GROUP: a name, else a number. */
static bool parse_id(const char *text, bool group, unsigned *id, struct err *err)
{
	const struct passwd *user = group ? NULL : getpwnam(text);
	const struct group *gr = group ? getgrnam(text) : NULL;
	const char *what = group ? "group" : "user";
	struct err ignored;
	uint64_t number;

	if (user != NULL)
		*id = user->pw_uid;
	else if (gr != NULL)
		*id = gr->gr_gid;
	else if (number_count(text, what, 0, UINT32_MAX - 1, &number, &ignored))
		*id = (unsigned)number;
	else
		return err_set(err, ERR_USAGE, "there is no %s '%s'", what, text);
	return true;
}

/* USER[:GROUP]; what is not given is left as it is (-1). */
static bool parse_owner(const char *text, uid_t *uid, gid_t *gid, struct err *err)
{
	char *user = alloc_string(text);
	char *group = strchr(user, ':');
	unsigned id;
	bool ok;

	*uid = (uid_t)-1;
	*gid = (gid_t)-1;
	if (group != NULL)
		*group++ = '\0';
	ok = parse_id(user, false, &id, err);
	if (ok)
		*uid = id;
	if (ok && group != NULL) {
		ok = parse_id(group, true, &id, err);
		if (ok)
			*gid = id;
	}
	free(user);
	return ok;
}

static bool check_options(const struct listener_socket *s, const struct listener_options *options,
			  uid_t *uid, gid_t *gid, struct err *err)
{
	bool wanted = options->has_unix_mode || options->unix_owner != NULL;

	*uid = (uid_t)-1;
	*gid = (gid_t)-1;
	if (s->address->abstract && wanted)
		return err_set(err, ERR_USAGE, "unix:@%s is no file: it has no mode and no owner",
			       s->address->path);
	return options->unix_owner == NULL || parse_owner(options->unix_owner, uid, gid, err);
}

/* Is somebody listening? 0: no; else what a bind would say. */
static int try_connect(const struct listener_socket *s)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int sys = EADDRINUSE;

	if (fd < 0)
		return errno;
	/* EAGAIN is a full backlog: alive. */
	if (connect(fd, (const struct sockaddr *)&s->addr, s->len) < 0 && errno != EAGAIN &&
	    errno != EINPROGRESS)
		sys = errno;
	close(fd);
	return sys == ECONNREFUSED || sys == ENOENT ? 0 : sys;
}

static bool refuse(const struct listener_socket *s, const char *why, struct err *err)
{
	char *text = listener_socket_text(s);

	err_set(err, ERR_CONNECT, "cannot listen on %s: %s", text, why);
	free(text);
	return false;
}

/* Make way: nothing there, or a stale socket file, which is removed. */
static bool clear_path(const struct listener_socket *s, struct err *err)
{
	struct stat st;
	int sys;

	if (lstat(s->path, &st) < 0)
		return true; /* bind(2) says what is wrong, if anything is */
	if (!S_ISSOCK(st.st_mode))
		return refuse(s, "the file exists and is no socket", err);
	sys = try_connect(s);
	if (sys == EADDRINUSE)
		return refuse(s, "another process is already listening there", err);
	if (sys == EPROTOTYPE)
		return refuse(s, "another process has a socket of another kind there", err);
	if (sys != 0)
		return listener_socket_failed(s, sys, err);
	if (unlink(s->path) < 0 && errno != ENOENT)
		return listener_socket_failed(s, errno, err);
	return true;
}

/* Remember which file it is, and give it its mode and owner. */
static bool fit_out(struct listener_socket *s, const struct listener_options *options, uid_t uid,
		    gid_t gid, struct err *err)
{
	const char *path = s->path;
	struct stat st;

	if (lstat(path, &st) < 0)
		return listener_socket_failed(s, errno, err);
	s->has_file = true;
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	/* Not through a link that somebody has put in its place. */
	if (options->has_unix_mode &&
	    fchmodat(AT_FDCWD, path, options->unix_mode, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, ERR_CONNECT, errno, "cannot set the mode of unix:%s", path);
	if (options->unix_owner != NULL && lchown(path, uid, gid) < 0)
		return err_sys(err, ERR_CONNECT, errno, "cannot set the owner of unix:%s", path);
	return true;
}

bool listener_unix_bind(struct listener_sockets *set, struct listener_socket *s,
			const struct listener_options *options, struct err *err)
{
	uid_t uid;
	gid_t gid;

	if (!check_options(s, options, &uid, &gid, err))
		return false;
	if (!s->address->abstract) {
		lock_directory(set, s->path);
		if (!clear_path(s, err))
			return false;
	}
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0 || bind(s->fd, (const struct sockaddr *)&s->addr, s->len) < 0)
		return listener_socket_failed(s, errno, err);
	return s->address->abstract || fit_out(s, options, uid, gid, err);
}

void listener_unix_remove(struct listener_socket *s)
{
	struct stat st;

	if (!s->has_file)
		return;
	s->has_file = false;
	if (lstat(s->path, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_dev == s->dev &&
	    st.st_ino == s->ino)
		(void)unlink(s->path); /* nobody is left to be told */
}
