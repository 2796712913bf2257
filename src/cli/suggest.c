/* SPDX-License-Identifier: ISC */
/* suggest: what a command line without a command probably means. */
#include "config.h"

#include "cli/suggest.h"

#include "base/err.h"
#include "base/nearest.h"
#include "base/text.h"
#include "cli/command_table.h"
#include "cli/netcat.h"
#include "cli/options.h"
#include "cli/options_parse.h"
#include "cli/shell_word.h"
#include "net/address.h"

#include <stdlib.h>
#include <string.h>

static const char *nearest_command(const char *word)
{
	struct nearest nearest;

	if (word[0] == '-')
		return NULL;
	nearest_begin(&nearest, word);
	nearest_try(&nearest, "help");
	for (size_t i = 0; command_table[i] != NULL; i++)
		nearest_try(&nearest, command_table[i]->name);
	return nearest_found(&nearest);
}

/* "liu COMMAND" and the words, without the one at `skip`. */
static char *line_of(const char *command, int argc, char **argv, int skip)
{
	struct text line = { 0 };

	(void)text_addf(&line, "liu %s", command);
	for (int i = 1; i < argc; i++)
		if (i != skip)
			shell_word_add(&line, argv[i]);
	return text_take(&line);
}

/* The line with `command` inserted; NULL when the command refuses its words. */
static char *line_with(const struct command *command, int argc, char **argv)
{
	struct options options;
	struct err err;
	char *line = NULL;

	if (options_parse(command, argc - 1, argv + 1, &options, &err) && !options.help)
		line = line_of(command->name, argc, argv, 0);
	options_free(&options);
	return line;
}

/* The line for a first word that is an option, or NULL. */
static char *line_for_option(int argc, char **argv)
{
	char *line;

	for (int i = 2; i < argc; i++) {
		if (command_find(argv[i]) != NULL)
			return line_of(argv[i], argc, argv, i);
	}
	/* Try netcat's letters first: its -q is not --quiet. */
	line = argv[1][1] == '-' ? NULL : netcat_line(argc, argv);
	if (line == NULL)
		line = line_with(&command_connect, argc, argv);
	if (line == NULL)
		line = line_with(&command_listen, argc, argv);
	return line;
}

static bool is_url(const char *word)
{
	return strncmp(word, "http://", 7) == 0 || strncmp(word, "https://", 8) == 0;
}

static bool is_address(const char *word, const char *next)
{
	if (strpbrk(word, ":/") != NULL)
		return true;
	if (word[0] != '\0' && strspn(word, "0123456789") == strlen(word))
		return true;
	return next != NULL && address_wants_port(word, next);
}

static char *line_for(int argc, char **argv)
{
	const char *word = argv[1];

	if (word[0] == '-' && word[1] != '\0')
		return line_for_option(argc, argv);
	if (is_url(word))
		return line_of("head", argc, argv, 0);
	if (is_address(word, argc > 2 ? argv[2] : NULL))
		return line_of("connect", argc, argv, 0);
	return NULL;
}

bool suggest_command(int argc, char **argv, struct err *err)
{
	const char *word = argv[1];
	const char *nearest = nearest_command(word);
	char names[COMMAND_NAMES_SIZE];
	char *line;

	if (nearest != NULL)
		return err_set(err, ERR_USAGE, "unknown command '%s', did you mean %s?", word,
			       nearest);
	if (netcat_wants_udp(argc, argv))
		return err_set(err, ERR_USAGE,
			       "'%s': UDP is not supported, only byte streams (TCP, TLS, Unix)",
			       word);
	line = line_for(argc, argv);
	if (line == NULL)
		return err_set(err, ERR_USAGE, "unknown command '%s' (%s)", word,
			       command_names(FOR_ALL, " or ", names));
	(void)err_set(err, ERR_USAGE, "'%s' is not a command, did you mean: %s", word, line);
	free(line);
	return false;
}
