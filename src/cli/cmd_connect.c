/* SPDX-License-Identifier: ISC */
/* cmd_connect: open a stream and run the steps over it. */
#include "config.h"

#include "base/alloc.h"
#include "base/err.h"
#include "cli/command_table.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/program.h"
#include "net/address.h"
#include "session/client.h"
#include "tls/tls_config.h"

#include <stdlib.h>
#include <string.h>

struct connect_command {
	struct program program;
	struct client *client;
};

static void client_done(void *arg, const struct err *err)
{
	struct connect_command *c = arg;

	program_finish(&c->program, err == NULL ? 0 : err_status(err));
}

static void on_output_error(void *arg, const struct err *err)
{
	struct connect_command *c = arg;

	client_end(c->client, err);
}

static struct stats get_stats(void *arg)
{
	struct connect_command *c = arg;

	return client_stats(c->client);
}

/* ADDRESS as it was given, in one word. The caller owns it. */
static char *one_word(const struct string_list *words)
{
	const char *host = words->items[0];
	bool brackets = strchr(host, ':') != NULL && host[0] != '[';

	if (words->count == 1)
		return alloc_string(host);
	return alloc_printf(brackets ? "[%s]:%s" : "%s:%s", host, words->items[1]);
}

static bool run(const struct options *options, int *status, struct err *err)
{
	struct connect_command c = { .client = NULL };
	struct program *p = &c.program;
	struct tls_config *tls = NULL;
	struct to_dialing to;
	char *address;
	struct client_options client = {
		.shared = &p->shared,
		.address = &options->addresses[0],
		.dialing = options->dialing,
		.conn = 1,
	};

	if (!step_list_open(options->steps, &options->step_context, err) ||
	    !command_client_tls(options, &tls, err) || !command_to_dialing(options, &to, err)) {
		tls_config_free(tls);
		return false;
	}
	program_init(p, options);
	p->on_output_error = on_output_error;
	p->get_stats = get_stats;
	p->arg = &c;
	address = one_word(&options->operands);
	p->shared.address = address;
	p->shared.dialing = &to.options;
	client.started_ms = p->started_us / 1000;
	client.dialing.tls = tls;
	c.client = client_start(&client, client_done, &c);
	program_run(p);
	client_free(c.client);
	free(address);
	tls_config_free(tls);
	tls_config_free(to.tls);
	*status = program_end(p);
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
	.takes = FOR_ALL | FOR_STREAMS | FOR_CLIENTS | FOR_CONNECT | FOR_DIALING | FOR_STEPS,
	.check = command_read_addresses,
	.run = run,
};
