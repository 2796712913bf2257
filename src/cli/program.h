/* SPDX-License-Identifier: ISC */
/* program: the frame of every command: loop, standard output, signals, exit. */
#pragma once

/*
 * A command starts its work between program_init() and program_run(), calls
 * program_finish() when the work is over, and frees its own before program_end().
 * Standard output is flushed before the program ends. When it has no reader left,
 * the program dies of SIGPIPE, like other tools.
 */

#include "io/loop.h"
#include "io/splice_pipe.h"
#include "session/broadcast.h"
#include "session/session_shared.h"
#include "session/stats.h"

#include <stdbool.h>
#include <stdint.h>

struct err;
struct options;
struct fd_writer;

/* End as the shell expects of a program that the signal killed. */
void program_die_of(int signo);

enum program_phase {
	PROGRAM_WORKING,
	PROGRAM_STOPPING, /* standard output failed, and the command has been told */
	PROGRAM_FLUSHING, /* the work is over; standard output is being flushed */
	PROGRAM_OVER,
	PROGRAM_REAPING, /* its commands have been told to end, and are waited for */
};

struct program {
	struct session_shared shared; /* for the sessions; the loop, too, is here */
	struct fd_writer *output;
	struct splice_pipes pipes;
	struct broadcast broadcast;
	struct children *children;
	struct task task;
	struct timer *deadline; /* of flushing; NULL: none */
	enum program_phase phase;
	int status;
	int caught;	     /* a signal that has not been dealt with; 0: none */
	int signal;	     /* the one to die of; 0: none */
	uint64_t started_us; /* by loop_now_us() */
	bool stats;	     /* --stats */
	bool stats_asked;    /* ... and SIGUSR1 has come since the last line */

	/* What the command does on each signal (NULL: it ends), and once when standard
	 * output fails (NULL: report it and end). Both must lead to program_finish(). */
	void (*on_signal)(void *arg);
	void (*on_output_error)(void *arg, const struct err *err);
	/* For --stats: from program_run() on. */
	struct stats (*get_stats)(void *arg);
	void *arg;
};

/* `options` is borrowed until the end. */
void program_init(struct program *p, const struct options *options);

/* Has the --timeout that counts from the start passed, as far as timers can tell? */
bool program_is_late(const struct program *p);

void program_finish(struct program *p, int status);

/* Until the work is over and written out. */
void program_run(struct program *p);

/* Wait for the commands that still run, and free what program_init() made. Returns the exit
 * status, or dies of the signal. */
int program_end(struct program *p);
