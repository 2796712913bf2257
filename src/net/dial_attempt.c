/* SPDX-License-Identifier: ISC */
/* dial_attempt: one socket on its way to one address. */
#include "config.h"

#include "net/dial_attempt.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "io/descriptor.h"
#include "io/fd_watch.h"
#include "io/loop.h"
#include "io/sockaddr.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { RETRY_MS = 20 };

struct dial_attempt *dial_attempt_new(struct loop *loop, const struct socket_address *addr,
				      const char *prefix, struct task *task)
{
	struct dial_attempt *attempt = alloc_zeroed(sizeof(*attempt));

	attempt->loop = loop;
	attempt->task = task;
	attempt->prefix = prefix;
	attempt->to = *addr;
	attempt->text = sockaddr_text(addr);
	attempt->fd = -1;
	return attempt;
}

/* The peer may have accepted it already: a reset tells it that nothing was sent, where an end
 * would look like an empty stream. */
static void attempt_close(struct dial_attempt *attempt)
{
	fd_watch_free(attempt->watch); /* before its descriptor is closed */
	attempt->watch = NULL;
	timer_free(attempt->retry);
	attempt->retry = NULL;
	if (attempt->fd >= 0) {
		descriptor_reset_on_close(attempt->fd);
		close(attempt->fd);
	}
	attempt->fd = -1;
}

void dial_attempt_free(struct dial_attempt *attempt)
{
	attempt_close(attempt);
	free(attempt->text);
	free(attempt->reason);
	free(attempt);
}

/* Linux refuses a file that is not a socket like a stale socket. */
static bool is_other_file(const struct dial_attempt *attempt)
{
	const struct sockaddr_un *addr = (const struct sockaddr_un *)&attempt->to.addr;
	struct stat st;

	return attempt->to.addr.ss_family == AF_UNIX && addr->sun_path[0] != '\0' &&
	       stat(addr->sun_path, &st) == 0 && !S_ISSOCK(st.st_mode);
}

/* `reason` is handed over. */
static void attempt_fail(struct dial_attempt *attempt, int sys, char *reason)
{
	attempt_close(attempt);
	attempt->state = DIAL_ATTEMPT_FAILED;
	attempt->sys = sys;
	free(attempt->reason);
	attempt->reason = reason;
	log_line(LOG_INFO, "%s%s: %s", attempt->prefix, attempt->text, reason);
}

static void attempt_refused(struct dial_attempt *attempt, int sys)
{
	bool other_file = sys == ECONNREFUSED && is_other_file(attempt);

	attempt_fail(attempt, sys, alloc_string(other_file ? "not a socket" : err_message(sys)));
}

/* When no socket listens on a port, the kernel may give that port to the attempt itself, and
 * TCP lets the socket connect to itself. Treat it as refused. */
static bool connected_to_itself(const struct dial_attempt *attempt)
{
	const struct socket_address own = sockaddr_own(attempt->fd);

	return attempt->to.addr.ss_family != AF_UNIX && own.len == attempt->to.len &&
	       memcmp(&own.addr, &attempt->to.addr, own.len) == 0;
}

/* The errors of a connection that the peer has made, and reset since: a refusal is
 * ECONNREFUSED. But AF_VSOCK refuses with ECONNRESET. */
static bool is_reset(const struct dial_attempt *attempt, int sys)
{
	return (sys == ECONNRESET || sys == EPIPE) && attempt->to.addr.ss_family != AF_VSOCK;
}

static void attempt_over(struct dial_attempt *attempt, int sys)
{
	if (sys == 0 && connected_to_itself(attempt))
		sys = ECONNREFUSED;
	if (sys != 0 && !is_reset(attempt, sys)) {
		attempt_refused(attempt, sys);
		return;
	}
	attempt->state = DIAL_ATTEMPT_CONNECTED;
	attempt->sys = sys;
	log_line(LOG_INFO, "%sconnected to %s", attempt->prefix, attempt->text);
}

/* Without a local port, let the kernel pick one at connect(2), when it knows the peer. With
 * one, an older connection in TIME_WAIT must not be in the way. Failure of either option is
 * harmless. */
static bool bind_local(int fd, const struct socket_address *local)
{
	int on = 1;

	if (local == NULL)
		return true;
	if (sockaddr_has_port(local))
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
#ifdef IP_BIND_ADDRESS_NO_PORT
	else
		(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
#endif
	return bind(fd, (const struct sockaddr *)&local->addr, local->len) == 0;
}

static void bind_failed(struct dial_attempt *attempt, int sys, const struct socket_address *local)
{
	char *text = sockaddr_text(local);

	if (!sockaddr_has_port(local))
		text[strlen(text) - strlen(":0")] = '\0';
	attempt_fail(attempt, sys,
		     alloc_printf("cannot bind to %s: %s%s", text, err_message(sys),
				  sockaddr_bind_hint(local, sys)));
	free(text);
}

static void watch(struct dial_attempt *attempt)
{
	attempt->state = DIAL_ATTEMPT_PENDING;
	attempt->watch = fd_watch_new(attempt->loop, attempt->fd, WATCH_WRITE, attempt->task);
	if (!fd_watch_arm(attempt->watch))
		attempt_refused(attempt, errno);
}

/* The backlog of a Unix socket is full, and no event says when that is over. */
static void wait_for_room(struct dial_attempt *attempt)
{
	if (attempt->retry == NULL) {
		attempt->retry = timer_new(attempt->task);
		attempt->reason = alloc_string("its backlog is full");
		log_line(LOG_INFO, "%s%s: %s", attempt->prefix, attempt->text, attempt->reason);
	}
	attempt->state = DIAL_ATTEMPT_PENDING;
	timer_start(attempt->retry, RETRY_MS);
}

static void try_connect(struct dial_attempt *attempt)
{
	if (connect(attempt->fd, (struct sockaddr *)&attempt->to.addr, attempt->to.len) == 0)
		attempt_over(attempt, 0);
	else if (errno == EINPROGRESS || errno == EINTR)
		watch(attempt);
	else if (errno == EAGAIN && attempt->to.addr.ss_family == AF_UNIX)
		wait_for_room(attempt);
	else
		attempt_refused(attempt, errno);
}

void dial_attempt_begin(struct dial_attempt *attempt, const struct socket_address *local)
{
	log_line(LOG_INFO, "%sconnecting to %s", attempt->prefix, attempt->text);
	attempt->fd =
		socket(attempt->to.addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (attempt->fd < 0)
		attempt_refused(attempt, errno);
	else if (!bind_local(attempt->fd, local))
		bind_failed(attempt, errno, local);
	else
		try_connect(attempt);
}

void dial_attempt_check(struct dial_attempt *attempt)
{
	int sys;
	socklen_t len = sizeof(sys);

	if (attempt->state != DIAL_ATTEMPT_PENDING || fd_watch_armed(attempt->watch))
		return;
	if (attempt->watch == NULL) {
		if (timer_expired(attempt->retry))
			try_connect(attempt);
		return;
	}
	if (getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &sys, &len) != 0)
		sys = errno;
	attempt_over(attempt, sys);
}

bool dial_attempt_lacks_family(const struct dial_attempt *attempt)
{
	const struct sockaddr_in6 *addr = (const struct sockaddr_in6 *)&attempt->to.addr;

	if (attempt->state != DIAL_ATTEMPT_FAILED)
		return false;
	if (attempt->sys == EAFNOSUPPORT)
		return true;
	return attempt->sys == EADDRNOTAVAIL && attempt->to.addr.ss_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&addr->sin6_addr);
}
