/* SPDX-License-Identifier: ISC */
/* systemd_sockets: sockets that a service manager has passed, as sd_listen_fds(3) has it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { SYSTEMD_SOCKETS_FIRST = 3 }; /* the descriptor of the first one */

/* How many were passed to this very process. */
size_t systemd_sockets_count(void);

/* Does socket `i`, counted from 0, have this name? */
bool systemd_sockets_is_named(size_t i, const char *name);

/* A command that the program starts must not take them for its own. */
void systemd_sockets_forget(void);
