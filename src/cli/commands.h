/* SPDX-License-Identifier: ISC */
/* commands: functions that the commands share. */
#pragma once

#include "net/address.h"
#include "session/step.h"

#include <stdbool.h>
#include <stddef.h>

struct err;
struct options;
struct tls_config;

/* ERR_USAGE for an address that -4 or -6 excludes. */
bool command_check_family(const struct options *options, const struct address *address,
			  struct err *err);

/* Append ADDRESS to those of `options`; `port` is the word after it or NULL. */
bool command_add_address(struct options *options, const char *text, const char *port,
			 enum address_use use, struct err *err);

/* ERR_USAGE for an option that would be ignored, for want of a TLS address. */
bool command_check_tls(const struct options *options, struct err *err);
bool command_has_tls(const struct options *options);

/* The N of an ADDRESS fd:N that is a connection, not a listener; else -1. */
int command_connection_fd(const struct options *options, enum address_use use);

/* Read the steps from `words`; open the files that they name. */
bool command_read_steps(struct options *options, enum address_use use, char *const *words,
			size_t count, struct err *err);
bool command_open_steps(const struct options *options, enum address_use use, struct err *err);

/* Make a client's TLS configuration, which the caller owns; warns about --insecure. */
bool command_client_tls(const struct options *options, struct tls_config **tls, struct err *err);

/* Parts of cmd_listen for echo, which differs only in its steps. */
bool listen_read_addresses(struct options *options, struct err *err);
bool listen_run(const struct options *options, int *status, struct err *err);
