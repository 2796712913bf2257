/* SPDX-License-Identifier: ISC */
/* listener: sockets that accept, for one program: TCP, Unix, inherited. */
#include "config.h"

#include "net/listener.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "io/loop.h"
#include "io/sockaddr.h"
#include "net/address.h"
#include "net/listener_options.h"
#include "net/listener_socket.h"

#include <errno.h>
#include <event2/event.h>
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
enum { ACCEPTS_MAX = 64, RETRY_MS = 1000 };

/* A socket in the loop. */
struct accepting {
	struct listener *listener;
	const struct listener_socket *socket;
	struct event *event;
	char *text;
	bool ready;
};

struct listener {
	struct listener_sockets sockets;
	struct accepting *accepting; /* as many as there are sockets */
	struct task task;
	struct timer *retry;
	size_t batch; /* connections a socket and turn */
	listener_accept_fn accepted;
	void *arg;
	bool paused;
	bool waiting;  /* accepting failed: until the timer ends or a descriptor is free */
	bool reported; /* ... and that was reported */
	bool watching;
};

static void wait_a_moment(struct listener *l, const struct accepting *w, int sys);

/* The one place where interest is computed. */
static void update(struct listener *l)
{
	bool wanted = !l->paused && !l->waiting;

	if (wanted == l->watching)
		return;
	l->watching = wanted;
	for (size_t i = 0; i < l->sockets.count && l->watching == wanted; i++) {
		struct accepting *w = &l->accepting[i];

		w->ready = false;
		if (!wanted)
			(void)event_del(w->event);
		else if (event_add(w->event, NULL) != 0)
			wait_a_moment(l, w, errno); /* epoll_ctl(2): ENOSPC */
	}
}

/* A libevent callback: only note and wake. */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct accepting *w = arg;

	(void)fd;
	(void)what;
	w->ready = true;
	task_wake(&w->listener->task);
}

static int accept_once(const struct listener_socket *s, struct socket_address *peer)
{
	struct sockaddr *addr = (struct sockaddr *)&peer->addr;

	return accept4(s->fd, addr, &peer->len, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static int accept_polled(const struct listener_socket *s, struct socket_address *peer)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	int n = s->inherited ? poll(&p, 1, 0) : 1;

	if (n > 0)
		return accept_once(s, peer);
	if (n == 0)
		errno = EAGAIN;
	return -1;
}

/* Errors of one connection that is gone (accept(2) passes on pending network errors): the
 * next one may be fine. */
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
static void wait_a_moment(struct listener *l, const struct accepting *w, int sys)
{
	l->waiting = true;
	update(l);
	timer_start(l->retry, RETRY_MS);
	if (l->reported)
		return;
	l->reported = true;
	if (sys == EMFILE || sys == ENFILE)
		log_line(LOG_NOTICE, "out of descriptors: new connections wait");
	else if (sys == ENOBUFS || sys == ENOMEM)
		log_line(LOG_NOTICE, "out of memory for sockets: new connections wait");
	else
		log_line(LOG_NOTICE, "cannot accept on %s: %s: new connections wait", w->text,
			 err_message(sys));
}

static void accept_batch(struct listener *l, struct accepting *w)
{
	w->ready = false; /* the event comes again when there are more */
	for (size_t i = 0; i < l->batch && !l->paused; i++) {
		struct socket_address peer = { .len = sizeof(peer.addr) };
		int fd = accept_polled(w->socket, &peer);

		if (fd >= 0) {
			l->accepted(l->arg, fd, &peer, w->socket->tls);
			continue;
		}
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return;
		if (is_of_connection(errno))
			continue;
		wait_a_moment(l, w, errno);
		return;
	}
}

static void run(void *arg)
{
	struct listener *l = arg;

	if (l->waiting && timer_expired(l->retry))
		listener_retry(l);
	for (size_t i = 0; i < l->sockets.count && !l->waiting; i++)
		if (l->accepting[i].ready)
			accept_batch(l, &l->accepting[i]);
}

static void watch_sockets(struct listener *l, struct loop *loop)
{
	l->accepting = alloc_array(l->sockets.count, sizeof(*l->accepting));
	for (size_t i = 0; i < l->sockets.count; i++) {
		struct accepting *w = &l->accepting[i];

		w->listener = l;
		w->socket = &l->sockets.items[i];
		w->text = listener_socket_text(w->socket);
		w->event = event_new(loop_base(loop), w->socket->fd, EV_READ | EV_PERSIST,
				     on_readable, w);
	}
}

struct listener *listener_new(struct loop *loop, const struct address *addresses, size_t count,
			      const struct listener_options *options, listener_accept_fn accepted,
			      void *arg, struct err *err)
{
	struct listener_sockets set = { 0 };
	struct listener *l;

	if (!listener_sockets_open(&set, addresses, count, options, err))
		return NULL;
	l = alloc_zeroed(sizeof(*l));
	l->sockets = set;
	l->accepted = accepted;
	l->arg = arg;
	l->paused = true;
	l->batch = ACCEPTS_MAX;
	if (options->backlog > 0 && options->backlog < ACCEPTS_MAX)
		l->batch = (size_t)options->backlog;
	task_init(&l->task, loop, run, l);
	l->retry = timer_new(&l->task);
	watch_sockets(l, loop);
	return l;
}

void listener_free(struct listener *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->sockets.count; i++) {
		event_free(l->accepting[i].event);
		free(l->accepting[i].text);
	}
	free(l->accepting);
	timer_free(l->retry);
	task_cancel(&l->task);
	listener_sockets_free(&l->sockets);
	free(l);
}

void listener_pause(struct listener *l)
{
	l->paused = true;
	update(l);
}

void listener_resume(struct listener *l)
{
	l->paused = false;
	update(l);
}

void listener_retry(struct listener *l)
{
	if (!l->waiting)
		return;
	l->waiting = false;
	timer_stop(l->retry);
	update(l);
}

size_t listener_count(const struct listener *l)
{
	return l->sockets.count;
}

const char *listener_address(const struct listener *l, size_t i)
{
	return l->accepting[i].text;
}
