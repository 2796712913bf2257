/* SPDX-License-Identifier: ISC */
/* bench: what the programs of the benchmark share. */
#include "config.h"

#include "bench/bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

void bench_die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

void bench_usage(const char *text)
{
	fprintf(stderr, "usage: %s\n", text);
	exit(2);
}

double bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

uint64_t bench_number(const char *text)
{
	char *end;
	unsigned long long number;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || *end || end == text || !number)
		bench_usage("a number above 0 is wanted");
	return number;
}

void bench_nodelay(int fd)
{
	int on = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		bench_die("TCP_NODELAY");
}

void bench_raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		bench_die("getrlimit");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		bench_die("setrlimit");
}

static struct sockaddr_in loopback(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

int bench_listen(void)
{
	struct sockaddr_in address = loopback(0);
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) || listen(fd, BACKLOG) ||
	    getsockname(fd, (struct sockaddr *)&address, &length))
		bench_die("listen");
	fprintf(stderr, "listening on 127.0.0.1:%u\n", ntohs(address.sin_port));
	return fd;
}

int bench_listen_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		bench_usage("a shorter path is wanted");
	memcpy(address.sun_path, path, strlen(path));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, BACKLOG))
		bench_die(path);
	fprintf(stderr, "listening on unix:%s\n", path);
	return fd;
}

int bench_accept(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		bench_die("accept");
	return fd;
}

int bench_connect(const char *port)
{
	struct sockaddr_in address = loopback((uint16_t)bench_number(port));
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		bench_die("connect");
	bench_nodelay(fd);
	return fd;
}

void bench_reconnect(int fd, const char *port)
{
	struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	struct sockaddr_in address = loopback((uint16_t)bench_number(port));

	if (connect(fd, &nobody, sizeof(nobody)) ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)))
		bench_die("connect again");
}

void bench_write(int fd, const char *data, size_t length)
{
	while (length) {
		ssize_t n = write(fd, data, length);

		if (n < 0)
			bench_die("write");
		data += n;
		length -= (size_t)n;
	}
}

uint64_t bench_drain(int fd)
{
	static char chunk[4 * BENCH_CHUNK];
	uint64_t total = 0;
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		total += (uint64_t)n;
	if (n < 0)
		bench_die("read");
	return total;
}
