/* SPDX-License-Identifier: ISC */
/* yard_echo: the yardstick for echo: epoll, read and write; with an argument it prints, too. */
#include "config.h"

#include "bench/bench.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 64 };

static void watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		bench_die("epoll_ctl");
}

static void accept_all(int epoll, int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		bench_nodelay(fd);
		watch(epoll, fd);
	}
}

/* The socket blocks, so send() takes all: a client of the benchmark reads what it has sent. */
static void echo(int fd, bool print)
{
	static char chunk[BENCH_CHUNK];
	ssize_t n = read(fd, chunk, sizeof(chunk));

	if (n > 0 && print)
		bench_write(STDOUT_FILENO, chunk, (size_t)n);
	if (n <= 0 || send(fd, chunk, (size_t)n, MSG_NOSIGNAL) != n)
		close(fd);
}

int main(int argc, char **argv)
{
	struct epoll_event events[EVENTS];
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int listener;
	bool print = argc > 1;

	(void)argv;
	if (epoll < 0)
		bench_die("epoll");
	bench_raise_descriptors();
	listener = bench_listen();
	if (fcntl(listener, F_SETFL, O_NONBLOCK))
		bench_die("fcntl");
	watch(epoll, listener);
	for (;;) {
		int count = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < count; i++) {
			if (events[i].data.fd == listener)
				accept_all(epoll, listener);
			else
				echo(events[i].data.fd, print);
		}
	}
}
