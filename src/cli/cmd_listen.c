/* SPDX-License-Identifier: ISC */
/* cmd_listen: accept streams and run the steps over each. */
#include "config.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "cli/command_table.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/program.h"
#include "cli/run_command.h"
#include "io/child.h"
#include "net/address.h"
#include "session/event_writer.h"
#include "session/server.h"
#include "tls/tls_config.h"

#include <signal.h>
#include <stdlib.h>

enum { STATUS_INTERRUPTED = 128 + SIGINT };

struct listen {
	struct program program;
	struct server *server;
	const struct options *options;
	const char *pin;       /* of the self-signed certificate; NULL: none */
	struct child *command; /* of --run; NULL: none */
	struct task task;      /* woken when it has exited */
	bool interrupted;      /* by SIGINT, which the command handles */
	bool stopping;	       /* the server has been told to finish */
	int status;	       /* the server's; -1: it is not done */
};

/* A self-signed certificate is for the hosts listened on. */
static bool make_tls(const struct options *options, struct tls_config **tls, struct err *err)
{
	const char **names = alloc_array(options->address_count, sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < options->address_count; i++) {
		const struct address *address = &options->addresses[i];

		if (address->kind == ADDRESS_TCP && address->host != NULL)
			names[count++] = address->host;
	}
	*tls = tls_config_server(&options->tls_settings, names, count, err);
	free((void *)names);
	return *tls != NULL;
}

/* --- ending: the server, and the command of --run --- */

static void end_if_over(struct listen *l)
{
	int status = 0;

	if (l->status < 0 || (l->command != NULL && !child_exited(l->command)))
		return;
	if (l->command != NULL)
		status = child_status(l->command);
	program_finish(&l->program, status != 0 ? status : l->status);
}

static void server_done(void *arg, int status)
{
	struct listen *l = arg;

	l->status = status;
	end_if_over(l);
}

static void stop(struct listen *l, const char *hint)
{
	l->stopping = true;
	server_finish(l->server, hint);
}

/* Like a shell, we die of SIGINT if the command has. */
static void command_exited(void *arg)
{
	struct listen *l = arg;

	if (l->interrupted && child_status(l->command) == STATUS_INTERRUPTED)
		l->program.signal = SIGINT;
	if (!l->stopping)
		stop(l, "send SIGTERM to stop now");
	end_if_over(l);
}

/* The command decides what SIGINT means. One from the terminal has reached it already. */
static void interrupt_command(struct listen *l)
{
	l->interrupted = true;
	l->program.signal = 0;
	if (!run_command_has_terminal())
		child_signal(l->command, SIGINT);
}

/* A second signal ends everything at once. */
static void on_signal(void *arg)
{
	struct listen *l = arg;

	if (l->program.signal == SIGINT && !l->stopping && l->command != NULL) {
		interrupt_command(l);
		return;
	}
	if (l->stopping)
		children_kill(l->program.children);
	else if (l->command != NULL)
		child_end(l->command, l->options->session.close_timeout_ms);
	stop(l, "send the signal again to stop now");
}

static struct stats get_stats(void *arg)
{
	struct listen *l = arg;

	return server_stats(l->server);
}

/* --- starting --- */

static bool start_command(struct listen *l, struct err *err)
{
	struct program *p = &l->program;

	task_init(&l->task, p->shared.loop, command_exited, l);
	l->command = run_command_start(p->children, l->options->run, server_address(l->server),
				       l->pin, &l->task, err);
	return l->command != NULL || err_prefix(err, "--run");
}

static bool start(struct listen *l, struct err *err)
{
	const struct options *options = l->options;
	int fd = options->step_context.connection_fd;

	l->server = server_new(&l->program.shared, &options->serve, server_done, l);
	if (fd < 0)
		return server_listen(l->server, options->addresses, options->address_count,
				     &options->listening, err) &&
		       (options->run == NULL || start_command(l, err));
	server_adopt(l->server, fd, options->addresses[0].tls);
	return true;
}

bool listen_run(const struct options *options, int *status, struct err *err)
{
	struct listen l = { .options = options, .status = -1 };
	struct program *p = &l.program;
	struct tls_config *tls = NULL;
	struct to_dialing to;
	bool started, usage;

	if (!step_list_open(options->steps, &options->step_context, err) ||
	    !readiness_check(&options->serve.readiness, err) ||
	    (options->uses_tls && !make_tls(options, &tls, err)) ||
	    !command_to_dialing(options, &to, err)) {
		tls_config_free(tls);
		return false;
	}
	program_init(p, options);
	p->get_stats = get_stats;
	p->arg = &l;
	p->shared.tls = tls;
	p->shared.dialing = &to.options;
	if (tls != NULL && tls->pin != NULL)
		log_line(LOG_READY, "certificate pin %s", tls->pin);
	l.pin = tls != NULL ? tls->pin : NULL;
	started = start(&l, err);
	usage = !started && err->kind == ERR_USAGE; /* main reports it, as what is found before */
	if (started)
		p->on_signal = on_signal;
	else if (!usage)
		event_writer_error(p->shared.events, 0, NULL, err);
	if (!started)
		program_finish(p, err_status(err));
	program_run(p);
	server_free(l.server);
	child_free(l.command, options->session.close_timeout_ms);
	if (l.command != NULL)
		task_cancel(&l.task);
	tls_config_free(tls);
	tls_config_free(to.tls);
	*status = program_end(p);
	return !usage;
}

const struct command command_listen = {
	.name = "listen",
	.operands = "ADDRESS [STEP...]",
	.needs = "an ADDRESS",
	.summary = "accept a stream and run steps over it",
	.text = "Accept one connection, or with -k any number of them side by side, and run\n"
		"the steps over each. With no step, join it with standard input and output.\n",
	.examples = {
		"liu listen :8080 > file",
		"liu listen -k 8080 readuntil '\\r\\n\\r\\n' write 'HTTP/1.0 200 OK\\r\\n\\r\\n'",
		"liu listen -k --tls --cert c.pem --key k.pem :8443 to unix:/run/app.sock",
	},
	.takes = FOR_ALL | FOR_STREAMS | FOR_SERVERS | FOR_STEPS | FOR_DIALING,
	.check = command_read_addresses,
	.run = listen_run,
};
