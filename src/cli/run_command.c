/* SPDX-License-Identifier: ISC */
/* run_command: starts the command of --run. */
#include "config.h"

#include "cli/run_command.h"

#include "base/alloc.h"
#include "base/environment.h"
#include "io/child.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- what it is told --- */

/* A host that stands for every interface is reached by loopback. */
static const char *reachable(const char *host)
{
	if (strcmp(host, "0.0.0.0") == 0)
		return "127.0.0.1";
	return strcmp(host, "::") == 0 ? "::1" : host;
}

/* "HOST:PORT", where an IPv6 HOST is in brackets; `tls` is "tls:" or "". */
static void set_host_and_port(struct environment *env, const char *tls, const char *text)
{
	const char *colon = strrchr(text, ':');
	bool ipv6 = text[0] == '[';
	char *bound = alloc_printf("%.*s", (int)(colon - text) - 2 * ipv6, text + ipv6);
	const char *host = reachable(bound);
	char *address = alloc_printf(ipv6 ? "%s[%s]%s" : "%s%s%s", tls, host, colon);

	environment_set(env, "LIU_ADDRESS", address);
	environment_set(env, "LIU_HOST", host);
	environment_set(env, "LIU_PORT", colon + 1);
	free(address);
	free(bound);
}

/* Only a TCP address begins with a digit or a bracket. */
static void set_address(struct environment *env, const char *address)
{
	static const char tls[] = "tls:";
	bool has_tls = strncmp(address, tls, strlen(tls)) == 0;
	const char *text = has_tls ? address + strlen(tls) : address;

	environment_set(env, "LIU_ADDRESS", address);
	environment_set(env, "LIU_HOST", NULL);
	environment_set(env, "LIU_PORT", NULL);
	if (text[0] == '[' || (text[0] >= '0' && text[0] <= '9'))
		set_host_and_port(env, has_tls ? tls : "", text);
}

struct child *run_command_start(struct children *children, const char *command, const char *address,
				const char *pin, struct task *task, struct err *err)
{
	struct environment env = environment_copy();
	struct child *child;

	set_address(&env, address);
	environment_set(&env, "LIU_PIN", pin);
	child = child_start(children,
			    &(struct child_options){ .command = command,
						     .environment = env.items,
						     .inherits = true },
			    NULL, task, err);
	environment_free(&env);
	return child;
}

/* A terminal sends the signal to all processes of its foreground group. */
bool run_command_has_terminal(void)
{
	int terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
	bool foreground = terminal >= 0 && tcgetpgrp(terminal) == getpgrp();

	if (terminal >= 0)
		(void)close(terminal);
	return foreground;
}
