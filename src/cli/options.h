/* SPDX-License-Identifier: ISC */
/* options: the command line into struct options. */
#ifndef LIU_CLI_OPTIONS_H
#define LIU_CLI_OPTIONS_H

/*
 * Our own parser over the table: getopt_long(3) abbreviates, and reorders by an
 * environment variable.
 */

#include "cli/option_table.h"

#include <stdbool.h>
#include <stddef.h>

struct err;

/*
 * Read argv[2..] for `command` into `out`, which is filled with the defaults
 * first. ERR_USAGE names the word, says what is wrong and suggests the nearest
 * known one. What one option says about another (needs, excludes) is checked.
 * Nothing is opened. `out` is freed by the caller, also after failure.
 */
bool options_parse(enum command command, int argc, char **argv, struct options *out,
		   struct err *err);
void options_free(struct options *options);

/* The level for log_set_level(): number of -v less number of -q. */
int options_log_level(const struct options *options);

#endif
