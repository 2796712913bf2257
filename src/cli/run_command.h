/* SPDX-License-Identifier: ISC */
/* run_command: starts the command of --run. */
#pragma once

#include <stdbool.h>

struct child;
struct children;
struct err;
struct task;

/*
 * `command` gets our standard descriptors and process group, and is told where to connect
 * by LIU_ADDRESS, LIU_HOST and LIU_PORT: `address` is a listener's, and where that stands
 * for every interface, loopback takes its place. `pin` is LIU_PIN; NULL: none.
 * `task` and the answers are those of child_start().
 */
struct child *run_command_start(struct children *children, const char *command, const char *address,
				const char *pin, struct task *task, struct err *err);

/* Are we in the foreground of a terminal, which sends its SIGINT to the command, too? */
bool run_command_has_terminal(void);
