/* SPDX-License-Identifier: ISC */
/* cmd_listen: accept streams and run the steps over each; echo is one of its lists. */
#include "config.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/program.h"
#include "io/descriptor.h"
#include "io/stdout_writer.h"
#include "session/event_writer.h"
#include "session/ready.h"
#include "session/server.h"
#include "session/step.h"
#include "tls/tls_config.h"

#include <netinet/in.h>
#include <stdlib.h>

struct listen {
	struct options *options;
	struct program program;
	struct address *addresses; /* ADDRESS, then each --address */
	size_t count;
	struct step_context context;
	struct step_list *steps;
	struct tls_config *tls; /* NULL without TLS */
	struct server *server;
};

/* --- checks --- */

static bool add_address(struct listen *l, const char *text, const char *port, struct err *err)
{
	struct address *address = &l->addresses[l->count];
	bool took_port = false;

	if (!address_parse(text, port, ADDRESS_LISTEN, address, &took_port, err))
		return false;
	l->count++;
	address->tls = address->tls || l->options->tls;
	return command_check_family(address, l->options->listening.family, err);
}

/* echo without an address is port 0 on loopback. */
static bool read_addresses(struct listen *l, struct err *err)
{
	const struct string_list *words = &l->options->operands;
	const struct string_list *more = &l->options->addresses;
	const char *first = words->count > 0 ? words->items[0] : "0";

	l->addresses = alloc_array(1 + more->count, sizeof(*l->addresses));
	if (!add_address(l, first, words->count > 1 ? words->items[1] : NULL, err))
		return false;
	for (size_t i = 0; i < more->count; i++) {
		if (!add_address(l, more->items[i], NULL, err))
			return false;
	}
	return true;
}

static bool has_tls(const struct listen *l)
{
	for (size_t i = 0; i < l->count; i++) {
		if (l->addresses[i].tls)
			return true;
	}
	return false;
}

/* fd:N that is connected already: one connection, no listener. */
static bool is_connected(const struct listen *l)
{
	return l->addresses[0].kind == ADDRESS_FD && !listener_is_listening(l->addresses[0].fd);
}

static bool check_connected(struct listen *l, struct err *err)
{
	int fd = l->addresses[0].fd;

	if (!is_connected(l))
		return true;
	if (l->count > 1)
		return err_set(err, ERR_USAGE, "fd:%d is no listening socket: --address needs one",
			       fd);
	if (l->options->serve.keep_open)
		return err_set(err, ERR_USAGE, "fd:%d is no listening socket: -k needs one", fd);
	l->context.connection_fd = fd;
	return dial_check_fd(fd, err);
}

static bool check(struct listen *l, struct err *err)
{
	const struct options *options = l->options;

	l->context = (struct step_context){
		.settings = &options->session,
		.listening = true,
		.keep_open = options->serve.keep_open,
		.connection_fd = -1,
		.json = options->json,
	};
	if (!read_addresses(l, err) || !check_connected(l, err))
		return false;
	return has_tls(l) || command_check_no_tls(&options->tls_settings, err);
}

/* The hosts listened on, for the certificate that we make. */
static struct tls_config *make_tls(const struct listen *l, struct err *err)
{
	const char **names = alloc_array(l->count, sizeof(*names));
	size_t count = 0;
	struct tls_config *tls;

	for (size_t i = 0; i < l->count; i++) {
		if (l->addresses[i].kind == ADDRESS_TCP && l->addresses[i].host != NULL)
			names[count++] = l->addresses[i].host;
	}
	tls = tls_config_server(&l->options->tls_settings, names, count, err);
	free((void *)names);
	return tls;
}

static bool open_files(struct listen *l, struct err *err)
{
	if (!step_list_open(l->steps, &l->context, err) || !ready_check(&l->options->serve, err))
		return false;
	if (!has_tls(l))
		return true;
	l->tls = make_tls(l, err);
	return l->tls != NULL;
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

static void on_output_error(void *arg, const struct err *err)
{
	struct listen *l = arg;

	log_line(LOG_ERROR, "%s", err->text);
	program_finish(&l->program, err_status(err->kind));
}

static void clean(void *arg)
{
	struct listen *l = arg;

	server_free(l->server);
}

static bool start(struct listen *l, struct err *err)
{
	struct program *p = &l->program;
	struct server_shared shared = {
		.loop = p->loop,
		.options = &l->options->serve,
		.settings = &l->options->session,
		.steps = l->steps,
		.tls = l->tls,
		.events = p->events,
		.input = l->steps->uses_stdin ? program_input(p) : NULL,
	};

	if (l->context.connection_fd >= 0) {
		stdout_writer_share(p->output, l->context.connection_fd);
		l->server = server_new_connected(&shared, l->context.connection_fd,
						 l->addresses[0].tls, server_done, l);
	} else {
		l->server = server_new(&shared, l->addresses, l->count, &l->options->listening,
				       server_done, l, err);
	}
	return l->server != NULL;
}

static int run(struct listen *l)
{
	struct program *p = &l->program;
	struct err err;

	descriptor_raise_limit(); /* each connection needs one */
	program_init(p, l->options);
	p->on_signal = on_signal;
	p->on_output_error = on_output_error;
	p->arg = l;
	if (l->tls != NULL && tls_config_self_made(l->tls))
		log_line(LOG_READY, "certificate pin %s", tls_config_pin(l->tls));
	if (!start(l, &err)) {
		p->on_signal = NULL;
		log_line(LOG_ERROR, "%s", err.text);
		event_writer_error(p->events, 0, &err);
		program_finish(p, err_status(err.kind));
	}
	return program_run(p, clean);
}

/* Takes the list. */
static bool serve(struct listen *l, struct step_list *steps, int *status, struct err *err)
{
	bool good;

	l->steps = steps;
	good = steps != NULL && open_files(l, err);
	if (good)
		*status = run(l);
	tls_config_free(l->tls);
	step_list_free(l->steps);
	return good;
}

static void free_addresses(struct listen *l)
{
	for (size_t i = 0; i < l->count; i++)
		address_free(&l->addresses[i]);
	free(l->addresses);
}

bool cmd_listen(struct options *options, int *status, struct err *err)
{
	struct listen l = { .options = options };
	bool good = check(&l, err) &&
		    serve(&l, step_list_parse(options->steps, options->step_count, &l.context, err),
			  status, err);

	free_addresses(&l);
	return good;
}

/* --line, --exactly and --until are the words of the step echo. */
static struct step_list *echo_steps(const struct options *options)
{
	struct step step = { .kind = step_kind_find("echo"), .echo = ECHO_RAW };

	if (options->line) {
		step.echo = ECHO_LINE;
	} else if (options->exactly > 0) {
		step.echo = ECHO_EXACTLY;
		step.number = options->exactly;
	} else if (options->until.data != NULL) {
		step.echo = ECHO_UNTIL;
		step.seps = separators_new(&options->until, 1);
	}
	return step_list_of(&step, 1);
}

bool cmd_echo(struct options *options, int *status, struct err *err)
{
	struct listen l = { .options = options };
	bool good = check(&l, err) && serve(&l, echo_steps(options), status, err);

	free_addresses(&l);
	return good;
}
