/* SPDX-License-Identifier: ISC */
/* child: commands that the program runs by /bin/sh, until they have been waited for. */
#include "config.h"

#include "io/child.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/loop.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * posix_spawn(3) does not copy the process. fork(2) does, and beside the lookup threads its
 * child could call next to nothing before it executes the shell.
 *
 * It has no attribute for the limit of descriptors. prlimit(2) on the child would come
 * too late, and `ulimit` in the command would show in ps(1) and in the messages of the
 * shell. So the program has the old limit itself during the call. It loses nothing by
 * that: open descriptors stay, and no thread opens one meanwhile, as only listeners
 * raise the limit, and those that run commands look up no names then.
 *
 * SIGCHLD says that some child has exited, and each is asked, by its number: others may
 * have left us children of theirs. A pidfd for each would save the asking (0.3 ms for
 * 1,000 children) and cost a descriptor.
 */

enum { SIGNAL_STATUS = 128, GROUP_POLL_MS = 50 };

enum child_state {
	CHILD_RUNS,
	CHILD_EXITED, /* and was waited for */
	CHILD_OVER,   /* and so have the others of its group, if they were asked to end */
};

struct child {
	struct children *all;
	pid_t pid;
	bool own_group;
	enum child_state state;
	int status;		   /* once exited: of waitpid(2) */
	struct timer *kill_timer;  /* runs since SIGTERM; NULL: it was not sent */
	struct timer *group_timer; /* runs while others of its group remain; NULL: none did */
	struct task *task;	   /* NULL: its owner has freed it */
	TAILQ_ENTRY(child) link;   /* until it is over */
};

struct children {
	TAILQ_HEAD(, child) running;
	struct loop *loop;
	struct task task;
	struct task *owner;
	rlim_t limit;
	bool watching; /* SIGCHLD */
};

/* --- the end of a child --- */

static void discard(struct child *child)
{
	timer_free(child->kill_timer);
	timer_free(child->group_timer);
	free(child);
}

static void reap(struct child *child)
{
	pid_t got = TEMP_FAILURE_RETRY(waitpid(child->pid, &child->status, WNOHANG));

	if (got == 0)
		return;
	assert(got == child->pid);
	child->state = CHILD_EXITED;
	loop_await_signal(child->all->loop, false);
	if (child->task != NULL)
		task_wake(child->task);
}

/* Are there others of the group that was asked to end? Nothing tells of their end, so they are
 * polled: a group keeps its number while it has a process, and a number that has become free is
 * not given out again for far longer than a poll takes. */
static bool group_remains(struct child *child)
{
	if (!child->own_group || child->kill_timer == NULL || timer_expired(child->kill_timer))
		return false;
	while (waitpid(-child->pid, NULL, WNOHANG) > 0)
		continue; /* its orphans, whose parent we are as process 1 */
	if (kill(-child->pid, 0) < 0)
		return false;
	if (child->group_timer == NULL)
		child->group_timer = timer_new(&child->all->task);
	timer_start(child->group_timer, GROUP_POLL_MS);
	return true;
}

static void forget(struct child *child)
{
	child->state = CHILD_OVER;
	TAILQ_REMOVE(&child->all->running, child, link);
	timer_stop(child->kill_timer);
	timer_stop(child->group_timer);
	if (child->task == NULL)
		discard(child);
}

static void run(void *arg)
{
	struct children *all = arg;
	struct child *next;

	for (struct child *child = TAILQ_FIRST(&all->running); child != NULL; child = next) {
		next = TAILQ_NEXT(child, link);
		if (timer_expired(child->kill_timer))
			child_signal(child, SIGKILL);
		if (child->state == CHILD_RUNS)
			reap(child);
		if (child->state == CHILD_EXITED && !group_remains(child))
			forget(child);
	}
	if (all->owner != NULL && TAILQ_EMPTY(&all->running))
		task_wake(all->owner);
}

static void on_child(int signo, short what, void *arg)
{
	(void)signo;
	(void)what;
	task_wake_arg(arg);
}

/* The signal may have come to us blocked, or ignored: then there is nothing to wait for. */
static bool watch(struct children *all, struct err *err)
{
	sigset_t set;

	if (all->watching)
		return true;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	all->watching = loop_on_signal(all->loop, SIGCHLD, on_child, &all->task);
	return all->watching || err_sys(err, ERR_EXEC, errno, "cannot watch for commands to exit");
}

/* --- start --- */

static void close_end(int fd)
{
	if (fd > STDERR_FILENO)
		(void)close(fd);
}

static bool make_pipes(int in[2], int out[2], struct err *err)
{
	if (pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0)
		return true;
	(void)err_sys(err, ERR_IO, errno, "cannot make a pipe");
	close_end(in[0]);
	close_end(in[1]);
	return false;
}

/* Starts the shell with this soft limit of descriptors. Lowering it, and raising it to what it
 * was, are always allowed. */
static int spawn_limited(rlim_t limit, pid_t *pid, const posix_spawn_file_actions_t *actions,
			 const posix_spawnattr_t *attr, const struct child_options *options)
{
	/* After "--" a command that begins with "-" or "+" is not an option of the shell. */
	char *const argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, (char[]){ "--" },
			       (char *)options->command, NULL };
	struct rlimit now, old;
	bool limited = limit != 0 && getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur != limit;
	int sys;

	if (limited) {
		old = (struct rlimit){ .rlim_cur = limit, .rlim_max = now.rlim_max };
		(void)setrlimit(RLIMIT_NOFILE, &old);
	}
	sys = posix_spawn(pid, "/bin/sh", actions, attr, argv, options->environment);
	if (limited)
		(void)setrlimit(RLIMIT_NOFILE, &now);
	return sys;
}

