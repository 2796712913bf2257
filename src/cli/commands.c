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

bool command_add_address(struct options *options, const char *text, const char *port,
			 enum address_use use, struct err *err)
{
	size_t size = (options->address_count + 1) * sizeof(*options->addresses);
	struct address *address;
	bool took_port = false;

	options->addresses = alloc_resize(options->addresses, size);
	address = &options->addresses[options->address_count];
	if (!address_parse(text, port, use, address, &took_port, err))
		return false;
	options->address_count++;
	address->tls = address->tls || options->tls;
	return command_check_family(options, address, err);
}

bool command_has_tls(const struct options *options)
{
	for (size_t i = 0; i < options->address_count; i++) {
		if (options->addresses[i].tls)
			return true;
	}
	return false;
}

bool command_check_tls(const struct options *options, struct err *err)
{
	if (options->needs_tls == NULL || command_has_tls(options))
		return true;
	return err_set(err, ERR_USAGE, "--%s needs TLS: --tls, or tls: in front of ADDRESS",
		       options->needs_tls);
}

int command_connection_fd(const struct options *options, enum address_use use)
{
	const struct address *first = &options->addresses[0];
	bool connected = first->kind == ADDRESS_FD &&
			 (use == ADDRESS_CONNECT || !listener_socket_is_listening(first->fd));

	return connected ? first->fd : -1;
}

static struct step_context step_context(const struct options *options, enum address_use use)
{
	return (struct step_context){
		.settings = &options->session,
		.listening = use == ADDRESS_LISTEN,
		.keep_open = options->serve.keep_open,
		.connection_fd = command_connection_fd(options, use),
		.json = options->json,
	};
}

bool command_read_steps(struct options *options, enum address_use use, char *const *words,
			size_t count, struct err *err)
{
	struct step_context context = step_context(options, use);

	if (context.connection_fd >= 0 && !dial_check_fd(context.connection_fd, err))
		return false;
	options->steps = step_list_parse(words, count, &context, err);
	return options->steps != NULL;
}

bool command_open_steps(const struct options *options, enum address_use use, struct err *err)
{
	struct step_context context = step_context(options, use);

	return step_list_open(options->steps, &context, err);
}

bool command_client_tls(const struct options *options, struct tls_config **tls, struct err *err)
{
	*tls = tls_config_client(&options->tls_settings, err);
	if (*tls != NULL && options->tls_settings.insecure)
		log_line(LOG_NOTICE, "--insecure: the peer's certificate is not checked");
	return *tls != NULL;
}
