/* SPDX-License-Identifier: ISC */
/* transport_plain: a stream socket, two evbuffers and two events. */
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
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * What a libevent 2.1.12 bufferevent is, without what it costs: it asks FIONREAD
 * before each read, reads at most 4096 bytes a wake-up, writes a turn late for two
 * epoll_ctl(2) each time, has watermarks that spin, and takes 600 bytes more.
 *
 * - A read asks for what the last ones brought. When it gets all it asked for,
 *   one more takes the rest of what is there.
 * - Writing is done at once. What the kernel does not take leaves from an event
 *   that is made when a socket is full for the first time.
 * - A call that fails takes the error from the socket: the next read then says
 *   EOF, and a reset would pass for a good end. `taken` keeps it. EPIPE takes
 *   nothing: it comes after the peer's FIN, or from our own end, and what the
 *   peer sent before is complete.
 *
 * Inherited sockets may be blocking: no call waits (socket_io).
 */

enum {
	READ_LEAST = 960,      /* fits the smallest chain of an evbuffer */
	READ_MAX = 256 * 1024, /* of one wake-up */
	SEND_PIECES = 64,      /* of one sendmsg(2) */
	SEND_ROUNDS = 16,      /* of one flush */
};

struct plain {
	struct transport base;
	int fd;
	int taken; /* errno of an error that the socket no longer knows, or 0 */
	struct event *readable;
	struct event *writable; /* NULL until a socket has been full */
	size_t expected;	/* bytes that the next read asks for */
	bool reading;		/* `readable` is added */
	bool armed;		/* `writable` is added */
	bool blocked;		/* ... and the kernel takes no more until it fires */
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

/* Nothing more will come to the input: in good order when `sys` is 0. */
static void end_reading(struct plain *p, int sys)
{
	struct err err;

	if (p->reading)
		(void)event_del(p->readable); /* fails only without a base */
	p->reading = false;
	if (sys == 0) {
		transport_end(&p->base, NULL);
		return;
	}
	err = error_of(sys);
	transport_end(&p->base, &err);
}

static void set_reading(struct plain *p, bool on)
{
	if (on == p->reading || p->base.ended)
		return;
	p->reading = on;
	if (!on)
		(void)event_del(p->readable);
	else if (event_add(p->readable, NULL) != 0)
		end_reading(p, errno); /* epoll_ctl(2): ENOMEM, ENOSPC */
}

/* Sending is over; reading goes on, for what the peer sent before. */
static void fail_sending(struct plain *p, int sys)
{
	struct err err = error_of(sys);
	bool vague = sys == EPIPE || sys == ENOTCONN; /* a read was or will be told why */

	if (!vague && p->taken == 0)
		p->taken = sys;
	if (p->armed)
		(void)event_del(p->writable);
	p->armed = p->blocked = false;
	transport_fail_write(&p->base,
			     vague && p->base.read_error != NULL ? p->base.read_error : &err);
}

/* The bytes that came; 0 after the end, too. */
static size_t read_some(struct plain *p, size_t max)
{
	ssize_t n = socket_receive(p->fd, p->base.input, max);

	if (n == 0)
		end_reading(p, p->taken);
	else if (n < 0 && errno != EAGAIN)
		end_reading(p, errno);
	if (n <= 0)
		return 0;
	p->base.received += (size_t)n;
	return (size_t)n;
}

/* It asked for `max` and got them: take the rest of what is there. That is asked
 * first, so that no large block is reserved for a few bytes. */
static size_t top_up(struct plain *p, size_t max)
{
	size_t there = socket_available(p->fd);

	return there > 0 ? read_some(p, there < max ? there : max) : 0;
}

/* With some room to spare: a read that fills it all is followed by another. */
static void expect(struct plain *p, size_t came)
{
	size_t next = came + came / 8 + READ_LEAST / 2;

	if (next < p->expected)
		next = p->expected - (p->expected - next) / 4;
	p->expected = next < READ_MAX ? next : READ_MAX;
}

static size_t size_to_ask(size_t room)
{
	if (room < TRANSPORT_LEAST)
		return TRANSPORT_LEAST;
	return room < READ_MAX ? room : READ_MAX;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct plain *p = arg;
	size_t room = size_to_ask(p->base.room);
	size_t asked = p->expected < room ? p->expected : room;
	size_t came;

	(void)fd;
	(void)what;
	if (p->base.room == 0) {
		/* The owner was given all it wanted and has not said more since. */
		set_reading(p, false);
		return;
	}
	came = read_some(p, asked);
	if (came == asked && asked < room)
		came += top_up(p, room - asked);
	if (!p->inet)
		p->blocked = false; /* see send_some() */
	expect(p, came);
	p->base.room -= came < p->base.room ? came : p->base.room;
	loop_brought(p->base.loop, came);
	if (came > 0 || p->base.ended)
		transport_notify(&p->base);
}

/* The half-close, when it is wanted and everything queued has gone. */
static void finish_sending(struct plain *p)
{
	if (!p->base.shut_wanted || p->base.shut_done || p->base.write_error != NULL ||
	    evbuffer_get_length(p->base.output) > 0)
		return;
	if (shutdown(p->fd, SHUT_WR) == 0)
		p->base.shut_done = true;
	else /* the connection is gone, and the socket may know why */
		fail_sending(p, socket_take_error(p->fd, errno));
}

/* One sendmsg(2). False when the socket is full now, or has failed. A full Unix
 * socket whose peer shuts its receiving half never polls as writable: it is tried
 * again when the peer has said something. */
static bool send_some(struct plain *p)
{
	struct evbuffer_iovec pieces[SEND_PIECES];
	size_t queued = evbuffer_get_length(p->base.output);
	int count = evbuffer_peek(p->base.output, -1, NULL, pieces, SEND_PIECES);
	ssize_t n = socket_send(p->fd, pieces, count);

	if (n < 0 && errno != EAGAIN) {
		fail_sending(p, errno);
		return false;
	}
	if (n > 0) {
		(void)evbuffer_drain(p->base.output, (size_t)n);
		p->base.sent += (uint64_t)n;
	}
	p->blocked = n < 0 || (count < SEND_PIECES && (size_t)n < queued);
	return !p->blocked;
}

static void on_writable(evutil_socket_t fd, short what, void *arg);

static void arm(struct plain *p)
{
	if (p->armed)
		return;
	if (p->writable == NULL)
		p->writable = event_new(loop_base(p->base.loop), p->fd, EV_WRITE | EV_PERSIST,
					on_writable, p);
	if (p->writable == NULL)
		alloc_failed();
	if (event_add(p->writable, NULL) != 0)
		fail_sending(p, errno);
	else
		p->armed = true;
}

static void send_queue(struct plain *p)
{
	int rounds = SEND_ROUNDS;

	if (p->base.write_error != NULL)
		return;
	while (rounds-- > 0 && evbuffer_get_length(p->base.output) > 0)
		if (!send_some(p))
			break;
	if (p->base.write_error == NULL && evbuffer_get_length(p->base.output) > 0)
		arm(p);
	finish_sending(p);
}

/* The event stays for one firing more than there was something to send: who has
 * filled the socket once is likely to do it again at once. */
static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct plain *p = arg;

