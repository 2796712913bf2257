/* SPDX-License-Identifier: ISC */
/* yard_broker: the yardstick for a broker: epoll, reads, and one write to each of the others. */
#include "config.h"

#include "bench/bench.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { EVENTS = 64, PEERS = 1024, PIECE = 4096 };

/* What one turn of the loop has read. */
struct message {
	int from;
	size_t length;
	char data[PIECE];
};

static struct message messages[EVENTS];
static int peers[PEERS];
static size_t peer_count;

static void watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		bench_die("epoll_ctl");
}

static void accept_all(int epoll, int listener)
{
	int fd;

	while (peer_count < PEERS && (fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		bench_nodelay(fd);
		watch(epoll, fd);
		peers[peer_count++] = fd;
	}
}

static void receive(struct message *message, int from)
{
	ssize_t n = read(from, message->data, sizeof(message->data));

	if (n <= 0)
		exit(0); /* the clients have left */
	message->from = from;
	message->length = (size_t)n;
}

/* Blocks on a slow peer; the benchmark has none. */
static void send_others(int peer, size_t count)
{
	struct iovec pieces[EVENTS];
	struct msghdr header = { .msg_iov = pieces };
	size_t length = 0;

	for (struct message *m = messages; m < messages + count; m++) {
		if (m->from == peer)
			continue;
		pieces[header.msg_iovlen++] = (struct iovec){ m->data, m->length };
		length += m->length;
	}
	if (length > 0 && sendmsg(peer, &header, MSG_NOSIGNAL) != (ssize_t)length)
		exit(0);
}

int main(void)
{
	struct epoll_event events[EVENTS];
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int listener = bench_listen();

	if (epoll < 0 || fcntl(listener, F_SETFL, O_NONBLOCK))
		bench_die("epoll");
	watch(epoll, listener);
	for (;;) {
		int ready = epoll_wait(epoll, events, EVENTS, -1);
		size_t count = 0;

		for (int i = 0; i < ready; i++) {
			if (events[i].data.fd == listener)
				accept_all(epoll, listener);
			else
				receive(&messages[count++], events[i].data.fd);
		}
		for (size_t i = 0; i < peer_count; i++)
			send_others(peers[i], count);
	}
}
