/* SPDX-License-Identifier: ISC */
/* test_child: what a command gets, how its end is noticed, and that none is forgotten. */
#include "config.h"

#include "io/child.h"

#include "base/environment.h"
#include "base/err.h"
#include "io/loop.h"

#include "unit/support.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { SAID_MAX = 4096, LONG_COMMAND = 256 * 1024, DESCRIPTORS_MAX = 100 };

struct rig {
	struct loop *loop;
	struct children *children;
	struct task task;
	struct environment env;
	struct child_options options;
	struct child *child;
	struct child_pipes pipes;
	char said[SAID_MAX];
};

static bool none_runs(void *arg)
{
	return !children_running(arg);
}

static int set_up(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	rig->loop = loop_new();
	rig->children = children_new(rig->loop, 0);
	rig->env = environment_copy();
	rig->options = (struct child_options){ .environment = rig->env.items, .own_group = true };
	task_init(&rig->task, rig->loop, support_no_op, rig);
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	child_free(rig->child, 0);
	assert_true(support_run(rig->loop, none_runs, rig->children, SUPPORT_DEADLINE_MS));
	children_free(rig->children);
	task_cancel(&rig->task);
	loop_free(rig->loop);
	environment_free(&rig->env);
	free(rig);
	return 0;
}

static void begin(struct rig *rig, const char *command)
{
	struct err err;

	rig->options.command = command;
	rig->child = child_start(rig->children, &rig->options, &rig->pipes, &rig->task, &err);
	assert_non_null(rig->child);
}

static bool has_exited(void *arg)
{
	const struct rig *rig = arg;

	return child_exited(rig->child);
}

/* Its status; what it said is in rig->said. */
static int end(struct rig *rig)
{
	size_t len = 0;
	ssize_t n;

	(void)close(rig->pipes.to);
	while ((n = read(rig->pipes.from, rig->said + len, SAID_MAX - 1 - len)) > 0)
		len += (size_t)n;
	rig->said[len] = '\0';
	(void)close(rig->pipes.from);
	assert_true(support_run(rig->loop, has_exited, rig, SUPPORT_DEADLINE_MS));
	return child_status(rig->child);
}

/* It keeps a limit of its own, and ends a child whose execve(2) fails. */
static void skip_under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	if (preload != NULL && strstr(preload, "vgpreload") != NULL)
		skip();
}

static const char *says(struct rig *rig, const char *command)
{
	begin(rig, command);
	assert_int_equal(end(rig), 0);
	child_free(rig->child, 0);
	rig->child = NULL;
	return rig->said;
}

static int open_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* A line that the child says first, without its end. */
static void read_line(struct rig *rig, char *line, size_t size)
{
	size_t len = 0;

	while (len < size - 1 && read(rig->pipes.from, line + len, 1) == 1 && line[len] != '\n')
		len++;
	line[len] = '\0';
}

/* --- status --- */

static void the_status_is_exact(void **state)
{
	static const struct {
		const char *command;
		int status;
		const char *text;
	} rows[] = {
		{ "exit 0", 0, "" },
		{ "exit 3", 3, "the command exited with status 3" },
		{ "exit 255", 255, "the command exited with status 255" },
		{ "kill -KILL $$", 137, "the command was killed by signal 9 (killed)" },
		{ "kill -TERM $$", 143, "the command was killed by signal 15 (terminated)" },
		{ "/nonexistent/program 2>&-", 127, "the command exited with status 127" },
		{ "/ 2>&-", 126, "the command exited with status 126" },
		{ "-n 2>&-", 127, "the command exited with status 127" },
	};
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = { 0 };

		begin(rig, rows[i].command);
		assert_int_equal(end(rig), rows[i].status);
		child_end(rig->child, 0); /* too late: it has not been ended by us */
		assert_int_equal(child_succeeded(rig->child, &err), rows[i].status == 0);
		assert_string_equal(err.text, rows[i].text);
		assert_int_equal(err_status(&err), rows[i].status);
		child_free(rig->child, 0);
		rig->child = NULL;
	}
}

