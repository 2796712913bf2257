/* SPDX-License-Identifier: ISC */
/* interrupted_poll: poll(2) that a signal interrupts, though it does not wait. */
#pragma once

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <time.h>

/* Calls until then, that one included; 0: none is interrupted. Not static: with _FORTIFY_SOURCE
 * poll() is an inline function. */
int poll_until_signal;

/* Instead of libc's. */
int poll(struct pollfd *fds, nfds_t count, int ms)
{
	const struct timespec wait = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	if (poll_until_signal > 0 && --poll_until_signal == 0) {
		errno = EINTR;
		return -1;
	}
	return ppoll(fds, count, ms < 0 ? NULL : &wait, NULL);
}
