/* SPDX-License-Identifier: ISC */
/* color: whether to use colour. */
#ifndef LIU_CLI_COLOR_H
#define LIU_CLI_COLOR_H

#include "cli/options.h"

#include <stdbool.h>

/* --color decides; `auto` means on a terminal, unless NO_COLOR is set and not
 * empty (no-color.org). */
bool color_wanted(enum color_when when, bool terminal);

#endif
