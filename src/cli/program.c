/* SPDX-License-Identifier: ISC */
/* program: what every command runs in: loop, standard output, signals, the end. */
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
#include <string.h>
#include <unistd.h>

static void on_signal(int signo, void *arg)
{
	struct program *p = arg;

	p->signal = signo;
	p->signalled = true;
	task_wake(&p->task);
}

static void output_failed(struct program *p)
{
	const struct err *err = stdout_writer_error(p->output);

	p->failed_output = true;
	if (err->sys == EPIPE) {
		p->signal = SIGPIPE;
		loop_stop(p->loop);
		return;
	}
	if (!p->finished) {
		p->on_output_error(p->arg, err);
		return;
	}
	/* The work went well, and its result could not be written. */
	log_line(LOG_ERROR, "%s", err->text);
	if (p->status == 0)
		p->status = err_status(err->kind);
}

static void dialled(void *arg, struct transport *transport, const struct err *err,
		    const struct dial_times *times)
{
	struct program *p = arg;

	p->dial = NULL;
	p->dialled(p->arg, transport, err, times);
}

void program_dial(struct program *p, const struct address *address,
		  const struct dial_options *options, dial_done_fn done)
{
	p->dialled = done;
	p->dial = dial_start(p->loop, address, options, dialled, p);
}

/* The dial has no deadline of its own: it fails now. */
static void end_dial(struct program *p)
{
	const struct opening_limit limit = { p->options->session.timeout_ms, "--timeout" };
	const struct dial_times times = { 0 };
	struct err err;

	dial_timed_out(p->dial, limit, &err);
	dial_cancel(p->dial);
	p->dial = NULL;
	p->dialled(p->arg, NULL, &err, &times);
}

static void deadline_passed(struct program *p)
{
	struct err err = err_timeout(p->options->session.timeout_ms, "--timeout");

	timer_stop(p->deadline);
	p->late = true;
	if (p->dial != NULL)
		end_dial(p);
	else if (p->finished && p->status != err_status(ERR_TIMEOUT))
		log_line(LOG_ERROR, "%s, writing to standard output", err.text);
	if (p->finished && p->status == 0)
		p->status = err_status(ERR_TIMEOUT);
}

static void program_task(void *arg)
{
	struct program *p = arg;

	if (stdout_writer_error(p->output) != NULL && !p->failed_output)
		output_failed(p);
	if (p->signalled) {
		p->signalled = false;
		if (p->on_signal != NULL)
			p->on_signal(p->arg);
		else
			program_finish(p, 0);
	}
	if (timer_expired(p->deadline))
		deadline_passed(p);
	/* After a signal or the deadline nobody waits for a slow reader. */
	if (p->finished &&
	    (p->signal != 0 || p->late || p->failed_output || stdout_writer_queued(p->output) == 0))
		loop_stop(p->loop);
}

void program_init(struct program *p, const struct options *options)
{
	*p = (struct program){ .options = options };
	p->started_ms = loop_now();
	p->loop = loop_new();
	p->output = stdout_writer_new(p->loop, STDOUT_FILENO, "standard output");
	p->events = event_writer_new(p->output, options->json);
	task_init(&p->task, p->loop, program_task, p);
	stdout_writer_set_owner(p->output, &p->task);
	loop_on_signal(p->loop, SIGINT, on_signal, p);
	loop_on_signal(p->loop, SIGTERM, on_signal, p);
}

struct fd_reader *program_input(struct program *p)
{
	if (p->input == NULL) {
		p->input = fd_reader_new(p->loop, STDIN_FILENO, false, "standard input");
		stdout_writer_share(p->output, STDIN_FILENO);
	}
	return p->input;
}

void program_set_deadline(struct program *p, uint64_t ms)
{
	if (ms == 0)
		return;
	p->deadline = timer_new(&p->task);
	timer_start(p->deadline, ms);
}

bool program_is_late(const struct program *p)
{
	return p->late;
}

uint64_t program_time_left(const struct program *p)
{
	uint64_t limit = p->options->session.timeout_ms;
	uint64_t used = loop_now() - p->started_ms;

	if (limit == 0)
		return 0;
	return used < limit ? limit - used : 1;
}

void program_finish(struct program *p, int status)
{
	if (p->finished)
		return;
	p->finished = true;
	p->status = status;
	stdout_writer_flush(p->output);
	/* A listener's --timeout was that of its connections: what they brought has as
	 * long again to be written. */
	if (p->deadline == NULL && stdout_writer_queued(p->output) > 0)
		program_set_deadline(p, p->options->session.timeout_ms);
	task_wake(&p->task);
}

/* As the shell shows a program that died of it. */
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
	loop_run(p->loop);
	dial_cancel(p->dial);
	if (p->signal != 0 && p->signal != SIGPIPE)
		stdout_writer_flush(p->output);
	clean(p->arg);
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
