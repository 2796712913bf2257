/* SPDX-License-Identifier: ISC */
/* commands: what each command does, and what they share. */
#ifndef LIU_CLI_COMMANDS_H
#define LIU_CLI_COMMANDS_H

#include "net/address.h"

#include <stdbool.h>

struct err;
struct options;
struct tls_settings;

/*
 * Each checks the rest of the line, then opens files, then touches the network.
 * False with `err` filled when it did not get to run; else `*status` is the exit
 * status.
 */
bool cmd_connect(struct options *options, int *status, struct err *err);
bool cmd_listen(struct options *options, int *status, struct err *err);
bool cmd_echo(struct options *options, int *status, struct err *err);
bool cmd_head(struct options *options, int *status, struct err *err);

/* Without TLS its options would be ignored, which nobody expects: ERR_USAGE. */
bool command_check_no_tls(const struct tls_settings *settings, struct err *err);

/* An address that -4 or -6 (`family`) excludes is ERR_USAGE. */
bool command_check_family(const struct address *address, int family, struct err *err);

#endif
