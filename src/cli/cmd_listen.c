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

struct listen_command {
	struct program program;
	struct server *server;
	const struct options *options;
	const char *pin;     /* of the self-signed certificate; NULL: none */
	struct child *child; /* of --run; NULL: none */
	struct task task;    /* woken when it has exited */
	bool interrupted;    /* by SIGINT, which the command handles */
	bool stopping;	     /* the server has been told to finish */
	int status;	     /* the server's; -1: it is not done */
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

static void end_if_over(struct listen_command *command)
{
	int status = 0;

	if (command->status < 0 || (command->child != NULL && !child_exited(command->child)))
		return;
	if (command->child != NULL)
		status = child_status(command->child);
	program_finish(&command->program, status != 0 ? status : command->status);
}

static void server_done(void *arg, int status)
{
	struct listen_command *command = arg;

	command->status = status;
	end_if_over(command);
}

static void stop(struct listen_command *command, const char *hint)
{
	command->stopping = true;
	server_finish(command->server, hint);
}

/* Like a shell, we die of SIGINT if the command has. */
static void command_exited(void *arg)
{
	struct listen_command *command = arg;

	if (command->interrupted && child_status(command->child) == STATUS_INTERRUPTED)
		command->program.signal = SIGINT;
	if (!command->stopping)
		stop(command, "send SIGTERM to stop now");
	end_if_over(command);
}

/* The command decides what SIGINT means. One from the terminal has reached it already. */
static void interrupt_command(struct listen_command *command)
{
	command->interrupted = true;
	command->program.signal = 0;
	if (!run_command_has_terminal())
		child_signal(command->child, SIGINT);
}

/* A second signal ends everything at once. */
static void on_signal(void *arg)
{
	struct listen_command *command = arg;

	if (command->program.signal == SIGINT && !command->stopping && command->child != NULL) {
		interrupt_command(command);
		return;
	}
	if (command->stopping)
		children_kill(command->program.children);
	else if (command->child != NULL)
		child_end(command->child, command->options->session.close_timeout_ms);
	stop(command, "send the signal again to stop now");
}

static struct stats get_stats(void *arg)
{
	struct listen_command *command = arg;

	return server_stats(command->server);
}

/* --- starting --- */

static bool start_command(struct listen_command *command, struct err *err)
{
	struct program *p = &command->program;

	task_init(&command->task, p->shared.loop, command_exited, command);
	command->child = run_command_start(p->children, command->options->run,
					   server_address(command->server), command->pin,
					   &command->task, err);
	return command->child != NULL || err_prefix(err, "--run");
}

static bool start(struct listen_command *command, struct err *err)
{
	const struct options *options = command->options;
	int fd = options->step_context.connection_fd;

	command->server =
		server_new(&command->program.shared, &options->serve, server_done, command);
	if (fd < 0)
		return server_listen(command->server, options->addresses, options->address_count,
				     &options->listening, err) &&
		       (options->run == NULL || start_command(command, err));
	server_adopt(command->server, fd, options->addresses[0].tls);
	return true;
}

/* A wrong command line is reported by main(), as one that is found wrong earlier. */
static void start_failed(struct program *p, const struct err *err)
{
	if (err->kind != ERR_USAGE)
		event_writer_error(p->shared.events, 0, NULL, err);
	program_finish(p, err_status(err));
}

bool listen_run(const struct options *options, int *status, struct err *err)
{
	struct listen_command command = { .options = options, .status = -1 };
	struct program *p = &command.program;
	struct tls_config *tls = NULL;
	struct to_dialing to;
	bool started;

	if (!step_list_open(options->steps, &options->step_context, err) ||
	    !readiness_check(&options->serve.readiness, err) ||
	    (options->address_has_tls && !make_tls(options, &tls, err)) ||
	    !command_to_dialing(options, &to, err)) {
		tls_config_free(tls);
		return false;
	}
	program_init(p, options);
	p->get_stats = get_stats;
	p->arg = &command;
	p->shared.tls = tls;
	p->shared.dialing = &to.options;
	if (tls != NULL && tls->pin != NULL)
		log_line(LOG_READY, "certificate pin %s", tls->pin);
	command.pin = tls != NULL ? tls->pin : NULL;
	started = start(&command, err);
	if (started)
		p->on_signal = on_signal;
	else
		start_failed(p, err);
	program_run(p);
	server_free(command.server);
	child_free(command.child, options->session.close_timeout_ms);
	if (command.child != NULL)
		task_cancel(&command.task);
	tls_config_free(tls);
	tls_config_free(to.tls);
	*status = program_end(p);
	return started || err->kind != ERR_USAGE;
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
