/* SPDX-License-Identifier: ISC */
/* commands: what each command does, and what they share. */
#include "config.h"

#include "cli/commands.h"

#include "base/err.h"

#include <sys/socket.h>

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
