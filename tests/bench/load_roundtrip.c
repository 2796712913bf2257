/* SPDX-License-Identifier: ISC */
/* load_roundtrip: one connection that sends as fast as it can and receives its echo. */
#include "config.h"

#include "bench/load.h"

#include "bench/bench.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

enum { WAIT_MS = 20000 };

struct roundtrip {
	int fd;
	uint64_t unsent, unreceived;
};

static void send_more(struct roundtrip *trip)
{
	static const char chunk[4 * BENCH_CHUNK];
	size_t length = trip->unsent < sizeof(chunk) ? (size_t)trip->unsent : sizeof(chunk);
	ssize_t n = send(trip->fd, chunk, length, MSG_DONTWAIT);

	if (n < 0 && errno != EAGAIN)
		bench_die("send");
	trip->unsent -= n < 0 ? 0 : (uint64_t)n;
	if (!trip->unsent && shutdown(trip->fd, SHUT_WR))
		bench_die("shutdown");
}

static void receive_more(struct roundtrip *trip)
{
	static char chunk[4 * BENCH_CHUNK];
	ssize_t n = recv(trip->fd, chunk, sizeof(chunk), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0 || (uint64_t)n > trip->unreceived)
		bench_die("not the bytes that were sent");
	trip->unreceived -= (uint64_t)n;
}

void load_roundtrip(int argc, char **argv)
{
	struct roundtrip trip = { bench_connect(argv[1]), bench_number(argv[2]), 0 };
	uint64_t bytes = trip.unreceived = trip.unsent;
	double start = bench_now();

	(void)argc; /* checked */
	while (trip.unreceived) {
		struct pollfd wait = { .fd = trip.fd, .events = POLLIN };

		if (trip.unsent)
			wait.events |= POLLOUT;
		if (poll(&wait, 1, WAIT_MS) != 1)
			bench_die("nothing moves");
		if (wait.revents & POLLIN)
			receive_more(&trip);
		if (wait.revents & POLLOUT)
			send_more(&trip);
	}
	printf("%.4f\n", (double)bytes / (bench_now() - start) / 1e9);
}
