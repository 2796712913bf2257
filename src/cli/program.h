/* SPDX-License-Identifier: ISC */
/* program: what every command runs in: loop, standard output, signals, the end. */
#ifndef LIU_CLI_PROGRAM_H
#define LIU_CLI_PROGRAM_H

/*
 * A command starts its work, calls program_run(), and says with program_finish()
 * when that is over. Standard output is then written out before the program
 * ends; when nobody reads it any more the program dies of SIGPIPE, as others do.
 */

#include "io/loop.h"
#include "net/dial.h"

#include <stdbool.h>
#include <stdint.h>

struct address;
struct err;
struct fd_reader;
struct options;
struct stdout_writer;
struct event_writer;

struct program {
	const struct options *options; /* borrowed */
	struct loop *loop;
	struct stdout_writer *output;
	struct event_writer *events;
	struct fd_reader *input; /* standard input; made by program_input() */
	struct task task;
	struct timer *deadline; /* connect, head: --timeout; NULL: none */
	uint64_t started_ms;
	int status;
	int signal;	   /* the one it ends by; 0: none */
	struct dial *dial; /* made by program_dial(), until it is done */
	dial_done_fn dialled;
	bool finished; /* the command's work is over */
	bool failed_output;
	bool signalled; /* a signal came that has not been dealt with */
	bool late;	/* the deadline has passed */

	/* What the command does on a signal, each time (NULL: it ends), and on a
	 * standard output that fails. Both must lead to program_finish(). */
	void (*on_signal)(void *arg);
	void (*on_output_error)(void *arg, const struct err *err);
	void *arg;
};

void program_init(struct program *p, const struct options *options);
struct fd_reader *program_input(struct program *p);

/* --timeout holds for the whole program from now on: it ends the dial, and the
 * wait for a slow standard output at the end; a session has program_time_left(). */
void program_set_deadline(struct program *p, uint64_t ms);
bool program_is_late(const struct program *p);

/* dial_start(), one at a time; `done` is given `p->arg`. */
void program_dial(struct program *p, const struct address *address,
		  const struct dial_options *options, dial_done_fn done);

/* What is left of it for a part, at least 1 ms; 0: no bound. */
uint64_t program_time_left(const struct program *p);

void program_finish(struct program *p, int status);

/* Runs until the work is over and written out. Frees what program_init() made;
 * the command has freed its own by `clean`. Returns the exit status, or dies of
 * the signal. */
int program_run(struct program *p, void (*clean)(void *arg));

#endif
