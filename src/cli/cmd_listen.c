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
#include "io/descriptor.h"
#include "session/event_writer.h"
#include "session/server.h"
#include "tls/tls_config.h"

#include <stdlib.h>

struct listen {
	struct program program;
	struct server *server;
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

static void server_done(void *arg, int status)
{
	struct listen *l = arg;

	program_finish(&l->program, status);
}

static void on_signal(void *arg)
{
	struct listen *l = arg;

	server_finish(l->server);
}

static bool start(struct listen *l, const struct options *options, struct err *err)
{
	int fd = options->step_context.connection_fd;

	l->server = server_new(&l->program.shared, &options->serve, server_done, l);
	if (fd < 0)
		return server_listen(l->server, options->addresses, options->address_count,
				     &options->listening, err);
	server_adopt(l->server, fd, options->addresses[0].tls);
	return true;
}

bool listen_run(const struct options *options, int *status, struct err *err)
{
	struct listen l = { .server = NULL };
	struct program *p = &l.program;
	struct tls_config *tls = NULL;
	struct err failure;

	if (!step_list_open(options->steps, &options->step_context, err) ||
	    !readiness_check(&options->serve.readiness, err) ||
	    (options->uses_tls && !make_tls(options, &tls, err)))
		return false;
	descriptor_raise_limit(); /* each connection needs one */
	program_init(p, options);
	p->arg = &l;
	p->shared.tls = tls;
	if (tls != NULL && tls->pin != NULL)
		log_line(LOG_READY, "certificate pin %s", tls->pin);
	if (start(&l, options, &failure)) {
		p->on_signal = on_signal;
	} else {
		report_error(p->shared.events, 0, NULL, &failure);
		program_finish(p, err_status(failure.kind));
	}
	program_run(p);
	server_free(l.server);
	tls_config_free(tls);
	*status = program_end(p);
	return true;
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
		"liu listen -k tls:8443 --cert c.pem --key k.pem echo",
	},
	.takes = FOR_ALL | FOR_STREAMS | FOR_SERVERS | FOR_STEPS,
	.check = command_read_addresses,
	.run = listen_run,
};
