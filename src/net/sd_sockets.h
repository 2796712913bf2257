/* SPDX-License-Identifier: ISC */
/* sd_sockets: the sockets that a service manager passes to the program. */
#pragma once

/* The protocol of sd_listen_fds(3). */

#include <stdbool.h>
#include <stddef.h>

enum { SD_SOCKETS_FIRST = 3 }; /* the first descriptor */

/* How many were passed to this very process. */
size_t sd_sockets_count(void);

/* Does socket `i`, counted from 0, have this name? */
bool sd_sockets_is_named(size_t i, const char *name);

/* Remove the variables: a command that the program starts must not take them for its
 * own. */
void sd_sockets_forget(void);
