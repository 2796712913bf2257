/* SPDX-License-Identifier: ISC */
/* transport_plain: a stream socket under a libevent bufferevent. */
#include "config.h"

#include "io/transport_impl.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/descriptor.h"
#include "io/fd_watch.h"
#include "io/loop.h"
#include "io/sockaddr.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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
 *   take leaves from a watch that is made when a socket is full for the first time.
 * - Its read watermarks spin or hide the last bytes: reading is stopped by
 *   bufferevent_disable() alone.
 * - A system call that fails takes the error from the socket, and libevent's next
 *   read says EOF. `taken` keeps what a call of this file was told, and an EOF after
 *   it is that error. EPIPE takes nothing: it comes after the peer's FIN or our own,
 *   and what the peer sent before is complete.
 *
 * A socket may be inherited, block, and be shared with other processes, so its flags
 * are left alone: each call says MSG_DONTWAIT. libevent's readv(2) comes only after epoll
 * has said that the socket is readable; it could wait only if another process took those
 * bytes in between.
 */

enum {
	SLACK = 480,	       /* more than was brought last is asked for */
	READ_MAX = 256 * 1024, /* of one wake-up */
	SEND_PIECES = 64,      /* of one sendmsg(2) */
	SEND_ROUNDS = 16,      /* of one flush */
	PROBE_S = 30,	       /* seconds between two */
	MICROSECONDS = 1000 * 1000,
};

/* What a proxy has told. */
struct told_addresses {
	struct socket_address peer, own;
};

struct plain {
	struct transport base;
	struct bufferevent *bev;
	int fd;
	int taken;		     /* errno of an error that the socket no longer knows, or 0 */
	struct fd_watch *writable;   /* NULL until a socket has been full */
	struct event *retry;	     /* NULL until a watch could not be added */
	struct told_addresses *told; /* owned; NULL: those of the socket hold */
	size_t held;		     /* bytes in `input` when it was last looked at */
	unsigned expected;	     /* bytes that the next wake-up should bring */
	bool reading;		     /* EV_READ of `bev` is enabled */
	bool full;		     /* the kernel takes no more until `writable` fires */
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
	err = err_errno(ERR_IO, sys);
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
	p->reading = on && bufferevent_enable(p->bev, EV_READ) == 0;
	if (!on)
		(void)bufferevent_disable(p->bev, EV_READ);
	else if (!p->reading)
		cannot_watch(p);
}

/* Sending is over; reading goes on, for what the peer sent before. */
static void fail_sending(struct plain *p, int sys)
{
	struct err err;

	note_error(p, sys);
	err = err_errno(ERR_IO, is_vague(sys) && p->taken != 0 ? p->taken : sys);
	transport_fail_write(&p->base, &err);
}

