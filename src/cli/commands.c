/* SPDX-License-Identifier: ISC */
/* commands: functions that the commands share. */
#include "config.h"

#include "cli/commands.h"

#include "base/alloc.h"
#include "base/err.h"
#include "cli/options.h"
#include "net/address.h"
#include "net/dial.h"
#include "net/listener_socket.h"
#include "net/socket_file.h"
#include "tls/tls_config.h"

#include <string.h>
#include <sys/socket.h>

/* Can its peers have IP addresses? Those of sd: may: the sockets are not known yet. */
static bool listens_on_ip(const struct address *address)
{
	struct socket_address own;

	if (address->kind != ADDRESS_FD)
		return address->kind == ADDRESS_TCP || address->kind == ADDRESS_SD;
	own = sockaddr_own(address->fd);
	return listener_socket_is_listening(address->fd) &&
	       (own.addr.ss_family == AF_INET || own.addr.ss_family == AF_INET6);
}

bool command_hint_at_run(const struct options *options, struct err *err)
{
	if (options->run == NULL || strchr(options->run, ' ') != NULL)
		return false;
	return err_append(err, " (if it is part of the COMMAND of --run, quote that)");
}

/* The address file would take the socket's place. */
static bool check_file(const struct address *address, const char *address_file, struct err *err)
{
	return address_file == NULL || !socket_file_is_same(address->path, address_file) ||
	       err_set(err, ERR_USAGE, "--address-file: '%s' is the socket's own file",
		       address_file);
}

/* `port` is the word after `text`, or NULL. */
static bool add_address(struct options *options, const char *text, const char *port,
			struct err *err)
{
	enum address_use use = options->step_context.listening ? ADDRESS_LISTEN : ADDRESS_CONNECT;
	struct address *address = &options->addresses[options->address_count];

	if (!address_parse(text, port, use, address, err))
		return command_hint_at_run(options, err);
	options->address_count++;
	address->tls = address->tls || options->tls;
	options->address_has_tls = options->address_has_tls || address->tls;
	options->uses_ip |= use == ADDRESS_LISTEN && listens_on_ip(address);
	if (address->kind == ADDRESS_UNIX && !address->abstract) {
		options->uses_file = true;
		if (!check_file(address, options->serve.readiness.address_file, err))
			return false;
	}
	return address_check_family(address, options->dialing.family, err);
}

/* The N of an ADDRESS fd:N that is a connection, not a listener; else -1. */
static int connection_fd(const struct options *options)
{
	const struct address *first = &options->addresses[0];

	if (first->kind != ADDRESS_FD ||
	    (options->step_context.listening && listener_socket_is_listening(first->fd)))
		return -1;
	return first->fd;
}

/* For TLS to an address that has no name to check. */
static bool check_nameless(const struct options *options, struct err *err)
{
	const struct tls_settings *tls = &options->tls_settings;

	return tls->server_name != NULL || tls->pin_count > 0 || tls->insecure ||
	       err_set(err, ERR_USAGE,
		       "TLS to an address without a host needs --server-name, --pin or "
		       "--insecure");
}

static bool check_tls(const struct options *options, struct err *err)
{
	return !options->address_has_tls || options->step_context.listening ||
	       address_tls_name(&options->addresses[0]) != NULL || check_nameless(options, err);
}

bool command_check_to(const struct options *options, struct err *err)
{
	unsigned flags = options->steps->flags;
	bool own = options->address_has_tls && !options->step_context.listening;

	if (own && (flags & STEP_DIALS_TLS) && options->tls_settings.server_name != NULL)
		return err_set(
			err, ERR_USAGE,
			"--server-name is for one address, but ADDRESS and that of 'to' both "
			"have TLS");
	return !(flags & STEP_DIALS_NAMELESS) || check_nameless(options, err);
}

bool command_read_addresses(struct options *options, struct err *err)
{
	const struct string_list *words = &options->operands;
	const struct string_list *more = &options->more_addresses;
	struct step_context *context = &options->step_context;

	options->addresses = alloc_array(1 + more->count, sizeof(*options->addresses));
	if (!add_address(options, words->count > 0 ? words->items[0] : "0",
			 words->count > 1 ? words->items[1] : NULL, err))
		return false;
	for (size_t i = 0; i < more->count; i++)
		if (!add_address(options, more->items[i], NULL, err))
			return false;
	context->settings = &options->session;
	context->keep_open = options->serve.keep_open;
	context->family = options->dialing.family;
	context->connection_fd = connection_fd(options);
	context->json = options->json;
	context->runs_command = options->run != NULL;
	options->listens = context->listening && context->connection_fd < 0;
	return check_tls(options, err) &&
	       (context->connection_fd < 0 || dial_check_fd(context->connection_fd, err));
}

bool command_client_tls(const struct options *options, struct tls_config **tls, struct err *err)
{
	*tls = options->address_has_tls ? tls_config_client(&options->tls_settings, err) : NULL;
	return *tls != NULL || !options->address_has_tls;
}

bool command_to_dialing(const struct options *options, struct to_dialing *to, struct err *err)
{
	*to = (struct to_dialing){ .options = options->dialing, .settings = options->tls_settings };
	if (!(options->steps->flags & STEP_DIALS_TLS))
		return true;
	to->settings.cert = NULL;
	to->settings.key = NULL;
	to->tls = tls_config_client(&to->settings, err);
	to->options.tls = to->tls;
	return to->tls != NULL;
}
