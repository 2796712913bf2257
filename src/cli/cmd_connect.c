/* SPDX-License-Identifier: ISC */
/* cmd_connect: open a stream and run the steps over it. */
#include "config.h"

#include "base/err.h"
#include "cli/command_table.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/program.h"
#include "io/stdout_writer.h"
#include "session/client.h"
#include "session/step.h"
#include "tls/tls_config.h"

struct connect {
	struct program program;
	struct client *client;
};

/* --- checks --- */

/* The name that the certificate must have; NULL: none. */
static const char *tls_name(const struct options *options)
{
	const char *name = options->tls_settings.server_name;

	return name != NULL ? name : address_tls_name(&options->addresses[0]);
}

static bool check_tls(const struct options *options, struct err *err)
{
	const struct tls_settings *tls = &options->tls_settings;

	if (!options->addresses[0].tls)
		return command_check_tls(options, err);
	if (tls_name(options) == NULL && tls->pin_count == 0 && !tls->insecure)
		return err_set(err, ERR_USAGE,
			       "TLS to an address without a host needs --server-name, --pin or "
			       "--insecure");
	return true;
}

static bool check(struct options *options, struct err *err)
{
	const struct string_list *words = &options->operands;
	const char *port = words->count > 1 ? words->items[1] : NULL;

	return command_add_address(options, words->items[0], port, ADDRESS_CONNECT, err) &&
	       check_tls(options, err) &&
	       command_read_steps(options, ADDRESS_CONNECT, options->step_words,
				  options->step_word_count, err);
}

/* --- the work --- */

static void client_done(void *arg, const struct err *err)
{
	struct connect *c = arg;

	program_finish(&c->program, err == NULL ? 0 : err_status(err->kind));
}

static void on_output_error(void *arg, const struct err *err)
{
	struct connect *c = arg;

	client_end(c->client, err);
}

static void clean(void *arg)
{
	struct connect *c = arg;

	client_free(c->client);
}

static int work(const struct options *options, const struct tls_config *tls)
{
	const struct address *address = &options->addresses[0];
	struct connect c = { .client = NULL };
	struct program *p = &c.program;
	struct session_shared shared;
	struct client_options client = {
		.shared = &shared, .address = address, .dialing = options->dialing, .conn = 1
	};

	program_init(p, options);
	p->on_output_error = on_output_error;
	p->arg = &c;
	p->started_ms = loop_now();
	if (address->kind == ADDRESS_FD)
		stdout_writer_share(p->output, address->fd);
	shared = (struct session_shared){
		.loop = p->loop,
		.settings = &options->session,
		.steps = options->steps,
		.events = p->events,
		.input = options->steps->flags & STEP_STDIN ? program_input(p) : NULL,
		.pipes = &p->pipes,
	};
	client.started_ms = p->started_ms;
	client.dialing.tls = tls;
	client.dialing.tls_name = tls_name(options);
	c.client = client_start(&client, client_done, &c);
	return program_run(p, clean);
}

static bool run(const struct options *options, int *status, struct err *err)
{
	struct tls_config *tls = NULL;

	if (!command_open_steps(options, ADDRESS_CONNECT, err))
		return false;
	if (command_has_tls(options) && !command_client_tls(options, &tls, err))
		return false;
	*status = work(options, tls);
	tls_config_free(tls);
	return true;
}

const struct command command_connect = {
	.name = "connect",
	.operands = "ADDRESS [STEP...]",
	.needs = "an ADDRESS",
	.summary = "open a stream and run steps over it",
	.text = "Open a byte stream and run the steps over it, one after the other. With no\n"
		"step, join it with standard input and output.\n",
	.examples = {
		"liu connect localhost:6379 write 'PING\\r\\n' readline",
		"liu connect tls:example.org:443 < request",
		"liu connect -w 5 unix:/run/app.sock writeline status read",
	},
	.takes = FOR_ALL | FOR_STREAMS | FOR_CLIENTS | FOR_CONNECT,
	.steps = true,
	.check = check,
	.run = run,
};
