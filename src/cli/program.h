/* SPDX-License-Identifier: ISC */
/* program: what every command runs in: loop, standard output, signals, exit. */
#pragma once

/*
 * A command starts its work, calls program_run(), and calls program_finish() when
 * the work is over. Standard output is then flushed before the program ends. When
 * it has no reader left, the program dies of SIGPIPE, like other tools.
 */

#include "io/loop.h"
#include "io/splice_pipe.h"

#include <stdbool.h>
#include <stdint.h>

struct err;
struct fd_reader;
struct options;
struct stdout_writer;
struct event_writer;

enum program_phase {
	PROGRAM_WORKING,
	PROGRAM_STOPPING, /* standard output failed, and the command has been told */
	PROGRAM_FLUSHING, /* the work is over; standard output is being flushed */
	PROGRAM_OVER,
};

struct program {
	const struct options *options; /* borrowed */
	struct loop *loop;
	struct stdout_writer *output;
	struct event_writer *events;
	struct fd_reader *input; /* standard input; made by program_input() */
	struct splice_pipes pipes;
	struct task task;
	struct timer *deadline; /* of flushing; NULL: none */
	enum program_phase phase;
	int status;
	int caught; /* a signal that has not been dealt with; 0: none */
	int signal; /* the one to die of; 0: none */

	/* When --timeout began to count, by loop_now(). Set by the command; 0: it is
	 * for each connection, and counts again for flushing. */
	uint64_t started_ms;
	/* What the command does on each signal (NULL: it ends), and once when standard
	 * output fails (NULL: report it and end). Both must lead to program_finish(). */
	void (*on_signal)(void *arg);
	void (*on_output_error)(void *arg, const struct err *err);
	void *arg;
};

void program_init(struct program *p, const struct options *options);
struct fd_reader *program_input(struct program *p);

/* Has the --timeout that counts from `started_ms` passed, as far as timers can tell? */
bool program_is_late(const struct program *p);

void program_finish(struct program *p, int status);

/* Runs until the work is over and written out. Frees what program_init() made;
 * the command has freed its own by `clean`. Returns the exit status, or dies of
 * the signal. */
int program_run(struct program *p, void (*clean)(void *arg));
