/* SPDX-License-Identifier: ISC */
/* suggest: what a command line without a command probably means. */
#include "config.h"

#include "cli/suggest.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/nearest.h"
#include "base/text.h"
#include "cli/command_table.h"
#include "cli/options.h"
#include "cli/options_parse.h"
#include "net/address.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* --- lines --- */

/* "liu COMMAND" and the words, without the one at `skip`. */
static char *line_of(const char *command, int count, char **words, int skip)
{
	struct text line = { 0 };

	text_addf(&line, "liu %s", command);
	for (int i = 0; i < count; i++) {
		if (i == skip)
			continue;
		text_addf(&line, " ");
		text_add_word(&line, words[i]);
	}
	return text_take(&line);
}

/* The same with all the words; NULL when the command refuses them. */
static char *line_if_valid(const struct command *command, int count, char **words)
{
	struct options options;
	struct err err;
	char *line = NULL;

	if (options_parse(command, count, words, &options, &err) && !options.help)
		line = line_of(command->name, count, words, count);
	options_free(&options);
	return line;
}

/* --- a command line of nc or ncat --- */

enum { NC_OPERANDS = 2 };

/* What liu has an answer to, for getopt(3), which tells operands in their place. 4, 6,
 * C and v mean the same here, and liu always does what n and N ask for. */
#define NC_LETTERS "-46CvnNlkUuzdp:s:w:q:"

struct netcat {
	/* For each letter its argument, "" for a flag, NULL when it was not given; the
	 * last of each counts, as in nc. */
	const char *given[UCHAR_MAX + 1];
	const char *operands[NC_OPERANDS];
	size_t count;
	char *address; /* a word made for `operands`: ":8080"; owned, or NULL */
};

static bool netcat_read(struct netcat *nc, int argc, char **argv)
{
	int letter;

	optind = 0; /* start anew */
	opterr = 0;
	for (optarg = NULL; (letter = getopt(argc, argv, NC_LETTERS)) != -1; optarg = NULL) {
		if (letter == '?' || (optarg != NULL && *optarg == '\0'))
			return false;
		if (letter != 1)
			nc->given[letter] = optarg != NULL ? optarg : "";
		else if (nc->count < NC_OPERANDS)
			nc->operands[nc->count++] = optarg;
		else
			return false;
	}
	return optind == argc;
}

static bool add_prefixed(struct netcat *nc, struct string_list *words, const char *prefix,
			 const char *word)
{
	nc->address = alloc_printf("%s%s", prefix, word);
	string_list_add(words, nc->address);
	return true;
}

/* Add the ADDRESS of `nc -l PORT`, `-l -p PORT` or `-l HOST PORT`. The default of nc
 * is every interface. */
static bool add_listen_address(struct netcat *nc, struct string_list *words)
{
	const char *host = nc->given['s'];
	const char *port = nc->given['p'];
	size_t count = nc->count;

	if (port == NULL && count > 0)
		port = nc->operands[--count];
	if (host == NULL && count > 0)
		host = nc->operands[--count];
	if (port == NULL || count > 0)
		return false;
	if (host == NULL)
		return add_prefixed(nc, words, ":", port);
	string_list_add(words, host);
	string_list_add(words, port);
	return true;
}

static bool add_address(struct netcat *nc, struct string_list *words)
{
	if (nc->given['U'] != NULL)
		return nc->count == 1 && add_prefixed(nc, words, "unix:", nc->operands[0]);
	if (nc->given['l'] != NULL)
		return add_listen_address(nc, words);
	if (nc->count != NC_OPERANDS || nc->given['p'] != NULL)
		return false;
	string_list_add(words, nc->operands[0]);
	string_list_add(words, nc->operands[1]);
	return true;
}

static void add_option(struct string_list *words, const char *option, const char *argument)
{
	if (argument == NULL)
		return;
	string_list_add(words, option);
	if (argument[0] != '\0')
		string_list_add(words, argument);
}

