/* SPDX-License-Identifier: ISC */
/* commands: functions that the commands share. */
#include "config.h"

#include "cli/commands.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "cli/options.h"
#include "net/dial.h"
#include "net/listener_socket.h"
#include "tls/tls_config.h"

#include <sys/socket.h>

bool command_check_family(const struct options *options, const struct address *address,
			  struct err *err)
{
	struct socket_address addr;
	int family = options->dialing.family;

	if (family == AF_UNSPEC || address->kind != ADDRESS_TCP ||
	    address->host_kind != HOST_LITERAL ||
	    !sockaddr_literal(address->host, address->port, &addr) || addr.addr.ss_family == family)
		return true;
	return err_set(err, ERR_USAGE, "'%s' is excluded by %s", address->host,
		       family == AF_INET ? "-4" : "-6");
}

/* `port` is the word after `text`, or NULL. */
static bool add_address(struct options *options, const char *text, const char *port,
			struct err *err)
{
	enum address_use use = options->step_context.listening ? ADDRESS_LISTEN : ADDRESS_CONNECT;
	struct address *address = &options->addresses[options->address_count];

	if (!address_parse(text, port, use, address, err))
		return false;
	options->address_count++;
	address->tls = address->tls || options->tls;
	options->uses_tls = options->uses_tls || address->tls;
	options->uses_file |= address->kind == ADDRESS_UNIX && !address->abstract;
	return command_check_family(options, address, err);
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

static bool check_connection_fd(const struct options *options, int fd, struct err *err)
{
	if (fd >= 0 && options->address_count > 1)
		return err_set(err, ERR_USAGE,
			       "fd:%d is not a listening socket: --address needs one", fd);
	if (fd >= 0 && options->serve.keep_open)
		return err_set(err, ERR_USAGE, "fd:%d is not a listening socket: -k needs one", fd);
	return fd < 0 || dial_check_fd(fd, err);
}

const char *command_tls_name(const struct options *options, const struct address *address)
{
	const char *name = options->tls_settings.server_name;

	return name != NULL ? name : address_tls_name(address);
}

static bool check_tls(const struct options *options, struct err *err)
{
	const struct tls_settings *tls = &options->tls_settings;

	if (options->uses_tls && !options->step_context.listening && tls->pin_count == 0 &&
	    !tls->insecure && command_tls_name(options, &options->addresses[0]) == NULL)
		return err_set(err, ERR_USAGE,
			       "TLS to an address without a host needs --server-name, --pin or "
			       "--insecure");
	return true;
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
	context->connection_fd = connection_fd(options);
	context->json = options->json;
	return check_tls(options, err) && check_connection_fd(options, context->connection_fd, err);
}

bool command_client_tls(const struct options *options, struct tls_config **tls, struct err *err)
{
	*tls = NULL;
	if (!options->uses_tls)
		return true;
	*tls = tls_config_client(&options->tls_settings, err);
	if (*tls != NULL && options->tls_settings.insecure)
		log_line(LOG_NOTICE, "--insecure: the peer's certificate is not checked");
	return *tls != NULL;
}
