/* SPDX-License-Identifier: ISC */
/* exec_environment: environment variables that describe the connection to a command. */
#pragma once

#include <stdint.h>

struct connection;
struct environment;

/* Set the variables of ucspi-tcp and of liu, and remove those that this connection does
 * not have: the program may have been started with another's. */
void exec_environment_add(struct environment *env, const struct connection *connection,
			  uint64_t conn);
