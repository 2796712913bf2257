/* SPDX-License-Identifier: ISC */
/* commands: functions that the commands share. */
#pragma once

#include "net/address.h"

#include <stdbool.h>

struct err;
struct options;
struct tls_config;

/* ERR_USAGE for an address that -4 or -6 excludes. */
bool command_check_family(const struct options *options, const struct address *address,
			  struct err *err);

/* Read ADDRESS (left out: port 0 on loopback) and each --address, and what the steps
 * have to know of them. ERR_USAGE also for an option that would be ignored. */
bool command_read_addresses(struct options *options, struct err *err);

/* The name that the certificate must have; NULL: none. */
const char *command_tls_name(const struct options *options, const struct address *address);

/* Make a client's TLS configuration, which the caller owns; NULL where nothing uses
 * TLS. Warns about --insecure. */
bool command_client_tls(const struct options *options, struct tls_config **tls, struct err *err);

/* Of listen, and of echo, which differs in its steps alone. */
bool listen_run(const struct options *options, int *status, struct err *err);