	(void)fd;
	(void)what;
	p->blocked = false;
	if (evbuffer_get_length(p->base.output) == 0) {
		(void)event_del(p->writable);
		p->armed = false;
		return;
	}
	send_queue(p);
	transport_notify(&p->base);
}

static void plain_free(struct transport *t)
{
	struct plain *p = plain_of(t);

	/* Out of epoll before close(2): another process may hold the same file. */
	if (p->writable != NULL)
		event_free(p->writable);
	event_free(p->readable);
	(void)close(p->fd);
	evbuffer_free(t->input);
	evbuffer_free(t->output);
	transport_release(t);
	free(p);
}

static void plain_update(struct transport *t)
{
	set_reading(plain_of(t), t->room > 0);
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

	if (!p->blocked)
		send_queue(p);
	if (t->ended && t->shut_done && t->write_error == NULL)
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

	return t->shut_done && bytes > 0 ? bytes - 1 : bytes; /* without our FIN, the last one */
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
	p->expected = READ_LEAST;
	p->readable = event_new(loop_base(loop), fd, EV_READ | EV_PERSIST, on_readable, p);
	p->base.input = evbuffer_new();
	p->base.output = evbuffer_new();
	if (p->readable == NULL || p->base.input == NULL || p->base.output == NULL)
		alloc_failed();
	if (p->inet && !nagle)
		socket_set_nodelay(fd);
	return &p->base;
}
