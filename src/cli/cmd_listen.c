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
#include "io/stdout_writer.h"
#include "session/event_writer.h"
#include "session/server.h"
#include "tls/tls_config.h"

#include <stdlib.h>

struct listen {
	const struct options *options;
	struct program program;
	struct tls_config *tls; /* NULL without TLS */
	struct server *server;
};

/* --- checks --- */

static bool check_connected(const struct options *options, struct err *err)
{
	int fd = command_connection_fd(options, ADDRESS_LISTEN);

	if (fd >= 0 && options->address_count > 1)
		return err_set(err, ERR_USAGE,
			       "fd:%d is not a listening socket: --address needs one", fd);
	if (fd >= 0 && options->serve.keep_open)
		return err_set(err, ERR_USAGE, "fd:%d is not a listening socket: -k needs one", fd);
	return true;
}

/* echo without an address is port 0 on loopback. */
bool listen_read_addresses(struct options *options, struct err *err)
{
	const struct string_list *words = &options->operands;
	const struct string_list *more = &options->more_addresses;
	const char *first = words->count > 0 ? words->items[0] : "0";
	const char *port = words->count > 1 ? words->items[1] : NULL;

	if (!command_add_address(options, first, port, ADDRESS_LISTEN, err))
		return false;
	for (size_t i = 0; i < more->count; i++) {
		if (!command_add_address(options, more->items[i], NULL, ADDRESS_LISTEN, err))
			return false;
	}
	return check_connected(options, err) && command_check_tls(options, err);
}

static bool check(struct options *options, struct err *err)
{
	return listen_read_addresses(options, err) &&
	       command_read_steps(options, ADDRESS_LISTEN, options->step_words,
				  options->step_word_count, err);
}

/* A self-signed certificate is for the hosts listened on. */
static struct tls_config *make_tls(const struct options *options, struct err *err)
{
	const char **names = alloc_array(options->address_count, sizeof(*names));
	size_t count = 0;
	struct tls_config *tls;

	for (size_t i = 0; i < options->address_count; i++) {
		const struct address *address = &options->addresses[i];

		if (address->kind == ADDRESS_TCP && address->host != NULL)
			names[count++] = address->host;
	}
	tls = tls_config_server(&options->tls_settings, names, count, err);
	free((void *)names);
	return tls;
}

/* --- the work --- */

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

static void clean(void *arg)
{
	struct listen *l = arg;

	server_free(l->server);
}

static bool start(struct listen *l, struct err *err)
{
	const struct options *options = l->options;
	struct program *p = &l->program;
	int fd = command_connection_fd(options, ADDRESS_LISTEN);
	struct server_shared shared = {
		.session = {
			.loop = p->loop,
			.settings = &options->session,
			.steps = options->steps,
			.events = p->events,
			.input = options->steps->flags & STEP_STDIN ? program_input(p) : NULL,
			.listening = true,
			.pipes = &p->pipes,
		},
		.options = &options->serve,
		.tls = l->tls,
	};

	if (fd >= 0) {
		stdout_writer_share(p->output, fd);
		l->server = server_new_connected(&shared, fd, options->addresses[0].tls,
						 server_done, l);
	} else {
		l->server = server_new(&shared, options->addresses, options->address_count,
				       &options->listening, server_done, l, err);
	}
	return l->server != NULL;
}

static int work(struct listen *l)
{
	struct program *p = &l->program;
	struct err err;

	descriptor_raise_limit(); /* each connection needs one */
	program_init(p, l->options);
	p->on_signal = on_signal;
	p->arg = l;
	if (l->tls != NULL && l->tls->pin != NULL)
		log_line(LOG_READY, "certificate pin %s", l->tls->pin);
	if (!start(l, &err)) {
		p->on_signal = NULL;
		report_error(p->events, 0, NULL, &err);
		program_finish(p, err_status(err.kind));
	}
	return program_run(p, clean);
}

bool listen_run(const struct options *options, int *status, struct err *err)
{
	struct listen l = { .options = options };

	if (!command_open_steps(options, ADDRESS_LISTEN, err) ||
	    !readiness_check(&options->serve.readiness, err))
		return false;
	if (command_has_tls(options)) {
		l.tls = make_tls(options, err);
		if (l.tls == NULL)
			return false;
	}
	*status = work(&l);
	tls_config_free(l.tls);
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
	.takes = FOR_ALL | FOR_STREAMS | FOR_SERVERS,
	.steps = true,
	.check = check,
	.run = listen_run,
};
