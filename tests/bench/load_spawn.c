/* SPDX-License-Identifier: ISC */
/* load_spawn: how long a command takes from start to exit. */
#include "config.h"

#include "bench/load.h"

#include "bench/bench.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TIMES_LEAST = 5, SECONDS_MOST = 1 };

extern char **environ;

static void to_null(posix_spawn_file_actions_t *actions, int fd, int flags)
{
	if (posix_spawn_file_actions_addopen(actions, fd, "/dev/null", flags, 0))
		bench_die("posix_spawn");
}

static double run_once(char **argv)
{
	posix_spawn_file_actions_t actions;
	double start;
	pid_t pid;
	int status;

	if (posix_spawn_file_actions_init(&actions))
		bench_die("posix_spawn");
	to_null(&actions, STDIN_FILENO, O_RDONLY);
	to_null(&actions, STDOUT_FILENO, O_WRONLY);
	to_null(&actions, STDERR_FILENO, O_WRONLY);
	start = bench_now();
	if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) ||
	    waitpid(pid, &status, 0) != pid)
		bench_die(argv[0]);
	start = bench_now() - start;
	posix_spawn_file_actions_destroy(&actions);
	if (status) {
		fprintf(stderr, "%s: wait status %d\n", argv[0], status);
		exit(1);
	}
	return start;
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

void load_spawn(int argc, char **argv)
{
	size_t most = bench_number(argv[1]), times = 0;
	double *taken = calloc(most, sizeof(*taken));
	double start = bench_now();

	(void)argc; /* checked; argv ends in NULL */
	if (!taken)
		bench_die("spawn");
	while (times < most && (times < TIMES_LEAST || bench_now() < start + SECONDS_MOST))
		taken[times++] = run_once(argv + 2);
	qsort(taken, times, sizeof(*taken), compare);
	printf("%.4f\n", taken[times / 2] * 1000);
	free(taken);
}