static size_t size_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many bytes that is, by ioctl(2); 0 also when the system does not say. */
static size_t ask_bytes(const struct plain *p, unsigned long request)
{
	int bytes = 0;

	return ioctl(p->fd, request, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

/* Read once more, to the end of the input, which libevent keeps frozen. */
static ssize_t receive(struct plain *p, size_t max)
{
	const struct descriptor socket = { .fd = p->fd, .kind = DESCRIPTOR_SOCKET };
	struct evbuffer *input = p->base.input;
	ssize_t n;

	(void)evbuffer_unfreeze(input, 0);
	n = descriptor_read(&socket, max, input);
	(void)evbuffer_freeze(input, 0);
	return n;
}

/*
 * libevent read all it takes at once, `came` bytes: read what else is there, up to
 * `room` in all. Where the last wake-ups brought less, ask the kernel how much that
 * is, so that no large block is reserved for a few bytes. Returns the bytes in all.
 */
static size_t top_up(struct plain *p, size_t came, size_t room)
{
	while (came < room) {
		size_t more = came < p->expected ? p->expected - came : ask_bytes(p, FIONREAD);
		size_t max = size_min(more, room - came);
		ssize_t n = max > 0 ? receive(p, max) : 0;

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
	p->expected = (unsigned)size_min(next, READ_MAX);
}

/* A full Unix socket whose peer shuts its receiving half never polls as writable: it
 * is tried again when the peer has said something. */
static void try_again(struct plain *p)
{
	if (!p->inet)
		p->full = false;
}

static void on_input(struct bufferevent *bev, void *arg)
{
	struct plain *p = arg;
	size_t room = p->base.room;
	size_t held = evbuffer_get_length(p->base.input);
	size_t came = held - p->held;

	(void)bev;
	assert(held > p->held); /* the owner says by transport_want() that it has taken bytes */
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

/* TCP hangs up once both halves have ended, or after a reset, of which it may have told. */
static enum peer_state plain_peer_state(const struct transport *t)
{
	const struct plain *p = plain_of_const(t);
	struct pollfd end = { .fd = p->fd }; /* POLLERR and POLLHUP come unasked */

	if (TEMP_FAILURE_RETRY(poll(&end, 1, 0)) <= 0)
		return PEER_OPEN;
	if ((end.revents & POLLERR) || p->taken != 0 || (p->inet && t->write_half != WRITE_SHUT))
		return PEER_RESET;
	return PEER_CLOSED;
}

/*
 * The errno behind the end of the stream; 0: the peer has ended it. A splice(2) to the socket
 * that moves some bytes and then meets a reset tells of the bytes alone, and the socket forgets
 * the reset. Its hang-up stays, which otherwise needs the end of our half, too.
 */
static int cause_of_end(const struct plain *p)
{
	const struct transport *t = &p->base;

	if (p->taken == 0 && p->inet && t->sent > 0 && t->write_half != WRITE_SHUT &&
	    plain_peer_state(t) == PEER_RESET)
		return ECONNRESET;
	return p->taken;
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct plain *p = arg;
	int sys = EVUTIL_SOCKET_ERROR();

	(void)bev;
	p->reading = false; /* libevent has disabled it */
	try_again(p);
	end_reading(p, what & BEV_EVENT_ERROR ? sys : cause_of_end(p));
}

/* The error that waits on the socket, which forgets it; `fallback` when there is none. */
static int take_error(const struct plain *p, int fallback)
{
	int error = 0;
	socklen_t len = sizeof(error);

	(void)getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error != 0 ? error : fallback;
}

/* Everything queued has gone: the half-close, when it is wanted. */
static void finish_sending(struct plain *p)
{
	if (p->base.write_half != WRITE_DRAINING)
		return;
	if (shutdown(p->fd, SHUT_WR) == 0)
		transport_shut_done(&p->base);
	else /* the connection is gone, and the socket may know why */
		fail_sending(p, take_error(p, errno));
}

/* One send(2), which needs no msghdr, or sendmsg(2). False when it took less than there is. */
static bool send_some(struct plain *p)
{
	const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
	struct evbuffer_iovec pieces[SEND_PIECES];
	struct msghdr message = { .msg_iov = pieces };
	int count = evbuffer_peek(p->base.output, -1, NULL, pieces, SEND_PIECES);
	size_t offered = 0;
	ssize_t n;

	for (int i = 0; i < count; i++)
		offered += pieces[i].iov_len;
	message.msg_iovlen = (size_t)count;
	n = TEMP_FAILURE_RETRY(count == 1 ? send(p->fd, pieces->iov_base, offered, flags)
					  : sendmsg(p->fd, &message, flags));
	if (n < 0 && errno != EAGAIN)
		fail_sending(p, errno);
	if (n > 0) {
		(void)evbuffer_drain(p->base.output, (size_t)n);
		p->base.sent += (uint64_t)n;
	}
	return n >= 0 && (size_t)n == offered;
}

static void on_writable(void *arg);

static void wait_writable(struct plain *p, bool full)
{
	if (p->writable == NULL)
		p->writable = fd_watch_call(p->base.loop, p->fd, WATCH_WRITE, on_writable, p);
	if (fd_watch_arm(p->writable))
		p->full = full;
	else
		cannot_watch(p);
}

static void send_queue(struct plain *p)
{
	size_t left = evbuffer_get_length(p->base.output);
	bool all = p->base.write_error == NULL;

	for (int rounds = SEND_ROUNDS; rounds > 0 && all && left > 0; rounds--) {
		all = send_some(p);
		left = evbuffer_get_length(p->base.output);
	}
	if (p->base.write_error != NULL)
		return;
	if (left == 0)
		finish_sending(p);
	else
		wait_writable(p, !all);
}

static void on_writable(void *arg)
{
	struct plain *p = arg;

	p->full = false;
	send_queue(p);
	transport_notify(&p->base);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct plain *p = arg;

	(void)fd;
	(void)what;
	set_reading(p, p->base.room > 0);
	on_writable(p);
}

static void plain_free(struct transport *t)
{
	struct plain *p = plain_of(t);

	if (t->reset && p->inet)
		descriptor_reset_on_close(p->fd);
	/* Out of epoll before close(2): another process may hold the same file. */
	fd_watch_free(p->writable);
	if (p->retry != NULL)
		event_free(p->retry);
	bufferevent_free(p->bev);
	(void)close(p->fd);
	transport_release(t);
	free(p->told);
	free(p);
}

static void plain_update(struct transport *t)
{
	struct plain *p = plain_of(t);

	p->held = evbuffer_get_length(t->input);
	set_reading(p, t->room > 0);
}

static void plain_flush(struct transport *t)
{
	struct plain *p = plain_of(t);
	int error;

	if (!p->full || evbuffer_get_length(t->output) == 0)
		send_queue(p);
	if (t->read_half == READ_OPEN || t->write_error != NULL ||
	    (t->write_half != WRITE_SHUT && !t->reset))
		return;
	/* Both directions have ended, and no event comes any more: was it reset since? */
	error = take_error(p, 0);
	if (error != 0)
		fail_sending(p, error);
}

static size_t plain_unsent(const struct transport *t)
{
	const struct plain *p = plain_of_const(t);
	size_t bytes = p->inet ? ask_bytes(p, TIOCOUTQ) : 0; /* SIOCOUTQ, by another name */
	bool fin = t->write_half == WRITE_SHUT;		     /* it counts as a byte, the last one */

	return bytes > 0 && fin ? bytes - 1 : bytes;
}

/* A peer that has closed acknowledges probes for its tcp_fin_timeout, 60 s as a rule, and then
 * answers with a reset. */
static void plain_probe(struct transport *t)
{
	const int seconds = PROBE_S;
	const struct plain *p = plain_of(t);
	socklen_t len = sizeof(int);
	int on = 0;

	if (!p->inet || getsockopt(p->fd, SOL_SOCKET, SO_KEEPALIVE, &on, &len) < 0 || on)
		return;
	on = 1;
	(void)setsockopt(p->fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof(seconds));
	(void)setsockopt(p->fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof(seconds));
	(void)setsockopt(p->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
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
		end_reading(p, sys != 0 ? sys : cause_of_end(p));
}

static bool append_address(const struct socket_address *a, struct evbuffer *out)
{
	char *text;

	if (a->len == 0)
		return false;
	text = sockaddr_text(a);
	(void)evbuffer_add(out, text, strlen(text));
	free(text);
	return true;
}

static bool append_family(sa_family_t family, struct evbuffer *out)
{
	const char *name = family == AF_INET	? "inet"
			   : family == AF_INET6 ? "inet6"
			   : family == AF_UNIX	? "unix"
			   : family == AF_VSOCK ? "vsock"
						: NULL;

	return name != NULL && evbuffer_add(out, name, strlen(name)) == 0;
}

static bool append_rtt(const struct plain *p, struct evbuffer *out)
{
	struct tcp_info tcp = { 0 };
	socklen_t len = sizeof(tcp);

	if (getsockopt(p->fd, IPPROTO_TCP, TCP_INFO, &tcp, &len) != 0)
		return false;
	return evbuffer_add_printf(out, "%u.%06u", tcp.tcpi_rtt / MICROSECONDS,
				   tcp.tcpi_rtt % MICROSECONDS) > 0;
}

static bool plain_info(const struct transport *t, enum info_key key, struct evbuffer *out)
{
	const struct plain *p = plain_of_const(t);
	struct socket_address own = { 0 }, peer = { .len = p->peer_len };

	if (key == INFO_SOCKNAME || key == INFO_FAMILY)
		own = sockaddr_own(p->fd);
	memcpy(&peer.addr, p->peer, p->peer_len);
	if (p->told != NULL) {
		peer = p->told->peer;
		own = p->told->own;
	}
	switch ((int)key) {
	case INFO_PEERNAME:
		return append_address(&peer, out);
	case INFO_SOCKNAME:
		return append_address(&own, out);
	case INFO_FAMILY:
		return append_family(own.addr.ss_family, out); /* AF_UNSPEC when that failed */
	case INFO_RTT:
		return append_rtt(p, out);
	default:
		return false; /* TLS has it */
	}
}

static void plain_set_addresses(struct transport *t, const struct socket_address *peer,
				const struct socket_address *own)
{
	const struct told_addresses told = { .peer = *peer, .own = *own };
	struct plain *p = plain_of(t);

	free(p->told);
	p->told = alloc_copy(&told, sizeof(told));
}

static const struct transport_ops plain_ops = {
	.name = "socket",
	.free = plain_free,
	.update = plain_update,
	.flush = plain_flush,
	.unsent = plain_unsent,
	.peer_state = plain_peer_state,
	.probe = plain_probe,
	.raw_fd = plain_raw_fd,
	.raw_error = plain_raw_error,
	.set_addresses = plain_set_addresses,
	.info = plain_info,
};

struct transport *transport_plain_new(struct loop *loop, int fd, const struct socket_address *given,
				      bool nagle)
{
	const int on = 1;
	struct socket_address peer = given != NULL ? *given : sockaddr_peer(fd);
	struct socket_address known = peer.len > 0 ? peer : sockaddr_own(fd);
	struct plain *p = alloc_zeroed(sizeof(*p) + peer.len);

	p->base = (struct transport){ .ops = &plain_ops, .loop = loop };
	p->fd = fd;
	p->peer_len = (unsigned char)peer.len; /* of sockaddr_un, the longest: 110 */
	memcpy(p->peer, &peer.addr, peer.len);
	p->inet = known.addr.ss_family == AF_INET || known.addr.ss_family == AF_INET6;
	p->bev = bufferevent_socket_new(loop_base(loop), fd, 0);
	(void)bufferevent_disable(p->bev, EV_WRITE);
	bufferevent_setcb(p->bev, on_input, NULL, on_event, p);
	p->base.input = bufferevent_get_input(p->bev);
	p->base.output = bufferevent_get_output(p->bev);
	(void)evbuffer_unfreeze(p->base.output, 1); /* libevent never drains it */
	if (p->inet && !nagle)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return &p->base;
}