static void children_of_others_are_left_alone(void **state)
{
	struct rig *rig = *state;
	siginfo_t info = { 0 };
	int status;
	pid_t other = fork();

	if (other == 0)
		_exit(9);
	assert_int_equal(waitid(P_PID, (id_t)other, &info, WEXITED | WNOWAIT), 0);
	begin(rig, "exit 4");
	assert_int_equal(end(rig), 4);
	assert_int_equal(waitpid(other, &status, WNOHANG), other);
	assert_int_equal(WEXITSTATUS(status), 9);
}

static void sigchld_may_be_ignored_or_blocked(void **state)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct rig *rig = *state;
	sigset_t set;

	assert_int_equal(sigaction(SIGCHLD, &ignore, NULL), 0);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	begin(rig, "exit 5");
	assert_int_equal(end(rig), 5);
}

/* Nothing else is waited for: the loop must not take that for a lost wake-up. */
static void stop_loop(void *arg)
{
	struct rig *rig = arg;

	loop_stop(rig->loop);
}

static void an_exit_alone_keeps_the_loop_alive(void **state)
{
	struct rig *rig = *state;

	rig->task.run = stop_loop;
	begin(rig, "read line");
	(void)close(rig->pipes.to);
	assert_true(loop_run(rig->loop));
	assert_true(child_exited(rig->child));
	(void)close(rig->pipes.from);
}

/* --- what it gets --- */

static void it_is_piped(void **state)
{
	struct rig *rig = *state;
	static const char text[] = "through\n";

	begin(rig, "cat");
	assert_true(fcntl(rig->pipes.to, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(rig->pipes.from, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(rig->pipes.to, text, strlen(text)), strlen(text));
	assert_int_equal(end(rig), 0);
	assert_string_equal(rig->said, text);
}

static void it_gets_three_descriptors(void **state)
{
	struct rig *rig = *state;
	int pair[2];

	support_tcp_pair(pair);
	/* The fourth is how ls reads the directory. */
	assert_string_equal(says(rig, "exec ls /proc/self/fd"), "0\n1\n2\n3\n");
	(void)close(pair[0]);
	(void)close(pair[1]);
}

/* FD_CLOEXEC is set on what was given as fd:2, also where that is standard error. */
static void standard_error_is_always_passed_on(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(fcntl(STDERR_FILENO, F_SETFD, FD_CLOEXEC), 0);
	assert_string_equal(says(rig, "test -e /proc/$$/fd/2 && echo there"), "there\n");
	assert_int_equal(fcntl(STDERR_FILENO, F_SETFD, 0), 0);
}

static void it_gets_this_environment(void **state)
{
	struct rig *rig = *state;

	environment_set(&rig->env, "LIU_TEST", "one");
	environment_set(&rig->env, "LIU_TEST", "two words");
	environment_set(&rig->env, "LIU_TEST_LONGER", "");
	environment_set(&rig->env, "HOME", NULL);
	rig->options.environment = rig->env.items;
	assert_string_equal(says(rig, "echo \"$LIU_TEST|${LIU_TEST_LONGER-unset}|${HOME-unset}\""),
			    "two words||unset\n");
}

static void note(int signo)
{
	(void)signo;
}

/* Bit N - 1 of the kernel's masks is signal N; the low 28 are looked at. */
static void signals_are_reset_but_not_ignored_ones(void **state)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, catch = { .sa_handler = note };
	struct rig *rig = *state;
	sigset_t set;

	assert_int_equal(sigaction(SIGUSR1, &ignore, NULL), 0);
	assert_int_equal(sigaction(SIGUSR2, &catch, NULL), 0);
	sigfillset(&set);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	assert_string_equal(says(rig, "sed -n 's/^Sig\\(Blk\\|Ign\\):.*\\(.\\{7\\}\\)$/\\1 \\2/p' "
				      "/proc/self/status"),
			    "Blk 0000000\nIgn 0000200\n");
	assert_int_equal(sigprocmask(SIG_UNBLOCK, &set, NULL), 0);
}

static void it_gets_the_old_limit_of_descriptors(void **state)
{
	struct rig *rig = *state;
	struct rlimit before, after;

	skip_under_valgrind();
	children_free(rig->children);
	rig->children = children_new(rig->loop, 123);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	assert_string_equal(says(rig, "ulimit -S -n"), "123\n");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &after), 0);
	assert_memory_equal(&before, &after, sizeof(before));
}

