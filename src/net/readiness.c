/* SPDX-License-Identifier: ISC */
/* readiness: tells other programs that a listener listens, and where. */
#include "config.h"

#include "net/readiness.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "base/text.h"
#include "io/descriptor.h"
#include "io/fd_watch.h"
#include "io/fd_writer.h"
#include "io/loop.h"
#include "io/sockaddr.h"
#include "net/listener.h"
#include "net/listener_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct readiness {
	const struct readiness_options *options;
	struct task task;
	struct fd_writer *lines;   /* to the descriptor; NULL once they are written */
	int supervisor;		   /* its socket; -1 once it knows */
	struct fd_watch *writable; /* armed while the supervisor's queue is full */
	int file; /* its descriptor, so that no other file gets its inode number; -1: not made */
};

/* The rename would replace whatever is there. */
static bool check_file(const char *path, struct err *err)
{
	char *copy = alloc_string(path);
	const char *directory = dirname(copy);
	struct stat st;
	bool good = true;

	if (path[0] == '\0')
		good = err_set(err, ERR_USAGE, "--address-file: the name is empty");
	else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		good = err_set(err, ERR_USAGE, "--address-file: '%s' is a directory", path);
	else if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
		good = err_set(err, ERR_USAGE, "--address-file: '%s' is a symbolic link", path);
	else if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		good = err_set(err, ERR_USAGE, "--address-file: '%s' is not a regular file", path);
	else if (access(directory, W_OK | X_OK) < 0)
		good = err_sys(err, ERR_USAGE, errno, "--address-file: cannot write in '%s'",
			       directory);
	free(copy);
	return good;
}

bool readiness_check(const struct readiness_options *options, struct err *err)
{
	int flags;

	if (options->address_file != NULL && !check_file(options->address_file, err))
		return false;
	if (options->ready_fd < 0)
		return true;
	flags = fcntl(options->ready_fd, F_GETFL);
	if (flags < 0)
		return err_sys(err, ERR_USAGE, errno, "--ready-fd: cannot use descriptor %d",
			       options->ready_fd);
	if (listener_socket_is_listening(options->ready_fd))
		return err_set(err, ERR_USAGE, "--ready-fd: descriptor %d is a listening socket",
			       options->ready_fd);
	if ((flags & O_ACCMODE) == O_RDONLY)
		return err_set(err, ERR_USAGE, "--ready-fd: descriptor %d is not for writing",
			       options->ready_fd);
	return true;
}

/* The file appears complete, or not at all; its mode follows the umask. */
static bool write_file(struct readiness *r, const char *lines, struct err *err)
{
	const char *path = r->options->address_file;
	char *temporary = alloc_printf("%s.%ld", path, (long)getpid());
	int fd;

	(void)unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd >= 0 && dprintf(fd, "%s", lines) >= 0 && rename(temporary, path) == 0) {
		r->file = fd;
	} else {
		(void)err_sys(err, ERR_IO, errno, "cannot write '%s'", path);
		if (fd >= 0)
			(void)close(fd);
		(void)unlink(temporary);
	}
	free(temporary);
	return r->file >= 0;
}

/* If it is still ours: another listener may have put its own there. */
static void remove_file(struct readiness *r)
{
	const char *path = r->options->address_file;
	struct stat own, there;

	if (r->file < 0)
		return;
	if (fstat(r->file, &own) == 0 && stat(path, &there) == 0 &&
	    descriptor_is_same_file(&own, &there))
		(void)unlink(path); /* failure only leaves an old file */
	(void)close(r->file);
}

/* --- without blocking: a pipe and a socket's queue may be full --- */

static void close_descriptor(struct readiness *r)
{
	fd_writer_free(r->lines);
	r->lines = NULL;
	/* Standard error stays: later lines need it. */
	if (r->options->ready_fd > STDERR_FILENO)
		(void)close(r->options->ready_fd);
}

/* A reader that has gone may have read everything before. */
static void send_lines(struct readiness *r)
{
	const struct err *err = fd_writer_error(r->lines);

	if (err != NULL && err->sys != EPIPE)
		log_line(LOG_ERROR, "%s", err->text);
	if (err != NULL || fd_writer_queued(r->lines) == 0)
		close_descriptor(r);
}

