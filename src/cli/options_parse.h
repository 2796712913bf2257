/* SPDX-License-Identifier: ISC */
/* options_parse: read the command line into struct options. */
#pragma once

/*
 * Not getopt_long(3), which accepts abbreviations and reorders words depending on
 * the environment.
 */

#include <stdbool.h>

struct command;
struct err;
struct options;

/*
 * Read the words after `command` into `out`, which is filled with the defaults
 * first, and check the line as a whole: ERR_USAGE names the word, says what is
 * wrong and suggests the nearest known one. Nothing is opened. `out` is freed by
 * the caller, also after failure.
 */
bool options_parse(const struct command *command, int count, char **words, struct options *out,
		   struct err *err);