static void the_old_limit_may_be_below_our_descriptors(void **state)
{
	struct rig *rig = *state;
	int high[DESCRIPTORS_MAX / 2];

	skip_under_valgrind();
	children_free(rig->children);
	rig->children = children_new(rig->loop, 10);
	for (int i = 0; i < DESCRIPTORS_MAX / 2; i++)
		high[i] = dup(STDIN_FILENO);
	assert_string_equal(says(rig, "ulimit -S -n"), "10\n");
	for (int i = 0; i < DESCRIPTORS_MAX / 2; i++)
		(void)close(high[i]);
}

static void it_has_a_group_of_its_own_or_ours(void **state)
{
	static const char own[] = "set -- $(cat /proc/$$/stat); test $5 = $$ && echo own; true";
	struct rig *rig = *state;
	char ours[32];

	assert_string_equal(says(rig, own), "own\n");
	rig->options.own_group = false;
	assert_string_equal(says(rig, own), "");
	(void)snprintf(ours, sizeof(ours), "%d\n", (int)getpgrp());
	assert_string_equal(says(rig, "set -- $(cat /proc/$$/stat); echo $5"), ours);
}

static void a_shell_that_cannot_start_is_an_error(void **state)
{
	struct rig *rig = *state;
	struct err err;
	char *command;
	int open;

	skip_under_valgrind();
	command = calloc(1, LONG_COMMAND);
	memset(command, 'x', LONG_COMMAND - 1);
	says(rig, "true"); /* the loop has its descriptors for signals */
	open = open_descriptors();
	rig->options.command = command;
	assert_null(child_start(rig->children, &rig->options, &rig->pipes, &rig->task, &err));
	assert_int_equal(open_descriptors(), open);
	assert_int_equal(err.kind, ERR_EXEC);
	assert_string_equal(err.text, "cannot start /bin/sh: argument list too long");
	assert_false(children_running(rig->children));
	free(command);
}

static void want_of_descriptors_is_an_error(void **state)
{
	struct rig *rig = *state;
	struct rlimit old, low;
	struct err err;
	int next, open;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	says(rig, "true"); /* the loop has its descriptors for signals */
	open = open_descriptors();
	next = dup(STDIN_FILENO);
	(void)close(next);
	rig->options.command = "exit";
	for (int more = 0; more < 4; more++) {
		low = (struct rlimit){ .rlim_cur = (rlim_t)(next + more),
				       .rlim_max = old.rlim_max };
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
		rig->child =
			child_start(rig->children, &rig->options, &rig->pipes, &rig->task, &err);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
		assert_null(rig->child);
		assert_int_equal(err.kind, ERR_IO);
		assert_string_equal(err.text, "cannot make a pipe: too many open files");
		assert_int_equal(open_descriptors(), open);
	}
}

/* --- ending it --- */

static void it_ends_by_sigterm_with_its_group(void **state)
{
	struct rig *rig = *state;
	char pid[32];

	begin(rig, "sleep 100 & echo $!; wait");
	read_line(rig, pid, sizeof(pid));
	child_end(rig->child, 60 * 1000);
	assert_int_equal(end(rig), 143); /* the pipe has no writer left: both have ended */
	assert_string_equal(rig->said, "");
}

static void sigkill_comes_when_the_time_is_over(void **state)
{
	struct rig *rig = *state;
	uint64_t start = loop_now();
	char line[32];

	begin(rig, "trap '' TERM; echo ready; while :; do sleep 100; done");
	read_line(rig, line, sizeof(line));
	child_end(rig->child, 50);
	child_end(rig->child, 0); /* does not hurry it */
	assert_true(support_run(rig->loop, has_exited, rig, SUPPORT_DEADLINE_MS));
	assert_true(loop_now() - start >= 50 - SUPPORT_EARLY_MS);
	assert_int_equal(end(rig), 137);
}

