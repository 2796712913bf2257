/* SPDX-License-Identifier: ISC */
/* yard_splice: the yardstick for bulk: sendfile and splice, one connection, one way. */
#include "config.h"

#include "bench/bench.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIPE_SIZE = 1 << 20 };

static const char USAGE[] = "yard_splice listen >OUTPUT | yard_splice connect PORT <INPUT";

/* An inherited pipe keeps its size, as it does with liu: it is not ours alone. */
static int is_pipe(int fd)
{
	struct stat status;

	if (fstat(fd, &status))
		bench_die("fstat");
	return S_ISFIFO(status.st_mode);
}

/* One end is a pipe. */
static void splice_all(int from, int to)
{
	ssize_t n;

	while ((n = splice(from, NULL, to, NULL, PIPE_SIZE, SPLICE_F_MOVE)) > 0)
		;
	if (n < 0)
		bench_die("splice");
}

static void splice_through_pipe(int from, int to)
{
	int ends[2];
	ssize_t n;

	if (pipe2(ends, O_CLOEXEC))
		bench_die("pipe");
	if (fcntl(ends[0], F_SETPIPE_SZ, PIPE_SIZE) < 0)
		bench_die("F_SETPIPE_SZ");
	while ((n = splice(from, NULL, ends[1], NULL, PIPE_SIZE, SPLICE_F_MOVE)) > 0) {
		while (n > 0) {
			ssize_t out = splice(ends[0], NULL, to, NULL, (size_t)n, SPLICE_F_MOVE);

			if (out <= 0)
				bench_die("splice");
			n -= out;
		}
	}
	if (n < 0)
		bench_die("splice");
}

static void send_input(int fd)
{
	ssize_t n;

	if (is_pipe(STDIN_FILENO)) {
		splice_all(STDIN_FILENO, fd);
		return;
	}
	while ((n = sendfile(fd, STDIN_FILENO, NULL, PIPE_SIZE)) > 0)
		;
	if (n < 0)
		bench_die("sendfile");
}

static void receive_output(int fd)
{
	if (!is_pipe(STDOUT_FILENO)) {
		splice_through_pipe(fd, STDOUT_FILENO);
		return;
	}
	splice_all(fd, STDOUT_FILENO);
}

int main(int argc, char **argv)
{
	int fd;

	if (argc == 2 && !strcmp(argv[1], "listen")) {
		receive_output(bench_accept(bench_listen()));
		return 0;
	}
	if (argc != 3 || strcmp(argv[1], "connect") != 0)
		bench_usage(USAGE);
	fd = bench_connect(argv[2]);
	send_input(fd);
	if (shutdown(fd, SHUT_WR))
		bench_die("shutdown");
	(void)bench_drain(fd);
	return 0;
}
