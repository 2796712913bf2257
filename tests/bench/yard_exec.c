/* SPDX-License-Identifier: ISC */
/* yard_exec: the yardstick for a child per connection: posix_spawn, the socket as its input and
 * output. */
#include "config.h"

#include "bench/bench.h"

#include <signal.h>
#include <spawn.h>
#include <unistd.h>

static const char USAGE[] = "yard_exec COMMAND";

extern char **environ;

static void spawn(int fd, char *command)
{
	char shell[] = "sh", option[] = "-c";
	char *argv[] = { shell, option, command, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;

	if (posix_spawn_file_actions_init(&actions) ||
	    posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO) ||
	    posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO) ||
	    posix_spawn(&pid, "/bin/sh", &actions, NULL, argv, environ))
		bench_die("posix_spawn");
	posix_spawn_file_actions_destroy(&actions);
}

int main(int argc, char **argv)
{
	struct sigaction reap = { .sa_handler = SIG_IGN }; /* the kernel reaps the children */
	int listener;

	if (argc != 2)
		bench_usage(USAGE);
	if (sigaction(SIGCHLD, &reap, NULL))
		bench_die("sigaction");
	listener = bench_listen();
	for (;;) {
		int fd = bench_accept(listener);

		spawn(fd, argv[1]);
		close(fd);
	}
}