/* The shell dies of SIGTERM, and what it has started does not. */
static void sigkill_comes_to_others_of_its_group(void **state)
{
	struct rig *rig = *state;
	char line[32];

	begin(rig, "(trap '' TERM; echo ready; while :; do sleep 100; done) & wait");
	read_line(rig, line, sizeof(line));
	child_end(rig->child, 300);
	assert_true(support_run(rig->loop, has_exited, rig, SUPPORT_DEADLINE_MS));
	child_free(rig->child, 0);
	rig->child = NULL;
	assert_true(children_running(rig->children));
	assert_true(support_run(rig->loop, none_runs, rig->children, SUPPORT_DEADLINE_MS));
	assert_int_equal(read(rig->pipes.from, line, sizeof(line)), 0);
	(void)close(rig->pipes.to);
	(void)close(rig->pipes.from);
}

/* They have the time for it. */
static void others_of_its_group_may_end_by_themselves(void **state)
{
	struct rig *rig = *state;
	char line[32];

	begin(rig, "(trap 'sleep 0.3; echo done; exit' TERM; echo ready; "
		   "while :; do sleep 0.05; done) & wait");
	read_line(rig, line, sizeof(line));
	child_end(rig->child, 60 * 1000);
	assert_true(support_run(rig->loop, none_runs, rig->children, SUPPORT_DEADLINE_MS));
	assert_int_equal(end(rig), 143);
	assert_string_equal(rig->said, "done\n");
}

static void a_stopped_one_ends_by_sigterm(void **state)
{
	struct rig *rig = *state;
	siginfo_t info = { 0 };
	char pid[32];

	begin(rig, "echo $$; kill -STOP $$");
	read_line(rig, pid, sizeof(pid));
	assert_int_equal(waitid(P_PID, (id_t)strtol(pid, NULL, 10), &info, WSTOPPED | WNOWAIT), 0);
	child_end(rig->child, 60 * 1000);
	assert_true(support_run(rig->loop, has_exited, rig, SUPPORT_DEADLINE_MS));
	assert_int_equal(end(rig), 143);
}

static void none_is_forgotten(void **state)
{
	struct rig *rig = *state;
	char line[32];

	for (int i = 0; i < 3; i++) {
		begin(rig, i == 0 ? "trap '' TERM; echo; exec sleep 100" : "echo; exec sleep 100");
		read_line(rig, line, sizeof(line));
		(void)close(rig->pipes.to);
		(void)close(rig->pipes.from);
		child_free(rig->child, 20);
	}
	rig->child = NULL;
	assert_true(support_run(rig->loop, none_runs, rig->children, SUPPORT_DEADLINE_MS));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void all_end_together(void **state)
{
	struct rig *rig = *state;
	struct child *terminal;

	begin(rig, "exec sleep 100");
	(void)close(rig->pipes.to);
	(void)close(rig->pipes.from);
	child_free(rig->child, 60 * 1000);
	rig->options.own_group = false;
	begin(rig, "exec sleep 100");
	terminal = rig->child;
	children_end(rig->children, 60 * 1000); /* not this one */
	assert_false(support_run(rig->loop, none_runs, rig->children, 20));
	assert_false(child_exited(terminal));
	children_kill(rig->children);
	assert_int_equal(end(rig), 137);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(the_status_is_exact),
		TEST(children_of_others_are_left_alone),
		TEST(sigchld_may_be_ignored_or_blocked),
		TEST(an_exit_alone_keeps_the_loop_alive),
		TEST(it_is_piped),
		TEST(it_gets_three_descriptors),
		TEST(standard_error_is_always_passed_on),
		TEST(it_gets_this_environment),
		TEST(signals_are_reset_but_not_ignored_ones),
		TEST(it_gets_the_old_limit_of_descriptors),
		TEST(the_old_limit_may_be_below_our_descriptors),
		TEST(it_has_a_group_of_its_own_or_ours),
		TEST(a_shell_that_cannot_start_is_an_error),
		TEST(want_of_descriptors_is_an_error),
		TEST(it_ends_by_sigterm_with_its_group),
		TEST(sigkill_comes_when_the_time_is_over),
		TEST(sigkill_comes_to_others_of_its_group),
		TEST(others_of_its_group_may_end_by_themselves),
		TEST(a_stopped_one_ends_by_sigterm),
		TEST(none_is_forgotten),
		TEST(all_end_together),
#undef TEST
	};

	closefrom(STDERR_FILENO + 1); /* what this program was started with is passed on */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
