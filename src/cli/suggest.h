/* SPDX-License-Identifier: ISC */
/* suggest: what a command line without a command probably means. */
#pragma once

#include <stdbool.h>

struct err;

/*
 * argv[1], which must exist, is not a command. ERR_USAGE says so, with the nearest
 * command, or with the liu line for an address, a URL, an option before the
 * command, or a netcat command line ("did you mean: liu listen :8080"). Always
 * false.
 */
bool suggest_command(int argc, char **argv, struct err *err);
