/* SPDX-License-Identifier: ISC */
/* commands: what each command does, and what they share. */
#include "config.h"

#include "cli/commands.h"

#include "base/err.h"
#include "tls/tls_settings.h"

#include <sys/socket.h>

bool command_check_no_tls(const struct tls_settings *settings, struct err *err)
{
	const struct {
		bool given;
		const char *option;
	} options[] = {
		{ settings->insecure, "--insecure" },
		{ settings->allow_truncated, "--allow-truncated" },
		{ settings->cacert != NULL, "--cacert" },
		{ settings->capath != NULL, "--capath" },
		{ settings->server_name != NULL, "--server-name" },
		{ settings->pin_count > 0, "--pin" },
		{ settings->cert != NULL, "--cert" },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (options[i].given)
			return err_set(err, ERR_USAGE,
				       "%s needs TLS: --tls, or tls: in front of ADDRESS",
				       options[i].option);
	}
	return true;
}

bool command_check_family(const struct address *address, int family, struct err *err)
{
	struct sockaddr_storage addr;
	socklen_t len;

	if (family == AF_UNSPEC || address->kind != ADDRESS_TCP ||
	    address->host_kind != HOST_LITERAL ||
	    !address_literal(address->host, address->port, &addr, &len) || addr.ss_family == family)
		return true;
	return err_set(err, ERR_USAGE, "'%s' is excluded by %s", address->host,
		       family == AF_INET ? "-4" : "-6");
}
