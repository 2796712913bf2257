/* SPDX-License-Identifier: ISC */
/* yard_lines: the yardstick for lines: read, memchr and write. */
#include "config.h"

#include "bench/bench.h"

#include <string.h>
#include <unistd.h>

static const char USAGE[] = "yard_lines PORT COUNT >OUTPUT";

/* The bytes up to and with the last of `*left` lines. */
static size_t take_lines(const char *data, size_t length, uint64_t *left)
{
	const char *at = data, *end = data + length, *newline;

	while (*left && (newline = memchr(at, '\n', (size_t)(end - at)))) {
		at = newline + 1;
		(*left)--;
	}
	return *left ? length : (size_t)(at - data);
}

int main(int argc, char **argv)
{
	static char chunk[4 * BENCH_CHUNK];
	uint64_t left;
	int fd;

	if (argc != 3)
		bench_usage(USAGE);
	left = bench_number(argv[2]);
	fd = bench_connect(argv[1]);
	while (left) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n <= 0)
			bench_die("too few lines");
		bench_write(STDOUT_FILENO, chunk, take_lines(chunk, (size_t)n, &left));
	}
	return 0;
}
