/* SPDX-License-Identifier: ISC */
/* program: the frame of every command: loop, standard output, signals, exit. */
#include "config.h"

#include "cli/program.h"

#include "base/err.h"
#include "base/log.h"
#include "cli/options.h"
#include "io/child.h"
#include "io/descriptor.h"
#include "io/fd_reader.h"
#include "io/fd_writer.h"
#include "session/event_writer.h"
#include "session/session_time.h"

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
		[PROGRAM_WORKING] = "working",	 [PROGRAM_STOPPING] = "stopping",
		[PROGRAM_FLUSHING] = "flushing", [PROGRAM_OVER] = "over",
		[PROGRAM_REAPING] = "reaping",
	};

	log_line(LOG_DEBUG, "program: %s -> %s", names[p->phase], names[phase]);
	p->phase = phase;
	if (phase == PROGRAM_OVER)
		loop_stop(p->shared.loop);
}

/* SIGHUP and SIGQUIT end the program at once. */
static bool is_graceful(int signo)
{
	return signo == SIGINT || signo == SIGTERM;
}

/* Of several in one turn of the loop the one that leaves no time counts. */
static void on_signal(int signo, short what, void *arg)
{
	struct program *p = arg;

	(void)what;
	if (p->caught == 0 || is_graceful(p->caught))
		p->caught = signo;
	task_wake(&p->task);
}

static void on_stats_signal(int signo, short what, void *arg)
{
	struct program *p = arg;

	(void)signo;
	(void)what;
	p->stats_asked = true;
	task_wake(&p->task);
}

static void log_stats(struct program *p)
{
	struct stats stats = p->get_stats(p->arg);
	char *text = stats_text(&stats, p->shared.listening, loop_now_us() - p->started_us);

	p->stats_asked = false;
	log_line(LOG_ASKED, "stats: %s", text);
	free(text);
}

/* It is ignored before, and so again once the loop has gone: one that comes too late for a
 * line must not change the exit status. */
static bool catch_stats_signal(struct program *p, struct loop *loop)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	return sigaction(SIGUSR1, &ignore, NULL) == 0 &&
	       loop_on_signal(loop, SIGUSR1, on_stats_signal, p);
}

static void signalled(struct program *p)
{
	p->signal = p->caught;
	p->caught = 0;
	if (is_graceful(p->signal) && p->on_signal != NULL)
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
			p->status = err_status(err);
		enter(p, PROGRAM_OVER);
	}
}

static void flush_timed_out(struct program *p)
{
	struct err err = err_timeout(p->shared.settings->timeout_ms, "--timeout");

	if (p->status != ERR_TIMEOUT)
		log_line(LOG_ERROR, "%s, writing to standard output", err.text);
	if (p->status == 0)
		p->status = ERR_TIMEOUT;
	enter(p, PROGRAM_OVER);
}

/* The commands have got SIGTERM, and some time to end; a signal cuts that short. */
static void reap(struct program *p)
{
	if (p->caught != 0)
		children_kill(p->children);
	p->caught = 0;
	if (!children_running(p->children))
		loop_stop(p->shared.loop);
}

static void program_task(void *arg)
{
	struct program *p = arg;
	const struct err *err = fd_writer_error(p->output);

	if (p->phase == PROGRAM_REAPING)
		reap(p);
	if (p->phase >= PROGRAM_OVER) /* the last totals have been logged */
		return;
	if (p->stats_asked)
		log_stats(p);
	if (err != NULL)
		output_failed(p, err);
	if (p->caught != 0)
		signalled(p);
	if (p->phase != PROGRAM_FLUSHING)
		return;
	/* After a signal do not wait for a slow reader. */
	if (p->signal != 0 || fd_writer_queued(p->output) == 0)
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
	exit(ERR_IO);
}

/* A message comes after what was read before it... */
static void flush(void *output)
{
	fd_writer_flush(output);
}

/* ... and on a terminal begins a line of its own. */
static void end_line(void *output)
{
	flush(output);
	if (log_enabled(LOG_NOTICE))
		fd_writer_end_line(output);
}

static void catch_signals(struct program *p, struct loop *loop)
{
	for (size_t i = 0; i < sizeof(ending_signals) / sizeof(*ending_signals); i++)
		if (!is_ignored(ending_signals[i]) &&
		    !loop_on_signal(loop, ending_signals[i], on_signal, p))
			cannot_start("catch signals");
	if (p->stats && !catch_stats_signal(p, loop))
		cannot_start("catch signals");
}

