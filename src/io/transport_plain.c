/* SPDX-License-Identifier: ISC */
/* transport_plain: a stream socket under a libevent bufferevent. */
#include "config.h"

#include "io/transport_impl.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/loop.h"
#include "io/socket_info.h"
#include "io/socket_io.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The bufferevent does the first read of each wake-up and tells the end and the
 * errors. libevent 2.1.12 needs four cures:
 *
 * - It reads at most 4096 bytes a wake-up. When it got that many, top_up() takes the
 *   rest with one recv(2) that asks for what the last ones brought.
 * - It writes a turn late, with two epoll_ctl(2) each time, and raises SIGPIPE. Its
 *   writing is disabled: send_queue() writes at once, and what the kernel does not
 *   take leaves from an event that is made when a socket is full for the first time.
 * - Its read watermarks spin or hide the last bytes: reading is stopped by
 *   bufferevent_disable() alone.
 * - A system call that fails takes the error from the socket, and libevent's next
 *   read says EOF. `taken` keeps what a call of this file was told, and an EOF after
 *   it is that error. EPIPE takes nothing: it comes after the peer's FIN or our own,
 *   and what the peer sent before is complete.
 *
 * Inherited sockets may be blocking. The calls of socket_io never wait. libevent's
 * readv(2) comes only after epoll has said that the socket is readable; it could wait
 * only if another process took those bytes in between.
 */

enum {
	SLACK = 480,	       /* more than was brought last is asked for */
	READ_MAX = 256 * 1024, /* of one wake-up */
	SEND_PIECES = 64,      /* of one sendmsg(2) */
	SEND_ROUNDS = 16,      /* of one flush */
};

enum waiting {
	WAITING_OFF,  /* the event is not added */
	WAITING_MORE, /* it is, and the kernel may take more before it fires */
	WAITING_FULL, /* the kernel takes no more until it fires */
};

struct plain {
	struct transport base;
	struct bufferevent *bev;
	int fd;
	int taken;		/* errno of an error that the socket no longer knows, or 0 */
	struct event *writable; /* NULL until a socket has been full */
	enum waiting waiting;	/* for `writable` */
	struct event *retry;	/* NULL until a watch could not be added */
	size_t held;		/* bytes in `input` when it was last looked at */
	size_t expected;	/* bytes that the next wake-up should bring */
	bool reading;		/* EV_READ of `bev` is enabled */
	bool inet;
	unsigned char peer_len;
	unsigned char peer[]; /* its address, most are short */
};

static struct plain *plain_of(struct transport *t)
{
	return (struct plain *)t; /* `base` is its first member */
}

static const struct plain *plain_of_const(const struct transport *t)
{
	return (const struct plain *)t;
}

/* err_sys() with nothing in front of the message. */
static struct err error_of(int sys)
{
	struct err err;

	err_set(&err, ERR_IO, "%s", err_message(sys));
	err.sys = sys;
	return err;
}

/* Another call was told the cause, or will be. */
static bool is_vague(int sys)
{
	return sys == EPIPE || sys == ENOTCONN;
}

static void note_error(struct plain *p, int sys)
{
	if (p->taken == 0 && !is_vague(sys))
		p->taken = sys;
}

/* Nothing more will come to the input: a clean end when `sys` is 0. */
static void end_reading(struct plain *p, int sys)
{
	struct err err;

	if (p->reading)
		(void)bufferevent_disable(p->bev, EV_READ); /* fails only without a base */
	p->reading = false;
	if (sys == 0) {
		transport_end(&p->base, NULL);
		return;
	}
	note_error(p, sys);
	err = error_of(sys);
	transport_end(&p->base, &err);
}

static void on_retry(evutil_socket_t fd, short what, void *arg);

/* epoll_ctl(2) lacks memory, or the user has too many watches (ENOMEM, ENOSPC). That
 * passes: try again soon. */
static void cannot_watch(struct plain *p)
{
	const struct timeval soon = { .tv_usec = 250000 };

	if (p->retry == NULL)
		p->retry = evtimer_new(loop_base(p->base.loop), on_retry, p);
	(void)event_add(p->retry, &soon); /* a timer takes memory only */
}

static void set_reading(struct plain *p, bool on)
{
	if (on == p->reading || p->base.read_half != READ_OPEN)
		return;
	p->reading = on;
	if (!on) {
		(void)bufferevent_disable(p->bev, EV_READ);
	} else if (bufferevent_enable(p->bev, EV_READ) != 0) {
		p->reading = false;
		cannot_watch(p);
	}
}

/* Sending is over; reading goes on, for what the peer sent before. */
static void fail_sending(struct plain *p, int sys)
{
	struct err err;

	note_error(p, sys);
	err = error_of(is_vague(sys) && p->taken != 0 ? p->taken : sys);
	if (p->waiting != WAITING_OFF)
		(void)event_del(p->writable);
	p->waiting = WAITING_OFF;
	transport_fail_write(&p->base, &err);
}

