/* SPDX-License-Identifier: ISC */
/* cmd_echo: listen -k with the step echo. */
#include "config.h"

#include "base/alloc.h"
#include "base/err.h"
#include "cli/command_table.h"
#include "cli/commands.h"
#include "cli/options.h"

#include <stdlib.h>

/* As in asyncio, the limit is for the bytes before a separator; a frame of a given
 * length is held to it too. */
static bool check_limit(const struct options *options, struct err *err)
{
	if (options->exactly <= options->session.limit)
		return true;
	return err_set(err, ERR_USAGE, "--exactly (%zu) is above --limit (%zu)", options->exactly,
		       options->session.limit);
}

static bool check_faults(struct options *options, struct err *err)
{
	if (options->faults.given == 0)
		return true;
	options->session.faults = &options->faults;
	if (options->address_has_tls || !faults_have(&options->faults, FAULT_TRUNCATE))
		return true;
	return err_set(err, ERR_USAGE, "--fault truncate-after needs TLS (--tls or tls:ADDRESS)");
}

static bool check_listens(const struct options *options, struct err *err)
{
	return options->listens ||
	       err_set(err, ERR_USAGE, "echo needs a listening socket, not a connected fd:N");
}

/* --line, --exactly and --until are the arguments of the step. */
static bool read_step(struct options *options, struct err *err)
{
	static char echo[] = "echo", line[] = "line", exactly[] = "exactly", until[] = "until";
	char *number = alloc_printf("%zu", options->exactly);
	char *words[] = { echo, NULL, NULL };
	size_t count = 1;

	if (options->line) {
		words[count++] = line;
	} else if (options->exactly > 0) {
		words[count++] = exactly;
		words[count++] = number;
	} else if (options->until != NULL) {
		words[count++] = until;
		words[count++] = (char *)options->until;
	}
	options->steps = step_list_parse(words, count, &options->step_context, err);
	free(number);
	if (options->steps != NULL)
		options->steps->visible = false;
	return options->steps != NULL;
}

static bool check(struct options *options, struct err *err)
{
	options->serve.keep_open = true;
	return check_limit(options, err) && command_read_addresses(options, err) &&
	       check_listens(options, err) && check_faults(options, err) && read_step(options, err);
}

const struct command command_echo = {
	.name = "echo",
	.operands = "[ADDRESS]",
	.summary = "send back what each peer sends",
	.text = "Send back what each connection sends, until its end. Without ADDRESS the\n"
		"system chooses a port, on this machine only.\n\n"
		"KIND of a fault: delay=D, chunk=SIZE, drop-rate=SIZE, stall-after=SIZE,\n"
		"reset-after=SIZE, close-after=SIZE, truncate-after=SIZE.\n",
	.examples = {
		"liu echo 127.0.0.1:8888",
		"liu echo --run 'pytest tests/'",
		"liu echo --until ';' -w 30 unix:/tmp/echo.sock",
	},
	.takes = FOR_ALL | FOR_STREAMS | FOR_SERVERS | FOR_ECHO,
	.check = check,
	.run = listen_run,
};
