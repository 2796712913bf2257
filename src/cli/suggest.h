/* SPDX-License-Identifier: ISC */
/* suggest: suggests the command line that was meant. */
#pragma once

#include <stdbool.h>

struct command;
struct err;

/* `err` says why `command` refuses the words: if they have habits of nc, ncat, socat,
 * curl or openssl, add the line that it would take. Always false. */
bool suggest_line(const struct command *command, int count, char **words, struct err *err);

/* Is a first word that is not a command short for `connect WORD`? */
bool suggest_is_connect(const char *word);

/*
 * argv[1], which must exist, is not a command. ERR_USAGE says so, with the nearest
 * command, or with the liu line for HOST PORT, a URL, sd:, an option before the
 * command, or a netcat command line ("did you mean: liu listen :8080"). Always
 * false.
 */
bool suggest_command(int argc, char **argv, struct err *err);