static void add_options(const struct netcat *nc, struct string_list *words)
{
	add_option(words, "-4", nc->given['4']);
	add_option(words, "-6", nc->given['6']);
	if (nc->given['l'] != NULL)
		add_option(words, "-k", nc->given['k']);
	add_option(words, "-v", nc->given['v']);
	add_option(words, "-C", nc->given['C']);
	add_option(words, "--recv-only", nc->given['d']);
	add_option(words, "--quit-after", nc->given['q']);
	if (nc->given['l'] != NULL)
		return;
	/* nc's -w limits connecting, then silence; with -l it is ignored. */
	add_option(words, "--connect-timeout", nc->given['w']);
	if (nc->given['z'] == NULL)
		add_option(words, "--idle-timeout", nc->given['w']);
	add_option(words, "-s", nc->given['s']);
}

static char *line_for_netcat(struct netcat *nc)
{
	const struct command *command = nc->given['l'] != NULL ? &command_listen : &command_connect;
	struct string_list words = { 0 };
	char *line = NULL;

	add_options(nc, &words);
	if (add_address(nc, &words)) {
		add_option(&words, "close", nc->given['z']);
		line = line_if_valid(command, (int)words.count, (char **)words.items);
	}
	free(words.items);
	free(nc->address);
	return line;
}

/* --- the words as they are --- */

/* The line for a first word that is an option, or NULL. */
static char *line_for_option(int count, char **words, struct netcat *nc)
{
	char *line;

	for (int i = 1; i < count; i++) {
		if (command_find(words[i]) != NULL)
			return line_of(words[i], count, words, i);
	}
	/* Try netcat's letters first: its -q is not --quiet. */
	line = nc == NULL ? NULL : line_for_netcat(nc);
	if (line == NULL)
		line = line_if_valid(&command_connect, count, words);
	if (line == NULL)
		line = line_if_valid(&command_listen, count, words);
	return line;
}

/* The command for a first word that connect does not take; NULL: none. */
static const char *other_command(const char *word)
{
	if (strncasecmp(word, "http://", 7) == 0 || strncasecmp(word, "https://", 8) == 0)
		return "head";
	return strncasecmp(word, "sd:", 3) == 0 ? "listen" : NULL;
}

bool suggest_is_connect(const char *word)
{
	if (other_command(word) != NULL || *word == '-')
		return false;
	return strpbrk(word, ":/") != NULL ||
	       (*word != '\0' && word[strspn(word, "0123456789")] == '\0');
}

bool suggest_command(int argc, char **argv, struct err *err)
{
	char **words = argv + 1;
	int count = argc - 1;
	struct nearest nearest = { .word = words[0] };
	struct netcat nc = { 0 };
	bool is_netcat = words[0][0] == '-' && netcat_read(&nc, argc, argv);
	char *line = NULL;

	for (size_t i = 0; command_table[i] != NULL; i++)
		nearest_try(&nearest, command_table[i]->name);
	nearest_try(&nearest, "help");
	if (nearest_found(&nearest) != NULL)
		return nearest_refuse(&nearest, "command", err);
	if (is_netcat && nc.given['u'] != NULL)
		return err_set(err, ERR_USAGE,
			       "'%s': UDP is not supported, only byte streams (TCP, TLS, Unix)",
			       words[0]);
	if (words[0][0] == '-' && words[0][1] != '\0')
		line = line_for_option(count, words, is_netcat ? &nc : NULL);
	else if (other_command(words[0]) != NULL)
		line = line_of(other_command(words[0]), count, words, count);
	else if (address_wants_port(words[0], words[1]))
		line = line_of("connect", count, words, count);
	if (line == NULL)
		return nearest_refuse(&nearest, "command", err);
	(void)err_set(err, ERR_USAGE, "'%s' is not a command, did you mean: %s", words[0], line);
	free(line);
	return false;
}
