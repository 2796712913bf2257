/* SPDX-License-Identifier: ISC */
/* listener: sockets that accept, for one program: TCP, Unix, inherited. */
#include "config.h"

#include "net/listener.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "io/fd_watch.h"
#include "io/loop.h"
#include "io/sockaddr.h"
#include "net/address.h"
#include "net/listener_options.h"
#include "net/listener_socket.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * An inherited socket may be blocking, and its flags must stay, so it is polled before
 * each accept. When another process that shares it takes the connection in between,
 * accept(2) waits for the next one and blocks the program. Share only non-blocking
 * sockets.
 */
enum {
	ACCEPTS_MAX = 64,
	FAILURES_MAX = 16, /* of single connections in a row */
	RETRY_MS = 1000,
};

struct listener {
	const struct listener_options *options;
	struct listener_sockets sockets;
	struct task task;
	struct timer *retry;
	size_t batch;	   /* connections a socket and turn */
	unsigned failures; /* of single connections, in a row */
	listener_accept_fn accepted;
	void *arg;
	bool paused;
	bool waiting;  /* accepting failed: until the timer ends or a descriptor is free */
	bool reported; /* ... and that was reported */
};

static int accept_next(const struct listener_socket *s, struct socket_address *peer)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };

	if (s->inherited && poll(&p, 1, 0) <= 0) { /* a signal may interrupt it */
		errno = EAGAIN;
		return -1;
	}
	return accept4(s->fd, (struct sockaddr *)&peer->addr, &peer->len,
		       SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/* Errors of one connection that is gone (accept(2) passes on pending network errors): the
 * next one may be fine. A filter that refuses the call leaves the connection in the queue:
 * after FAILURES_MAX of them accepting has failed. */
static bool is_of_connection(int sys)
{
	static const int list[] = {
		EINTR,	   ECONNABORTED, EPROTO,      EPERM,	  ENETDOWN,  ENOPROTOOPT,
		EHOSTDOWN, EHOSTUNREACH, ENETUNREACH, ECONNRESET, ETIMEDOUT,
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++)
		if (list[i] == sys)
			return true;
	return false;
}

/* Nothing can be accepted now: do not spin, try again later. */
static void wait_a_moment(struct listener *l, const struct listener_socket *s, int sys)
{
	l->waiting = true;
	timer_start(l->retry, RETRY_MS);
	if (l->reported)
		return;
	l->reported = true;
	if (sys == EMFILE || sys == ENFILE)
		log_line(LOG_NOTICE, "out of descriptors: new connections wait");
	else if (sys == ENOBUFS || sys == ENOMEM)
		log_line(LOG_NOTICE, "out of memory for sockets: new connections wait");
	else
		log_line(LOG_NOTICE, "cannot accept on %s: %s: new connections wait", s->text,
			 err_message(sys));
}

static void accept_batch(struct listener *l, const struct listener_socket *s)
{
	for (size_t i = 0; i < l->batch && !l->paused; i++) {
		struct socket_address peer = { .len = sizeof(peer.addr) };
		int fd = accept_next(s, &peer);

		if (fd >= 0) {
			l->failures = 0;
			l->accepted(l->arg, fd, &peer, s->tls);
			continue;
		}
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return;
		if (is_of_connection(errno) && ++l->failures < FAILURES_MAX)
			continue;
		l->failures = 0;
		wait_a_moment(l, s, errno);
		return;
	}
}

/* The one place where interest is computed. A watch that is left unarmed is removed when
 * it fires. */
static void arm(struct listener *l, const struct listener_socket *s)
{
	if (!l->paused && !l->waiting && !fd_watch_arm(s->watch))
		wait_a_moment(l, s, errno);
}

static void arm_all(struct listener *l)
{
	for (size_t i = 0; i < l->sockets.count; i++)
		arm(l, &l->sockets.items[i]);
}

static void run(void *arg)
{
	struct listener *l = arg;

	if (l->waiting && timer_expired(l->retry))
		listener_retry(l);
	for (size_t i = 0; i < l->sockets.count && !l->waiting; i++) {
		const struct listener_socket *s = &l->sockets.items[i];

		if (fd_watch_armed(s->watch))
			continue;
		accept_batch(l, s);
		arm(l, s);
	}
}

struct listener *listener_new(struct loop *loop, const struct address *addresses, size_t count,
			      const struct listener_options *options, listener_accept_fn accepted,
			      void *arg, struct err *err)
{
	struct listener *l = alloc_zeroed(sizeof(*l));
	bool found;

	loop_let_signals_end(loop, true);
	found = listener_sockets_find(&l->sockets, addresses, count, options, err);
	loop_let_signals_end(loop, false);
	if (!found) {
		free(l);
		return NULL;
	}
	l->options = options;
	l->accepted = accepted;
	l->arg = arg;
	l->paused = true;
	l->batch = ACCEPTS_MAX;
	if (options->backlog > 0 && options->backlog < ACCEPTS_MAX)
		l->batch = (size_t)options->backlog;
	task_init(&l->task, loop, run, l);
	l->retry = timer_new(&l->task);
	return l;
}

bool listener_open(struct listener *l, struct err *err)
{
	struct listener_sockets *set = &l->sockets;

	if (!listener_sockets_open(set, l->options, err))
		return false;
	for (size_t i = 0; i < set->count; i++)
		set->items[i].watch =
			fd_watch_new(l->task.loop, set->items[i].fd, WATCH_READ, &l->task);
	return true;
}

void listener_free(struct listener *l)
{
	if (l == NULL)
		return;
	timer_free(l->retry);
	task_cancel(&l->task);
	listener_sockets_free(&l->sockets);
	free(l);
}

void listener_pause(struct listener *l)
{
	l->paused = true;
}

void listener_resume(struct listener *l)
{
	l->paused = false;
	arm_all(l);
}

void listener_retry(struct listener *l)
{
	if (!l->waiting)
		return;
	l->waiting = false;
	timer_stop(l->retry);
	arm_all(l);
}

size_t listener_count(const struct listener *l)
{
	return l->sockets.count;
}

const char *listener_address(const struct listener *l, size_t i)
{
	return l->sockets.items[i].text;
}
