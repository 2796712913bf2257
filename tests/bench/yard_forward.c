/* SPDX-License-Identifier: ISC */
/* yard_forward: the yardstick for forwarding: epoll with splice, or with read and write. */
#include "config.h"

#include "bench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 64, PIPE_SIZE = 1 << 20 };

static const char USAGE[] = "yard_forward copy PORT | yard_forward splice PORT";

struct end {
	int fd;
	int pipe[2];	/* splice: bytes read here, not yet written to the other end */
	size_t held;	/* bytes in it */
	bool ended;	/* the end of the stream was read and passed on */
	uint32_t waits; /* the events registered */
	struct end *other;
	struct pair *pair;
};

struct pair {
	struct end ends[2];
	bool closed;
	struct pair *next; /* in forwarder.closed */
};

struct forwarder {
	int epoll;
	const char *port;
	bool splices;
	struct pair *closed; /* pending events may still point to them */
};

static void watch(struct forwarder *forwarder, struct end *end, uint32_t waits)
{
	struct epoll_event event = { .events = waits, .data.ptr = end };

	if (waits == end->waits)
		return;
	end->waits = waits;
	if (epoll_ctl(forwarder->epoll, EPOLL_CTL_MOD, end->fd, &event))
		bench_die("epoll_ctl");
}

static void watch_both(struct forwarder *forwarder, struct end *from)
{
	for (int i = 0; i < 2; i++, from = from->other) {
		uint32_t waits = from->ended || from->held ? 0 : EPOLLIN;

		watch(forwarder, from, waits | (from->other->held ? EPOLLOUT : 0));
	}
}

static void close_pair(struct forwarder *forwarder, struct pair *pair)
{
	for (int i = 0; i < 2; i++) {
		close(pair->ends[i].fd);
		if (forwarder->splices) {
			close(pair->ends[i].pipe[0]);
			close(pair->ends[i].pipe[1]);
		}
	}
	pair->closed = true;
	pair->next = forwarder->closed;
	forwarder->closed = pair;
}

/* False: the other end is full, or broken. */
static bool splice_out(struct end *from)
{
	while (from->held) {
		ssize_t n = splice(from->pipe[0], NULL, from->other->fd, NULL, from->held,
				   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

		if (n <= 0)
			return false;
		from->held -= (size_t)n;
	}
	return true;
}

/* As read(); EAGAIN also when the other end is full. */
static ssize_t splice_some(struct end *from)
{
	ssize_t n;

	if (!splice_out(from))
		return -1;
	n = splice(from->fd, NULL, from->pipe[1], NULL, PIPE_SIZE,
		   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (n <= 0)
		return n;
	from->held = (size_t)n;
	return splice_out(from) ? n : -1;
}

/* For small messages: it has no buffer for what the other end does not take at once. */
static ssize_t copy_some(struct end *from)
{
	static char chunk[BENCH_CHUNK];
	ssize_t n = read(from->fd, chunk, sizeof(chunk));

	if (n <= 0)
		return n;
	if (send(from->other->fd, chunk, (size_t)n, MSG_NOSIGNAL) != n)
		return errno = EPIPE, -1;
	return n;
}

static void move(struct forwarder *forwarder, struct end *from)
{
	ssize_t n = forwarder->splices ? splice_some(from) : copy_some(from);

	if (n == 0 && !from->ended) {
		from->ended = true;
		shutdown(from->other->fd, SHUT_WR);
	}
	if ((n < 0 && errno != EAGAIN) || (from->ended && from->other->ended))
		close_pair(forwarder, from->pair);
	else
		watch_both(forwarder, from);
}

static void handle_event(struct forwarder *forwarder, struct end *end, uint32_t events)
{
	if (events & EPOLLOUT && !end->pair->closed)
		move(forwarder, end->other);
	if (events & ~(uint32_t)EPOLLOUT && !end->pair->closed)
		move(forwarder, end);
}

static void end_init(struct forwarder *forwarder, struct pair *pair, int which, int fd)
{
	struct end *end = &pair->ends[which];
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = end };

	*end = (struct end){
		.fd = fd, .waits = EPOLLIN, .other = &pair->ends[!which], .pair = pair
	};
	bench_nodelay(fd);
	if (fcntl(fd, F_SETFL, O_NONBLOCK))
		bench_die("O_NONBLOCK");
	if (forwarder->splices) {
		if (pipe2(end->pipe, O_CLOEXEC))
			bench_die("pipe");
		(void)fcntl(end->pipe[0], F_SETPIPE_SZ, PIPE_SIZE); /* or as large as we may */
	}
	if (epoll_ctl(forwarder->epoll, EPOLL_CTL_ADD, fd, &event))
		bench_die("epoll_ctl");
}

static void accept_all(struct forwarder *forwarder, int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		struct pair *pair = calloc(1, sizeof(*pair));

		if (!pair)
			bench_die("pair");
		end_init(forwarder, pair, 0, fd);
		end_init(forwarder, pair, 1, bench_connect(forwarder->port));
	}
}

static void forward_all(struct forwarder *forwarder, int listener)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(forwarder->epoll, events, EVENTS, -1);
	struct pair *pair;

	for (int i = 0; i < count; i++) {
		if (events[i].data.ptr)
			handle_event(forwarder, events[i].data.ptr, events[i].events);
		else
			accept_all(forwarder, listener);
	}
	while ((pair = forwarder->closed)) {
		forwarder->closed = pair->next;
		free(pair);
	}
}

int main(int argc, char **argv)
{
	struct forwarder forwarder = { .epoll = epoll_create1(EPOLL_CLOEXEC) };
	struct epoll_event event = { .events = EPOLLIN };
	int listener;

	if (argc != 3 || (strcmp(argv[1], "copy") != 0 && strcmp(argv[1], "splice") != 0))
		bench_usage(USAGE);
	forwarder.splices = !strcmp(argv[1], "splice");
	forwarder.port = argv[2];
	bench_raise_descriptors();
	listener = bench_listen();
	if (forwarder.epoll < 0 || fcntl(listener, F_SETFL, O_NONBLOCK) ||
	    epoll_ctl(forwarder.epoll, EPOLL_CTL_ADD, listener, &event))
		bench_die("epoll");
	for (;;)
		forward_all(&forwarder, listener);
}
