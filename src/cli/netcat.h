/* SPDX-License-Identifier: ISC */
/* netcat: a command line of nc or ncat in the words of liu. */
#pragma once

#include <stdbool.h>

/* The liu line for `liu -l 8080`, owned; NULL when a letter has no counterpart, or
 * the words are not HOST and PORT. */
char *netcat_line(int argc, char **argv);

/* Does it ask for UDP? */
bool netcat_wants_udp(int argc, char **argv);
