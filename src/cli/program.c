/* SPDX-License-Identifier: ISC */
/* program: what every command runs in: loop, standard output, signals, exit. */
#include "config.h"

#include "cli/program.h"

#include "base/err.h"
#include "base/log.h"
#include "cli/options.h"
#include "io/fd_reader.h"
#include "io/stdout_writer.h"
#include "session/event_writer.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int ending_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

enum { TIMER_EARLY_MS = 10 }; /* a timer may fire this long before loop_now() says so */

/* The only writer of the phase. */
static void enter(struct program *p, enum program_phase phase)
{
	static const char *const names[] = {
		[PROGRAM_WORKING] = "working",
		[PROGRAM_STOPPING] = "stopping",
		[PROGRAM_FLUSHING] = "flushing",
		[PROGRAM_OVER] = "over",
	};

	log_line(LOG_DEBUG, "program: %s -> %s", names[p->phase], names[phase]);
	p->phase = phase;
	if (phase == PROGRAM_OVER)
		loop_stop(p->loop);
}

static void on_signal(int signo, void *arg)
{
	struct program *p = arg;

	p->caught = signo;
	task_wake(&p->task);
}

/* SIGHUP and SIGQUIT leave no time to finish. */
static void signalled(struct program *p)
{
	bool patient = p->caught == SIGINT || p->caught == SIGTERM;

	p->signal = p->caught;
	p->caught = 0;
	if (patient && p->on_signal != NULL)
		p->on_signal(p->arg);
	else
		program_finish(p, 0);
}

static void output_failed(struct program *p, const struct err *err)
{
	if (err->sys == EPIPE) {
		p->signal = SIGPIPE;
		enter(p, PROGRAM_OVER);
	} else if (p->phase == PROGRAM_WORKING && p->on_output_error != NULL) {
		enter(p, PROGRAM_STOPPING);
		p->on_output_error(p->arg, err);
	} else if (p->phase != PROGRAM_STOPPING) {
		log_line(LOG_ERROR, "%s", err->text);
		if (p->status == 0)
			p->status = err_status(err->kind);
		enter(p, PROGRAM_OVER);
	}
}

static void flush_timed_out(struct program *p)
{
	struct err err = err_timeout(p->options->session.timeout_ms, "--timeout");

	if (p->status != err_status(ERR_TIMEOUT))
		log_line(LOG_ERROR, "%s, writing to standard output", err.text);
	if (p->status == 0)
		p->status = err_status(ERR_TIMEOUT);
	enter(p, PROGRAM_OVER);
}

static void program_task(void *arg)
{
	struct program *p = arg;
	const struct err *err = stdout_writer_error(p->output);

	if (p->phase == PROGRAM_OVER)
		return;
	if (err != NULL)
		output_failed(p, err);
	if (p->caught != 0)
		signalled(p);
	if (p->phase != PROGRAM_FLUSHING)
		return;
	/* After a signal do not wait for a slow reader. */
	if (p->signal != 0 || stdout_writer_queued(p->output) == 0)
		enter(p, PROGRAM_OVER);
	else if (timer_expired(p->deadline))
		flush_timed_out(p);
}

/* What the parent has set to be ignored stays so: nohup, a shell's background job. */
static bool is_ignored(int signo)
{
	struct sigaction action;

	return sigaction(signo, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static void cannot_start(const char *what)
{
	log_line(LOG_ERROR, "cannot %s: %s", what, err_message(errno));
	exit(err_status(ERR_IO));
}

void program_init(struct program *p, const struct options *options)
{
	*p = (struct program){ .options = options };
	p->loop = loop_new();
	if (p->loop == NULL)
		cannot_start("make an event loop");
	p->output = stdout_writer_new(p->loop, STDOUT_FILENO, "standard output");
	p->events = event_writer_new(p->output, options->json);
	task_init(&p->task, p->loop, program_task, p);
	stdout_writer_set_owner(p->output, &p->task);
	for (size_t i = 0; i < sizeof(ending_signals) / sizeof(*ending_signals); i++)
		if (!is_ignored(ending_signals[i]) &&
		    !loop_on_signal(p->loop, ending_signals[i], on_signal, p))
			cannot_start("catch signals");
}

struct fd_reader *program_input(struct program *p)
{
	if (p->input == NULL) {
		p->input = fd_reader_new(p->loop, STDIN_FILENO, false, "standard input");
		stdout_writer_share(p->output, STDIN_FILENO);
	}
	return p->input;
}

bool program_is_late(const struct program *p)
{
	uint64_t limit = p->options->session.timeout_ms;

	return limit > 0 && loop_now() + TIMER_EARLY_MS >= p->started_ms + limit;
}

/* What --timeout leaves for flushing, at least 1 ms. A listener has the whole time
 * again, since --timeout was for its connections. */
static uint64_t flush_limit(const struct program *p)
{
	uint64_t limit = p->options->session.timeout_ms;
	uint64_t used = p->started_ms == 0 ? 0 : loop_now() - p->started_ms;

	return used < limit ? limit - used : 1;
}

void program_finish(struct program *p, int status)
{
	if (p->phase >= PROGRAM_FLUSHING)
		return;
	p->status = status;
	stdout_writer_flush(p->output);
	enter(p, p->phase == PROGRAM_STOPPING ? PROGRAM_OVER : PROGRAM_FLUSHING);
	if (p->options->session.timeout_ms > 0) {
		p->deadline = timer_new(&p->task);
		timer_start(p->deadline, flush_limit(p));
	}
	task_wake(&p->task);
}

/* End as the shell expects of a program that the signal killed. */
static void die_of(int signo)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t set;

	(void)sigaction(signo, &action, NULL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, signo);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)raise(signo);
}

int program_run(struct program *p, void (*clean)(void *arg))
{
	if (!loop_run(p->loop)) {
		log_line(LOG_ERROR, "internal error: nothing is left to wait for");
		p->status = err_status(ERR_IO);
	}
	if (p->signal != 0 && p->signal != SIGPIPE)
		stdout_writer_flush(p->output);
	clean(p->arg);
	splice_pipes_close(&p->pipes);
	event_writer_free(p->events);
	stdout_writer_free(p->output);
	fd_reader_free(p->input);
	timer_free(p->deadline);
	task_cancel(&p->task);
	loop_free(p->loop);
	if (p->signal != 0)
		die_of(p->signal);
	return p->status;
}
