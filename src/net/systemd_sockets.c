/* SPDX-License-Identifier: ISC */
/* systemd_sockets: sockets that a service manager has passed, as sd_listen_fds(3) has it. */
#include "config.h"

#include "net/systemd_sockets.h"

#include "base/err.h"
#include "base/number.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COUNT_MAX = 1024 };

size_t systemd_sockets_count(void)
{
	const char *pid = getenv("LISTEN_PID");
	const char *fds = getenv("LISTEN_FDS");
	struct err ignored;
	uint64_t number;

	if (pid == NULL || fds == NULL ||
	    !number_count(pid, "process", 1, INT32_MAX, &number, &ignored) ||
	    number != (uint64_t)getpid() ||
	    !number_count(fds, "count", 0, COUNT_MAX, &number, &ignored))
		return 0;
	return (size_t)number;
}

bool systemd_sockets_is_named(size_t i, const char *name)
{
	const char *names = getenv("LISTEN_FDNAMES");
	size_t len = strlen(name);

	for (; names != NULL && i > 0; i--) {
		names = strchr(names, ':');
		if (names != NULL)
			names++;
	}
	return names != NULL && strncmp(names, name, len) == 0 &&
	       (names[len] == ':' || names[len] == '\0');
}

void systemd_sockets_forget(void)
{
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
}