static size_t size_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * libevent read all it takes at once, `came` bytes: read what else is there, up to
 * `room` in all. Where the last wake-ups brought less, ask the kernel how much that
 * is, so that no large block is reserved for a few bytes. Returns the bytes in all.
 */
static size_t top_up(struct plain *p, size_t came, size_t room)
{
	while (came < room) {
		size_t more = came < p->expected ? p->expected - came : socket_available(p->fd);
		size_t max = size_min(more, room - came);
		ssize_t n = max > 0 ? socket_receive(p->fd, p->base.input, max) : 0;

		if (n < 0 && errno != EAGAIN)
			note_error(p, errno);
		if (n > 0)
			came += (size_t)n;
		if (n <= 0 || (size_t)n < max)
			break;
	}
	return came;
}

/* With some room to spare: a read that fills it all is followed by another. */
static void expect(struct plain *p, size_t came)
{
	size_t next = came + came / 8 + SLACK;

	if (next < p->expected)
		next = p->expected - (p->expected - next) / 4;
	p->expected = size_min(next, READ_MAX);
}

/* A full Unix socket whose peer shuts its receiving half never polls as writable: it
 * is tried again when the peer has said something. */
static void try_again(struct plain *p)
{
	if (p->waiting == WAITING_FULL && !p->inet)
		p->waiting = WAITING_MORE;
}

static void on_input(struct bufferevent *bev, void *arg)
{
	struct plain *p = arg;
	size_t room = p->base.room;
	size_t came = evbuffer_get_length(p->base.input) - p->held;

	(void)bev;
	if (came >= TRANSPORT_LEAST)
		came = top_up(p, came, size_min(room, READ_MAX));
	p->held += came;
	p->base.received += came;
	p->base.room -= size_min(came, room);
	try_again(p);
	expect(p, came);
	loop_brought(p->base.loop, came);
	if (room == 0) /* the owner got all it wanted before and has not asked for more */
		set_reading(p, false);
	transport_notify(&p->base);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct plain *p = arg;
	int sys = EVUTIL_SOCKET_ERROR();

	(void)bev;
	p->reading = false; /* libevent has disabled it */
	try_again(p);
	end_reading(p, what & BEV_EVENT_ERROR ? sys : p->taken);
}

/* The half-close, when it is wanted and everything queued has gone. */
static void finish_sending(struct plain *p)
{
	if (p->base.write_half != WRITE_DRAINING || evbuffer_get_length(p->base.output) > 0)
		return;
	if (shutdown(p->fd, SHUT_WR) == 0)
		transport_shut_done(&p->base);
	else /* the connection is gone, and the socket may know why */
		fail_sending(p, socket_take_error(p->fd, errno));
}

/* What one sendmsg(2) has come to. */
enum sent { SENT_ALL, SENT_SOME, SENT_FULL, SENT_FAILED };

static enum sent send_some(struct plain *p)
{
	struct evbuffer_iovec pieces[SEND_PIECES];
	int count = evbuffer_peek(p->base.output, -1, NULL, pieces, SEND_PIECES);
	size_t offered = 0;
	ssize_t n;

	for (int i = 0; i < count; i++)
		offered += pieces[i].iov_len;
	if (offered == 0)
		return SENT_ALL;
	n = socket_send(p->fd, pieces, count);
	if (n < 0 && errno != EAGAIN) {
		fail_sending(p, errno);
		return SENT_FAILED;
	}
	if (n > 0) {
		(void)evbuffer_drain(p->base.output, (size_t)n);
		p->base.sent += (uint64_t)n;
	}
	if (n < 0 || (size_t)n < offered)
		return SENT_FULL;
	return count < SEND_PIECES ? SENT_ALL : SENT_SOME;
}

static void on_writable(evutil_socket_t fd, short what, void *arg);

static void wait_writable(struct plain *p, enum waiting waiting)
{
	if (p->writable == NULL)
		p->writable = event_new(loop_base(p->base.loop), p->fd, EV_WRITE | EV_PERSIST,
					on_writable, p);
	if (p->waiting == WAITING_OFF && event_add(p->writable, NULL) != 0)
		cannot_watch(p);
	else
		p->waiting = waiting;
}

static void send_queue(struct plain *p)
{
	enum sent sent = SENT_SOME;

	if (p->base.write_error != NULL)
		return;
	for (int rounds = SEND_ROUNDS; rounds > 0 && sent == SENT_SOME; rounds--)
		sent = send_some(p);
	switch (sent) {
	case SENT_ALL:
		finish_sending(p);
		break;
	case SENT_SOME:
		wait_writable(p, WAITING_MORE);
		break;
	case SENT_FULL:
		wait_writable(p, WAITING_FULL);
		break;
	case SENT_FAILED:
		break;
	}
}

