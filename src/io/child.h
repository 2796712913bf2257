/* SPDX-License-Identifier: ISC */
/* child: commands that the program runs by /bin/sh, until they have been waited for. */
#pragma once

/*
 * A child gets standard input, output and error, and no other descriptor unless asked for.
 * Signals have their default actions there, except that what was ignored when the program
 * was started stays ignored, and the limit of descriptors is the one that the program was
 * started with.
 *
 * A child is never forgotten: when its owner loses interest while it runs, it gets
 * SIGTERM, later SIGKILL, and is waited for; the others of its group get the signals, too.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

struct child;
struct children;
struct err;
struct loop;
struct task;

/* All children of a program. `limit` is the soft limit of descriptors that they get; 0:
 * the one in force. */
struct children *children_new(struct loop *loop, rlim_t limit);

void children_free(struct children *children); /* none of them runs any more */

/* Does one of them still run, or one of a group that was asked to end? The first call that
 * says no comes after `task` (or NULL) has been woken. */
bool children_running(const struct children *children);
void children_set_task(struct children *children, struct task *task);

/* child_end() for those with a group of their own; SIGKILL for all. */
void children_end(struct children *children, uint64_t kill_after_ms);
void children_kill(struct children *children);

struct child_options {
	const char *command;	  /* for /bin/sh -c */
	char *const *environment; /* NULL at its end */
	bool own_group;		  /* else it stays in ours, and may use the terminal */
	bool inherits; /* descriptors that the program was started with and does not use */
};

/* Our ends of the pipes to its standard input and from its standard output, close-on-exec
 * and blocking; handed over. */
struct child_pipes {
	int to, from;
};

/*
 * With `pipes` NULL its standard input and output are ours, as standard error always is.
 * `task` is woken when it has exited. NULL with ERR_EXEC when /bin/sh cannot be started,
 * ERR_IO when no pipe can be made. Free it with child_free().
 */
struct child *child_start(struct children *children, const struct child_options *options,
			  struct child_pipes *pipes, struct task *task, struct err *err);

/* Ask it and its group to end, if it still runs: SIGTERM, and SIGKILL after
 * `kill_after_ms`, also to others of the group that outlive it. A second call does nothing. */
void child_end(struct child *child, uint64_t kill_after_ms);

/* Send it this signal, if it still runs. */
void child_signal(const struct child *child, int signo);

/* child_end() if it still runs; it is waited for all the same. NULL is allowed. */
void child_free(struct child *child, uint64_t kill_after_ms);

/* Has it exited? */
bool child_exited(const struct child *child);

/* Once it has: its exit status, 128 + N when it was killed by signal N. */
int child_status(const struct child *child);

/* An error for a status that is not 0: ERR_COMMAND, "the command exited with status 3",
 * "the command was killed by signal 15 (terminated)". True when it is 0, and after
 * child_end(): the status is of our making then. */
bool child_succeeded(const struct child *child, struct err *err);