static void close_supervisor(struct readiness *r)
{
	fd_watch_free(r->writable);
	r->writable = NULL;
	(void)close(r->supervisor);
	r->supervisor = -1;
}

/* The protocol of sd_notify(3): one datagram, without an answer. */
static void notify_supervisor(struct readiness *r)
{
	static const char message[] = "READY=1";

	if (send(r->supervisor, message, sizeof(message) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		if (errno == EAGAIN && fd_watch_arm(r->writable))
			return;
		log_line(LOG_NOTICE, "cannot notify NOTIFY_SOCKET: %s", err_message(errno));
	}
	close_supervisor(r);
}

static void run(void *arg)
{
	struct readiness *r = arg;

	if (r->lines != NULL)
		send_lines(r);
	if (r->supervisor >= 0 && !fd_watch_armed(r->writable))
		notify_supervisor(r);
}

static void open_supervisor(struct readiness *r)
{
	const char *path = getenv("NOTIFY_SOCKET");
	bool abstract = path != NULL && *path == '@';
	struct socket_address a;

	if (path == NULL || (!abstract && *path != '/') ||
	    !sockaddr_unix(path + abstract, abstract, &a))
		return;
	r->supervisor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (r->supervisor < 0)
		return;
	if (connect(r->supervisor, (struct sockaddr *)&a.addr, a.len) < 0) {
		log_line(LOG_NOTICE, "cannot notify NOTIFY_SOCKET: %s", err_message(errno));
		close_supervisor(r);
		return;
	}
	r->writable = fd_watch_new(r->task.loop, r->supervisor, WATCH_WRITE, &r->task);
}

/* A command must not keep the pipe open. */
static bool open_descriptor(struct readiness *r, const char *lines, struct err *err)
{
	char *name = alloc_printf("descriptor %d (--ready-fd)", r->options->ready_fd);
	const struct err *failed;

	(void)fcntl(r->options->ready_fd, F_SETFD, FD_CLOEXEC);
	r->lines = fd_writer_new(r->task.loop, r->options->ready_fd, false, name);
	fd_writer_set_owner(r->lines, &r->task);
	fd_writer_add(r->lines, bytes_of_string(lines));
	fd_writer_flush(r->lines);
	free(name);
	failed = fd_writer_error(r->lines);
	if (failed == NULL) {
		send_lines(r);
		return true;
	}
	*err = *failed;
	close_descriptor(r);
	return false;
}

struct readiness *readiness_new(struct loop *loop, const struct readiness_options *options)
{
	struct readiness *r = alloc_zeroed(sizeof(*r));

	r->options = options;
	r->file = -1;
	r->supervisor = -1;
	task_init(&r->task, loop, run, r);
	if (options->address_file != NULL)
		(void)unlink(options->address_file); /* the rename will say what is wrong */
	return r;
}

bool readiness_announce(struct readiness *r, const struct listener *listener, struct err *err)
{
	struct text text = { 0 }; /* one address a line, as connect takes them */
	bool good = true;
	char *lines;

	for (size_t i = 0; i < listener_count(listener); i++)
		(void)text_addf(&text, "%s\n", listener_address(listener, i));
	lines = text_take(&text);
	if (r->options->address_file != NULL)
		good = write_file(r, lines, err);
	if (good && r->options->ready_fd >= 0)
		good = open_descriptor(r, lines, err);
	free(lines);
	if (!good)
		return false;
	for (size_t i = 0; i < listener_count(listener); i++)
		log_line(LOG_READY, "listening on %s", listener_address(listener, i));
	open_supervisor(r);
	task_wake(&r->task);
	return true;
}

void readiness_free(struct readiness *r)
{
	if (r == NULL)
		return;
	remove_file(r);
	if (r->lines != NULL)
		close_descriptor(r);
	if (r->supervisor >= 0)
		close_supervisor(r);
	task_cancel(&r->task);
	free(r);
}