/* Keep the event for one extra firing: a socket that filled once will probably fill
 * again soon. */
static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct plain *p = arg;

	(void)fd;
	(void)what;
	if (evbuffer_get_length(p->base.output) == 0) {
		(void)event_del(p->writable);
		p->waiting = WAITING_OFF;
		return;
	}
	p->waiting = WAITING_MORE;
	send_queue(p);
	transport_notify(&p->base);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct plain *p = arg;

	(void)fd;
	(void)what;
	set_reading(p, p->base.room > 0);
	send_queue(p);
	transport_notify(&p->base);
}

static void plain_free(struct transport *t)
{
	struct plain *p = plain_of(t);

	/* Out of epoll before close(2): another process may hold the same file. */
	if (p->writable != NULL)
		event_free(p->writable);
	if (p->retry != NULL)
		event_free(p->retry);
	bufferevent_free(p->bev);
	(void)close(p->fd);
	transport_release(t);
	free(p);
}

static void plain_update(struct transport *t)
{
	struct plain *p = plain_of(t);

	p->held = evbuffer_get_length(t->input);
	set_reading(p, t->room > 0);
}

/* Both directions have ended, and no event comes any more: was it reset since? */
static void notice_reset(struct plain *p)
{
	int sys = socket_take_error(p->fd, 0);

	if (sys != 0)
		fail_sending(p, sys);
}

static void plain_flush(struct transport *t)
{
	struct plain *p = plain_of(t);

	if (p->waiting != WAITING_FULL)
		send_queue(p);
	if (t->read_half != READ_OPEN && t->write_half == WRITE_SHUT && t->write_error == NULL)
		notice_reset(p);
}

static void plain_shut(struct transport *t)
{
	plain_flush(t);
	finish_sending(plain_of(t)); /* a full socket does not matter any more */
}

static void plain_abort(struct transport *t)
{
	struct plain *p = plain_of(t);

	if (p->inet)
		socket_set_reset(p->fd);
}

static size_t plain_unsent(const struct transport *t)
{
	const struct plain *p = plain_of_const(t);
	size_t bytes = p->inet ? socket_unacknowledged(p->fd) : 0;

	return t->write_half == WRITE_SHUT && bytes > 0 ? bytes - 1
							: bytes; /* without our FIN, the last one */
}

/* splice(2) and sendfile(2) know no MSG_DONTWAIT. */
static int plain_raw_fd(const struct transport *t)
{
	int fd = plain_of_const(t)->fd;
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && (flags & O_NONBLOCK) ? fd : -1;
}

static void plain_raw_error(struct transport *t, enum transport_half half, int sys)
{
	struct plain *p = plain_of(t);

	if (half == TRANSPORT_WRITE)
		fail_sending(p, sys);
	else
		end_reading(p, sys != 0 ? sys : p->taken);
}

static bool plain_info(const struct transport *t, enum info_key key, struct evbuffer *out)
{
	const struct plain *p = plain_of_const(t);

	return socket_info_append(p->fd, p->peer, p->peer_len, key, out);
}

static const struct transport_ops plain_ops = {
	.name = "socket",
	.free = plain_free,
	.update = plain_update,
	.flush = plain_flush,
	.shut = plain_shut,
	.abort = plain_abort,
	.unsent = plain_unsent,
	.raw_fd = plain_raw_fd,
	.raw_error = plain_raw_error,
	.info = plain_info,
};

struct transport *transport_plain_new(struct loop *loop, int fd,
				      const struct socket_address *accepted, bool nagle)
{
	struct socket_address peer = accepted != NULL ? *accepted : socket_info_peer(fd);
	struct plain *p = alloc_zeroed(sizeof(*p) + peer.len);

	transport_init(&p->base, &plain_ops, loop);
	p->fd = fd;
	p->peer_len = (unsigned char)peer.len; /* of sockaddr_un, the longest: 110 */
	memcpy(p->peer, &peer.addr, peer.len);
	p->inet = socket_info_is_inet(fd, &peer);
	p->bev = bufferevent_socket_new(loop_base(loop), fd, 0);
	(void)bufferevent_disable(p->bev, EV_WRITE);
	bufferevent_setcb(p->bev, on_input, NULL, on_event, p);
	p->base.input = bufferevent_get_input(p->bev);
	p->base.output = bufferevent_get_output(p->bev);
	(void)evbuffer_unfreeze(p->base.output, 1); /* libevent never drains it */
	if (p->inet && !nagle)
		socket_set_nodelay(fd);
	return &p->base;
}
