/* SPDX-License-Identifier: ISC */
/* main: the first word, and the exit status. */
#include "config.h"

#include "base/err.h"
#include "base/log.h"
#include "cli/command_table.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/options_parse.h"
#include "cli/program.h"
#include "cli/suggest.h"
#include "io/descriptor.h"
#include "net/resolve.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAGES_KEPT = 2 * 1024 * 1024 };

/* Print a text of help and free it. Returns the exit status. */
static int print_text(char *text)
{
	bool good = fputs(text, stdout) >= 0 && fflush(stdout) == 0;

	free(text);
	if (good)
		return 0;
	if (errno == EPIPE)
		program_die_of(SIGPIPE);
	log_line(LOG_ERROR, "writing to standard output: %s", err_message(errno));
	return ERR_IO;
}

/* Print the error, and for usage where to find help. Returns the exit status. */
static int report(const struct err *err, const char *command)
{
	if (err->kind != ERR_USAGE)
		log_line(LOG_ERROR, "%s", err->text);
	else if (command != NULL)
		log_line(LOG_USAGE, "%s (see: liu %s --help)", err->text, command);
	else
		log_line(LOG_USAGE, "%s (see: liu --help)", err->text);
	descriptor_drop_input(STDERR_FILENO); /* inetd: the line is for the peer */
	return err_status(err);
}

/* `words` are those after the command. */
static int command_main(const struct command *command, int count, char **words)
{
	struct options options;
	struct err err;
	int status = 0;

	if (!options_parse(command, count, words, &options, &err)) {
		(void)suggest_line(command, count, words, &err);
		status = report(&err, command->name);
	} else if (options.help) {
		status = print_text(help_on(command->name, &err));
	} else if (options.version) {
		status = print_text(help_version());
	} else {
		log_set((int)options.verbose - (int)options.quiet,
			options_color(&options, isatty(STDERR_FILENO)));
		if (!command->run(&options, &status, &err))
			status = report(&err, command->name);
	}
	options_free(&options);
	return status;
}

/* liu help [WORD], and for the completions liu help --table. */
static int help_main(int argc, char **argv)
{
	struct err err;
	char *text;

	if (argc <= 2)
		return print_text(help_on("help", &err));
	if (argc == 3 && strcmp(argv[2], "--table") == 0)
		return print_text(help_table());
	if (argc > 3)
		(void)err_set(&err, ERR_USAGE, "'%s': help takes one word", argv[3]);
	else if ((text = help_on(argv[2], &err)) != NULL)
		return print_text(text);
	return report(&err, NULL);
}

static int liu_main(int argc, char **argv)
{
	const struct command *command = argc < 2 ? NULL : command_find(argv[1]);
	char names[COMMAND_NAMES_SIZE];
	struct err err;

	if (command != NULL)
		return command_main(command, argc - 2, argv + 2);
	if (argc > 1 && suggest_is_connect(argv[1]))
		return command_main(&command_connect, argc - 1, argv + 1);
	if (argc < 2)
		(void)err_set(&err, ERR_USAGE, "missing command (%s)",
			      command_names(FOR_ALL, " or ", names));
	else if (strcmp(argv[1], "help") == 0)
		return help_main(argc, argv);
	else if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return print_text(help_on("help", &err));
	else if (strcmp(argv[1], "--version") == 0)
		return print_text(help_version());
	else
		(void)suggest_command(argc, argv, &err);
	return report(&err, NULL);
}

/* Every read allocates and frees a block of 256 KiB. By default glibc returns the
 * pages to the system each time and faults them in again, which halves the speed
 * of bulk TLS (tests/bench). */
static void keep_pages(void)
{
#ifdef M_MMAP_THRESHOLD
	(void)mallopt(M_MMAP_THRESHOLD, PAGES_KEPT / 2); /* a failure only costs speed */
	(void)mallopt(M_TRIM_THRESHOLD, PAGES_KEPT);
#endif
}

static void do_nothing(int signo)
{
	(void)signo;
}

/* A write says EPIPE. The signal is not ignored but caught, as a command would inherit the
 * former, unless it was ignored already. */
static void disarm_sigpipe(void)
{
	const struct sigaction catch = { .sa_handler = do_nothing, .sa_flags = SA_RESTART };
	struct sigaction old;

	if (sigaction(SIGPIPE, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		(void)sigaction(SIGPIPE, &catch, NULL);
}

int main(int argc, char **argv)
{
	int status;

	(void)descriptor_open_standard();
	keep_pages();
	disarm_sigpipe();
	status = liu_main(argc, argv);
	/* A thread in getaddrinfo(3) cannot be cancelled, and joining it may take for ever. */
	if (!resolve_join_threads())
		_exit(status);
	return status;
}