static void open_output(struct program *p, struct loop *loop, bool terminal)
{
	p->output = fd_writer_new(loop, STDOUT_FILENO, false, "standard output");
	fd_writer_set_owner(p->output, &p->task);
	log_before(terminal ? end_line : flush, p->output);
}

void program_init(struct program *p, const struct options *options)
{
	bool terminal = isatty(STDERR_FILENO) == 1;
	bool listening = options->step_context.listening; /* each connection is a descriptor */
	struct loop *loop = loop_new();

	if (loop == NULL)
		cannot_start("make an event loop");
	*p = (struct program){ .started_us = loop_now_us(), .stats = options->stats };
	task_init(&p->task, loop, program_task, p);
	broadcast_init(&p->broadcast);
	catch_signals(p, loop);
	p->children = children_new(loop, listening ? descriptor_raise_limit() : 0);
	children_set_task(p->children, &p->task);
	open_output(p, loop, terminal);
	p->shared = (struct session_shared){
		.loop = loop,
		.settings = &options->session,
		.steps = options->steps,
		.events = event_writer_new(p->output, options->json),
		.listening = listening,
		.probes = options->serve.keep_open && options->serve.accept_count == 0,
		.single = !options->step_context.keep_open,
		.hints = !options->step_context.keep_open && log_enabled(LOG_NOTICE) &&
			 (terminal || log_enabled(LOG_INFO)),
		.pipes = &p->pipes,
		.broadcast = &p->broadcast,
		.children = p->children,
	};
	if (options->step_context.connection_fd >= 0)
		fd_writer_share(p->output, options->step_context.connection_fd);
	if (options->steps != NULL && (options->steps->flags & STEP_STDIN)) {
		p->shared.input = fd_reader_new(loop, STDIN_FILENO, false, "standard input");
		fd_writer_share(p->output, STDIN_FILENO);
	}
	if (options->tls_settings.insecure)
		log_line(LOG_NOTICE, "--insecure: the peer's certificate is not checked");
}

bool program_is_late(const struct program *p)
{
	uint64_t left = session_time_left(p->shared.settings, p->started_us / 1000);

	return left > 0 && left <= TIMER_EARLY_MS;
}

void program_finish(struct program *p, int status)
{
	/* The --timeout of a listener was for its connections, and counts again. */
	uint64_t since_ms = p->shared.listening ? loop_now() : p->started_us / 1000;
	uint64_t left = session_time_left(p->shared.settings, since_ms);

	if (p->phase >= PROGRAM_FLUSHING)
		return;
	p->status = status;
	fd_writer_flush(p->output);
	enter(p, p->phase == PROGRAM_STOPPING ? PROGRAM_OVER : PROGRAM_FLUSHING);
	if (left > 0) {
		p->deadline = timer_new(&p->task);
		timer_start(p->deadline, left);
	}
	task_wake(&p->task);
}

void program_die_of(int signo)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t set;

	(void)sigaction(signo, &action, NULL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, signo);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)raise(signo);
}

void program_run(struct program *p)
{
	if (!loop_run(p->shared.loop)) {
		log_line(LOG_ERROR, "internal error: nothing is left to wait for");
		p->status = ERR_IO;
	}
	if (p->stats)
		log_stats(p);
	if (p->signal != 0 && p->signal != SIGPIPE)
		fd_writer_flush(p->output);
}

static void wait_for_children(struct program *p)
{
	if (!children_running(p->children))
		return;
	enter(p, PROGRAM_REAPING);
	(void)loop_run(p->shared.loop); /* a command that runs keeps it alive */
}

int program_end(struct program *p)
{
	wait_for_children(p);
	if (p->signal != SIGPIPE)
		end_line(p->output);
	log_before(NULL, NULL);
	splice_pipes_close(&p->pipes);
	event_writer_free(p->shared.events);
	fd_writer_free(p->output);
	fd_reader_free(p->shared.input);
	timer_free(p->deadline);
	children_free(p->children);
	task_cancel(&p->task);
	loop_free(p->shared.loop);
	if (p->signal != 0)
		program_die_of(p->signal);
	return p->status;
}
