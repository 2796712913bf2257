/* SPDX-License-Identifier: ISC */
/* socket_file: the file of a Unix socket that listens, from bind to removal. */
#include "config.h"

#include "net/socket_file.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/number.h"
#include "io/descriptor.h"
#include "io/sockaddr.h"
#include "net/listener_options.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A file is stale when a connection to it is refused, but connections are refused
 * between bind(2) and listen(2) too. So programs that start in the same directory take
 * turns: flock(2) on it from before the look until after listen(2).
 *
 * The lock guards a short race, so its failure is ignored: a directory that cannot be
 * opened or locked (only searchable; a file system without locks), or that another
 * process keeps locked for LOCK_TRIES, is used without it.
 */
enum { LOCK_TRIES = 400, LOCK_WAIT_MS = 5 };

static bool is_locked(const struct socket_file_locks *locks, int fd)
{
	for (size_t i = 0; i < locks->count; i++)
		if (descriptor_is_same(locks->fds[i], fd))
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

static void lock_directory(struct socket_file_locks *locks, const char *path)
{
	char *copy = alloc_string(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	free(copy);
	if (fd < 0)
		return;
	/* A second lock of this process on the same directory would wait for the first. */
	if (is_locked(locks, fd) || !lock_waiting(fd)) {
		close(fd);
		return;
	}
	locks->fds = alloc_resize(locks->fds, (locks->count + 1) * sizeof(*locks->fds));
	locks->fds[locks->count++] = fd;
}

void socket_file_unlock(struct socket_file_locks *locks)
{
	for (size_t i = 0; i < locks->count; i++)
		close(locks->fds[i]);
	free(locks->fds);
	*locks = (struct socket_file_locks){ 0 };
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
		return err_set(err, ERR_USAGE, "unknown %s '%s'", what, text);
	return true;
}

/* USER[:GROUP], each a name or a number. */
static bool parse_owner(const char *text, struct socket_file *file, struct err *err)
{
	char *user = alloc_string(text);
	char *group = strchr(user, ':');
	bool ok;

	if (group != NULL)
		*group++ = '\0';
	ok = parse_id(user, false, &file->uid, err) &&
	     (group == NULL || parse_id(group, true, &file->gid, err));
	free(user);
	return ok;
}

bool socket_file_init(struct socket_file *file, const char *path,
		      const struct listener_options *options, struct err *err)
{
	*file = (struct socket_file){ .uid = (uid_t)-1, .gid = (gid_t)-1 };
	if (options->unix_owner != NULL && !parse_owner(options->unix_owner, file, err))
		return err_prefix(err, "--unix-owner");
	file->path = alloc_string(path);
	return true;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

bool socket_file_is_same(const char *one, const char *other)
{
	char *copy = alloc_string(one), *other_copy = alloc_string(other);
	struct stat a, b;
	bool same = strcmp(last_part(one), last_part(other)) == 0 && stat(dirname(copy), &a) == 0 &&
		    stat(dirname(other_copy), &b) == 0 && descriptor_is_same_file(&a, &b);

	free(copy);
	free(other_copy);
	return same;
}

/*
 * How the kernel answers a datagram socket that connects there: EPROTOTYPE for a live
 * stream socket, which notices nothing, 0 for a live datagram socket, and ECONNREFUSED
 * for a stale file.
 */
static int probe(const struct socket_address *a)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int sys = 0;

	if (fd < 0)
		return errno;
	if (connect(fd, (const struct sockaddr *)&a->addr, a->len) < 0)
		sys = errno;
	close(fd);
	return sys;
}

static bool fail(struct err *err, int sys)
{
	*err = err_errno(ERR_CONNECT, sys);
	return false;
}

/* Remove a stale socket file. */
static bool clear_path(const char *path, const struct socket_address *a, struct err *err)
{
	struct stat st;
	int sys;

	if (lstat(path, &st) < 0)
		return true; /* if anything is wrong, bind(2) fails */
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, ERR_CONNECT, "the file exists and is not a socket");
	sys = probe(a);
	if (sys == EPROTOTYPE)
		return err_set(err, ERR_CONNECT, "another process is already listening there");
	if (sys == 0)
		return err_set(err, ERR_CONNECT,
			       "another process has a socket of another kind there");
	if (sys != ECONNREFUSED && sys != ENOENT)
		return fail(err, sys);
	if (unlink(path) < 0 && errno != ENOENT)
		return fail(err, errno);
	return true;
}

/* Never through a link that has taken the file's place. glibc does that by way of /proc;
 * without it the short race is accepted. */
static bool set_mode(const char *path, mode_t mode)
{
	return fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW) == 0 ||
	       (errno == EOPNOTSUPP && chmod(path, mode) == 0);
}

static bool set_access(const struct socket_file *file, const struct listener_options *options,
		       struct err *err)
{
	if (options->has_unix_mode && !set_mode(file->path, options->unix_mode))
		return err_sys(err, ERR_CONNECT, errno, "cannot set the mode");
	if (file->uid != (uid_t)-1 && lchown(file->path, file->uid, file->gid) < 0)
		return err_sys(err, ERR_CONNECT, errno, "cannot set the owner");
	return true;
}

bool socket_file_bind(struct socket_file *file, struct socket_file_locks *locks, int fd,
		      const struct socket_address *a, const struct listener_options *options,
		      struct err *err)
{
	struct stat st;

	lock_directory(locks, file->path);
	if (!clear_path(file->path, a, err))
		return false;
	if (bind(fd, (const struct sockaddr *)&a->addr, a->len) < 0 || lstat(file->path, &st) < 0)
		return fail(err, errno);
	file->made = true;
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	return set_access(file, options, err);
}

void socket_file_free(struct socket_file *file)
{
	struct stat st;

	if (file->made && lstat(file->path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    st.st_dev == file->dev && st.st_ino == file->ino)
		(void)unlink(file->path); /* failure only leaves a stale file */
	free(file->path);
}
