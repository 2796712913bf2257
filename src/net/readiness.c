/* SPDX-License-Identifier: ISC */
/* readiness: tells other programs that a listener listens, and where. */
#include "config.h"

#include "net/readiness.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "base/text.h"
#include "io/sockaddr.h"
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

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
	else if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) /* the rename would replace it */
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
	if ((flags & O_ACCMODE) == O_RDONLY)
		return err_set(err, ERR_USAGE, "--ready-fd: descriptor %d is not for writing",
			       options->ready_fd);
	return true;
}

/* The file appears complete, or not at all. */
static bool write_file(const char *path, const char *lines, struct err *err)
{
	char *temporary = alloc_printf("%s.XXXXXX", path);
	int fd = mkostemp(temporary, O_CLOEXEC);
	bool good = fd >= 0 && fchmod(fd, 0644) == 0 && dprintf(fd, "%s", lines) >= 0;

	good = good && rename(temporary, path) == 0;
	if (!good)
		(void)err_sys(err, ERR_IO, errno, "cannot write '%s'", path);
	if (fd >= 0)
		(void)close(fd);
	if (fd >= 0 && !good)
		(void)unlink(temporary);
	free(temporary);
	return good;
}

static bool write_descriptor(int fd, const char *lines, struct err *err)
{
	bool good = dprintf(fd, "%s", lines) >= 0;

	if (!good)
		(void)err_sys(err, ERR_IO, errno, "cannot write to descriptor %d (--ready-fd)", fd);
	/* Standard error stays: later lines need it. */
	if (fd > STDERR_FILENO)
		(void)close(fd);
	return good;
}

/* The protocol of sd_notify(3): one datagram, without an answer. */
static void notify_supervisor(void)
{
	static const char message[] = "READY=1";
	const char *path = getenv("NOTIFY_SOCKET");
	bool abstract = path != NULL && *path == '@';
	struct socket_address a;
	int fd;

	if (path == NULL || (!abstract && *path != '/') ||
	    !sockaddr_unix(path + abstract, abstract, &a))
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, message, sizeof(message) - 1, MSG_NOSIGNAL, (struct sockaddr *)&a.addr,
		   a.len) < 0)
		log_line(LOG_NOTICE, "cannot notify NOTIFY_SOCKET: %s", err_message(errno));
	(void)close(fd);
}

bool readiness_announce(const struct listener *listener, const struct readiness_options *options,
			struct err *err)
{
	struct text text = { 0 }; /* one address a line, as connect takes them */
	bool good = true;
	char *lines;

	for (size_t i = 0; i < listener_count(listener); i++) {
		log_line(LOG_READY, "listening on %s", listener_address(listener, i));
		(void)text_addf(&text, "%s\n", listener_address(listener, i));
	}
	lines = text_take(&text);
	if (options->address_file != NULL)
		good = write_file(options->address_file, lines, err);
	if (good && options->ready_fd >= 0)
		good = write_descriptor(options->ready_fd, lines, err);
	if (good)
		notify_supervisor();
	free(lines);
	return good;
}
