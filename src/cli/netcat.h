/* SPDX-License-Identifier: ISC */
/* netcat: a command line of nc or ncat in the words of liu. */
#ifndef LIU_CLI_NETCAT_H
#define LIU_CLI_NETCAT_H

#include <stdbool.h>

/* The liu line for `liu -l 8080`, owned; NULL when a letter has no counterpart, or
 * the words are not HOST and PORT. */
char *netcat_line(int argc, char **argv);

/* Does it ask for UDP? */
bool netcat_wants_udp(int argc, char **argv);

#endif
