/* SPDX-License-Identifier: ISC */
/* load_feed: what gives bytes to others, and takes them. */
#include "config.h"

#include "bench/load.h"

#include "bench/bench.h"

#include <linux/sockios.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

void load_produce(int argc, char **argv)
{
	static const char chunk[BENCH_CHUNK];

	(void)argc; /* checked */
	for (uint64_t left = bench_number(argv[1]); left;) {
		size_t length = left < sizeof(chunk) ? (size_t)left : sizeof(chunk);

		bench_write(STDOUT_FILENO, chunk, length);
		left -= length;
	}
}

void load_consume(int argc, char **argv)
{
	(void)argc;
	(void)argv; /* none */
	printf("%llu\n", (unsigned long long)bench_drain(STDIN_FILENO));
}

static void end_connection(int fd)
{
	if (shutdown(fd, SHUT_WR))
		bench_die("shutdown");
	(void)bench_drain(fd);
	close(fd);
}

void load_lines(int argc, char **argv)
{
	enum { LINES = 1024 };
	uint64_t count = bench_number(argv[1]);
	size_t length = bench_number(argv[2]);
	char *block = malloc(LINES * length);
	int listener;

	(void)argc; /* checked */
	if (!block)
		bench_die("lines");
	memset(block, 'x', LINES * length);
	for (size_t i = 1; i <= LINES; i++)
		block[i * length - 1] = '\n';
	listener = bench_listen();
	for (;;) {
		int fd = bench_accept(listener);
		uint64_t left = count;

		for (; left >= LINES; left -= LINES)
			bench_write(fd, block, LINES * length);
		bench_write(fd, block, left * length);
		end_connection(fd);
	}
}

/* On a Unix socket SIOCOUTQ is what the peer has not read yet; on TCP the kernel answers for
 * the peer, and bytes would arrive in heaps. */
static void wait_until_read(int fd)
{
	int unread;

	do {
		sched_yield();
		if (ioctl(fd, SIOCOUTQ, &unread))
			bench_die("SIOCOUTQ");
	} while (unread);
}

void load_drip(int argc, char **argv)
{
	uint64_t length = bench_number(argv[2]);
	int listener = bench_listen_unix(argv[1]);

	(void)argc; /* checked */
	for (;;) {
		int fd = bench_accept(listener);

		for (uint64_t sent = 1; sent < length; sent++) {
			bench_write(fd, "x", 1);
			wait_until_read(fd);
		}
		bench_write(fd, "\n", 1);
		end_connection(fd);
	}
}

static void read_request(int fd)
{
	char request[4096];
	size_t have = 0;

	while (have < sizeof(request)) {
		ssize_t n = read(fd, request + have, sizeof(request) - have);

		if (n <= 0)
			return;
		have += (size_t)n;
		if (memmem(request, have, "\r\n\r\n", 4))
			return;
	}
}

void load_respond(int argc, char **argv)
{
	static const char response[] = "HTTP/1.1 200 OK\r\n"
				       "Server: bench\r\n"
				       "Content-Type: text/html\r\n"
				       "Content-Length: 1000\r\n"
				       "Connection: close\r\n\r\n";
	int listener = bench_listen();

	(void)argc;
	(void)argv; /* none */
	for (;;) {
		int fd = bench_accept(listener);

		read_request(fd);
		bench_write(fd, response, sizeof(response) - 1);
		close(fd);
	}
}
