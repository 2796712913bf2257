/* SPDX-License-Identifier: ISC */
/* readiness: tells other programs that a listener listens, and where. */
#include "config.h"

#include "net/readiness.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
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

/* One address a line, as connect takes them. */
static char *address_lines(const struct listener *listener)
{
	char *lines = alloc_string("");

	for (size_t i = 0; i < listener_count(listener); i++) {
		char *longer = alloc_printf("%s%s\n", lines, listener_address(listener, i));

		free(lines);
		lines = longer;
	}
	return lines;
}

static bool write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t n = write(fd, text, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		text += n;
		left -= (size_t)n;
	}
	return true;
}

/* The file appears complete, or not at all. */
static bool write_file(const char *path, const char *lines, struct err *err)
{
	char *temporary = alloc_printf("%s.XXXXXX", path);
	int fd = mkostemp(temporary, O_CLOEXEC);
	bool good = fd >= 0 && fchmod(fd, 0644) == 0 && write_all(fd, lines);

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
	bool good = write_all(fd, lines);

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
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	socklen_t len;
	int fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@') ||
	    strlen(path) >= sizeof(addr.sun_path))
		return;
	memcpy(addr.sun_path, path, strlen(path));
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (path[0] == '@')
		addr.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, message, sizeof(message) - 1, MSG_NOSIGNAL, (struct sockaddr *)&addr, len) <
	    0)
		log_line(LOG_NOTICE, "cannot notify NOTIFY_SOCKET: %s", err_message(errno));
	(void)close(fd);
}

bool readiness_announce(const struct listener *listener, const struct readiness_options *options,
			struct err *err)
{
	char *lines = address_lines(listener);
	bool good = true;

	for (size_t i = 0; i < listener_count(listener); i++)
		log_line(LOG_READY, "listening on %s", listener_address(listener, i));
	if (options->address_file != NULL)
		good = write_file(options->address_file, lines, err);
	if (good && options->ready_fd >= 0)
		good = write_descriptor(options->ready_fd, lines, err);
	if (good)
		notify_supervisor();
	free(lines);
	return good;
}
