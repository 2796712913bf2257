/* SPDX-License-Identifier: ISC */
/* cmd_connect: open a stream and run the steps over it. */
#include "config.h"

#include "base/err.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/program.h"
#include "io/stdout_writer.h"
#include "session/event_writer.h"
#include "session/session.h"
#include "tls/tls_config.h"

#include <stddef.h>

struct connect {
	struct options *options;
	struct program program;
	struct address address;
	struct step_list *steps;
	struct tls_config *tls; /* NULL without TLS */
	struct session_shared shared;
	struct session *session; /* once the dial is done */
};

/* --- checks --- */

/* Which name the certificate must have. */
static bool check_tls(struct connect *c, struct err *err)
{
	const struct tls_settings *tls = &c->options->tls_settings;
	const char *name = tls->server_name;

	if (!c->address.tls)
		return command_check_no_tls(tls, err);
	if (name == NULL)
		name = address_tls_name(&c->address);
	if (name == NULL && tls->pin_count == 0 && !tls->insecure)
		return err_set(err, ERR_USAGE,
			       "TLS to an address without a host needs --server-name, --pin or "
			       "--insecure");
	c->options->dialing.tls_name = name;
	return true;
}

static bool read_address(struct connect *c, struct err *err)
{
	const struct string_list *words = &c->options->operands;
	bool took_port = false;

	if (!address_parse(words->items[0], words->count > 1 ? words->items[1] : NULL,
			   ADDRESS_CONNECT, &c->address, &took_port, err))
		return false;
	c->address.tls = c->address.tls || c->options->tls;
	return command_check_family(&c->address, c->options->dialing.family, err);
}

static bool check(struct connect *c, struct err *err)
{
	struct options *options = c->options;
	struct dial_options *dialing = &options->dialing;
	struct step_context context = {
		.settings = &options->session,
		.connection_fd = -1,
		.json = options->json,
	};

	if (!read_address(c, err) || !check_tls(c, err))
		return false;
	if (c->address.kind == ADDRESS_FD) {
		context.connection_fd = c->address.fd;
		if (!dial_check_fd(c->address.fd, err))
			return false;
	}
	c->steps = step_list_parse(options->steps, options->step_count, &context, err);
	if (c->steps == NULL || !step_list_open(c->steps, &context, err))
		return false;
	if (!c->address.tls)
		return true;
	c->tls = tls_config_client(&options->tls_settings, err);
	dialing->tls = c->tls;
	return c->tls != NULL;
}

/* --- the work --- */

static void fail(struct connect *c, const struct err *err)
{
	log_line(LOG_ERROR, "%s", err->text);
	program_finish(&c->program, err_status(err->kind));
}

static void session_done(void *arg, struct session *session)
{
	struct connect *c = arg;
	const struct err *err = session_error(session);

	c->session = NULL;
	if (err != NULL)
		fail(c, err);
	else
		program_finish(&c->program, 0);
}

static void dialled(void *arg, struct transport *transport, const struct err *err,
		    const struct dial_times *times)
{
	struct connect *c = arg;

	(void)times;
	if (transport == NULL) {
		event_writer_error(c->program.events, 1, err);
		fail(c, err);
		return;
	}
	c->session = session_new(&c->shared, transport, 1, program_time_left(&c->program),
				 session_done, c);
}

static void on_output_error(void *arg, const struct err *err)
{
	struct connect *c = arg;

	if (c->session != NULL)
		session_end(c->session, err);
	else
		fail(c, err);
}

static void clean(void *arg)
{
	struct connect *c = arg;

	session_abort(c->session);
}

static int run(struct connect *c)
{
	struct program *p = &c->program;

	program_init(p, c->options);
	p->on_output_error = on_output_error;
	p->arg = c;
	if (c->address.kind == ADDRESS_FD)
		stdout_writer_share(p->output, c->address.fd);
	program_set_deadline(p, c->options->session.timeout_ms);
	if (c->address.tls && c->options->tls_settings.insecure)
		log_line(LOG_NOTICE, "--insecure: the peer's certificate is not checked");
	c->shared = (struct session_shared){
		.loop = p->loop,
		.settings = &c->options->session,
		.steps = c->steps,
		.events = p->events,
		.input = c->steps->uses_stdin ? program_input(p) : NULL,
	};
	program_dial(p, &c->address, &c->options->dialing, dialled);
	return program_run(p, clean);
}

bool cmd_connect(struct options *options, int *status, struct err *err)
{
	struct connect c = { .options = options };
	bool good = check(&c, err);

	if (good)
		*status = run(&c);
	tls_config_free(c.tls);
	step_list_free(c.steps);
	address_free(&c.address);
	return good;
}