/* Each of the three is set, which takes close-on-exec away: one given as fd:N has it. With the
 * old limit in force glibc would refuse actions for descriptors above it. */
static int spawn(rlim_t limit, pid_t *pid, const struct child_options *options, int in, int out)
{
	const int standard[] = { in, out, STDERR_FILENO };
	short group = options->own_group ? POSIX_SPAWN_SETPGROUP : 0;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	int sys = 0;

	(void)sigemptyset(&none);
	(void)posix_spawnattr_init(&attr);
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | group);
	(void)posix_spawnattr_setsigmask(&attr, &none);
	(void)posix_spawn_file_actions_init(&actions);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && sys == 0; fd++)
		sys = posix_spawn_file_actions_adddup2(&actions, standard[fd], fd);
	if (sys == 0 && !options->inherits)
		sys = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	if (sys == 0)
		sys = spawn_limited(limit, pid, &actions, &attr, options);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attr);
	return sys;
}

static struct child *child_new(struct children *all, pid_t pid, bool own_group, struct task *task)
{
	struct child *child = alloc_zeroed(sizeof(*child));

	child->all = all;
	child->pid = pid;
	child->own_group = own_group;
	child->task = task;
	TAILQ_INSERT_TAIL(&all->running, child, link);
	loop_await_signal(all->loop, true);
	return child;
}

struct child *child_start(struct children *children, const struct child_options *options,
			  struct child_pipes *pipes, struct task *task, struct err *err)
{
	int in[2] = { STDIN_FILENO, -1 }, out[2] = { -1, STDOUT_FILENO };
	pid_t pid;
	int sys;

	if (!watch(children, err) || (pipes != NULL && !make_pipes(in, out, err)))
		return NULL;
	sys = spawn(children->limit, &pid, options, in[0], out[1]);
	close_end(in[0]);
	close_end(out[1]);
	if (sys != 0) {
		close_end(in[1]);
		close_end(out[0]);
		(void)err_sys(err, ERR_EXEC, sys, "cannot start /bin/sh");
		return NULL;
	}
	if (pipes != NULL)
		*pipes = (struct child_pipes){ .to = in[1], .from = out[0] };
	return child_new(children, pid, options->own_group, task);
}

/* --- signals --- */

/* Its process may have moved to another group. */
void child_signal(const struct child *child, int signo)
{
	if (child->state == CHILD_OVER)
		return;
	if (child->own_group)
		(void)kill(-child->pid, signo);
	if (child->state == CHILD_RUNS && (!child->own_group || getpgid(child->pid) != child->pid))
		(void)kill(child->pid, signo);
}

/* A stopped one has to go on for that. */
void child_end(struct child *child, uint64_t kill_after_ms)
{
	if (child->state != CHILD_RUNS || child->kill_timer != NULL)
		return;
	child->kill_timer = timer_new(&child->all->task);
	timer_start(child->kill_timer, kill_after_ms);
	child_signal(child, SIGTERM);
	child_signal(child, SIGCONT);
}

void child_free(struct child *child, uint64_t kill_after_ms)
{
	if (child == NULL)
		return;
	child_end(child, kill_after_ms);
	child->task = NULL;
	if (child->state == CHILD_OVER)
		discard(child);
}

bool child_exited(const struct child *child)
{
	return child->state != CHILD_RUNS;
}

int child_status(const struct child *child)
{
	return WIFSIGNALED(child->status) ? SIGNAL_STATUS + WTERMSIG(child->status)
					  : WEXITSTATUS(child->status);
}

/* --- all of them --- */

struct children *children_new(struct loop *loop, rlim_t limit)
{
	struct children *all = alloc_zeroed(sizeof(*all));

	all->loop = loop;
	all->limit = limit;
	TAILQ_INIT(&all->running);
	task_init(&all->task, loop, run, all);
	return all;
}

void children_free(struct children *children)
{
	assert(!children_running(children));
	task_cancel(&children->task);
	free(children);
}

bool children_running(const struct children *children)
{
	return !TAILQ_EMPTY(&children->running);
}

void children_set_task(struct children *children, struct task *task)
{
	children->owner = task;
}

void children_end(struct children *children, uint64_t kill_after_ms)
{
	struct child *child;

	TAILQ_FOREACH (child, &children->running, link)
		if (child->own_group)
			child_end(child, kill_after_ms);
}

void children_kill(struct children *children)
{
	struct child *child;

	TAILQ_FOREACH (child, &children->running, link)
		child_signal(child, SIGKILL);
}

/* --- as an error --- */

bool child_succeeded(const struct child *child, struct err *err)
{
	int status = child_status(child);

	if (status == 0 || child->kill_timer != NULL)
		return true;
	if (WIFSIGNALED(child->status)) {
		const char *name = strsignal(WTERMSIG(child->status));

		(void)err_set(err, ERR_COMMAND, "the command was killed by signal %d (%c%s)",
			      WTERMSIG(child->status), tolower((unsigned char)name[0]), name + 1);
	} else {
		(void)err_set(err, ERR_COMMAND, "the command exited with status %d", status);
	}
	err->status = status;
	return false;
}
