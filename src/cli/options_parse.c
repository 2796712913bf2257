/* SPDX-License-Identifier: ISC */
/* options_parse: read the command line into struct options. */
#include "config.h"

#include "cli/options_parse.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/nearest.h"
#include "cli/command_table.h"
#include "cli/option_table.h"
#include "cli/option_values.h"
#include "cli/options.h"
#include "net/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TYPED_SIZE = 64 }; /* an option as typed, truncated for messages */

/* The state of parsing. */
struct parse {
	const struct command *command;
	int argc, at; /* the next word is argv[at] */
	char **argv;
	bool ended; /* by "--" */
	const struct option_row **given;
	size_t given_count;
	struct options *out;
	struct err *err;
};

/* Does `word` (`len` bytes) name it? One letter is that of a short option. */
static bool is_named(const struct option_row *row, const char *word, size_t len)
{
	if (len == 1)
		return row->letter == *word;
	return row->name != NULL && strlen(row->name) == len && memcmp(row->name, word, len) == 0;
}

/* The row with that name in one of the sets, NULL when there is none. */
static const struct option_row *find_row(unsigned sets, const char *word, size_t len)
{
	size_t count;
	const struct option_row *row = option_rows(&count);

	for (const struct option_row *end = row + count; row < end; row++) {
		if ((row->set & sets) != 0 && is_named(row, word, len))
			return row;
	}
	return NULL;
}

static const char *nearest_option(const struct command *command, const char *word)
{
	size_t count;
	const struct option_row *row = option_rows(&count);
	struct nearest nearest;

	nearest_begin(&nearest, word);
	for (const struct option_row *end = row + count; row < end; row++) {
		if (option_is_of(row, command) && row->name != NULL)
			nearest_try(&nearest, row->name);
	}
	return nearest_found(&nearest);
}

/* `typed` is unknown to the command; `elsewhere` is an option of others, or NULL. */
static bool unknown(struct parse *parse, const char *typed, const char *name,
		    const struct option_row *elsewhere)
{
	const char *nearest;
	char names[COMMAND_NAMES_SIZE];

	if (elsewhere != NULL)
		return err_set(parse->err, ERR_USAGE, "%s is not an option of %s (only of %s)",
			       typed, parse->command->name,
			       command_names(elsewhere->set, " and ", names));
	nearest = nearest_option(parse->command, name);
	if (nearest == NULL)
		return err_set(parse->err, ERR_USAGE, "unknown option %s", typed);
	return err_set(parse->err, ERR_USAGE, "unknown option %s, did you mean --%s?", typed,
		       nearest);
}

/* Store an option; `value` is the argument in the same word, or NULL. */
static bool take_row(struct parse *parse, const struct option_row *row, const char *typed,
		     const char *value)
{
	size_t size = (parse->given_count + 1) * sizeof(const struct option_row *);

	if (value == NULL)
		value = row->otherwise;
	if (value == NULL && row->arg != NULL) {
		if (parse->at == parse->argc)
			return err_set(parse->err, ERR_USAGE, "%s needs an argument: %s", typed,
				       row->arg);
		value = parse->argv[parse->at++];
	}
	if (!option_store(row, value, parse->out, parse->err))
		return err_prefix(parse->err, "%s", typed);
	parse->given = alloc_resize(parse->given, size);
	parse->given[parse->given_count++] = row;
	if (row->needs_tls && parse->out->needs_tls == NULL)
		parse->out->needs_tls = row->name;
	return true;
}

/* "--name" or "--name=value". */
static bool take_long(struct parse *parse, const char *word)
{
	const char *name = word + 2;
	size_t len = strcspn(name, "=");
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	bool is_letter = len == 1; /* "--k" is not -k */
	const struct option_row *row =
		is_letter ? NULL : find_row(parse->command->takes, name, len);
	char typed[TYPED_SIZE];

	(void)snprintf(typed, sizeof(typed), "--%.*s", (int)len, name);
	if (row == NULL)
		return unknown(parse, typed, typed + 2,
			       is_letter ? NULL : find_row(~0U, name, len));
	if (row->arg == NULL && value != NULL)
		return err_set(parse->err, ERR_USAGE, "%s takes no argument: '%s'", typed, word);
	return take_row(parse, row, typed, value);
}

/* `letter` of the cluster `word`. The word as a whole may be near to a long
 * option: "-timeout". */
static bool unknown_letter(struct parse *parse, const char *word, const char *letter)
{
	const struct option_row *elsewhere = find_row(~0U, letter, 1);
	char typed[TYPED_SIZE];

	if (word[2] == '\0')
		(void)snprintf(typed, sizeof(typed), "-%c", *letter);
	else
		(void)snprintf(typed, sizeof(typed), "-%c in '%s'", *letter, word);
	if (nearest_option(parse->command, word + 1) != NULL)
		elsewhere = NULL;
	return unknown(parse, typed, word + 1, elsewhere);
}

/* "-k", "-kv", "-w5", "-kw 5". */
static bool take_cluster(struct parse *parse, const char *word)
{
	const struct option_row *row = NULL;

	for (const char *at = word + 1; *at != '\0' && (row == NULL || row->arg == NULL); at++) {
		const char *rest = at[1] == '\0' ? NULL : at + 1;
		char typed[TYPED_SIZE];

		row = find_row(parse->command->takes, at, 1);
		if (row == NULL)
			return unknown_letter(parse, word, at);
		(void)snprintf(typed, sizeof(typed), "-%c", *at);
		if (!take_row(parse, row, typed, row->arg == NULL ? NULL : rest))
			return false;
	}
	return true;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

static bool take_option(struct parse *parse)
{
	const char *word = parse->argv[parse->at++];

	if (strcmp(word, "--") == 0) {
		parse->ended = true;
		return true;
	}
	return word[1] == '-' ? take_long(parse, word) : take_cluster(parse, word);
}

static void take_operand(struct parse *parse)
{
	struct string_list *list = &parse->out->operands;

	list->items = alloc_resize(list->items, (list->count + 1) * sizeof(*list->items));
	list->items[list->count++] = parse->argv[parse->at++];
}

/* Take ADDRESS, and the next word too if it is its PORT. */
static void take_address(struct parse *parse)
{
	const char *host = parse->argv[parse->at];

	take_operand(parse);
	if (parse->at < parse->argc && address_wants_port(host, parse->argv[parse->at]))
		take_operand(parse);
}

/* Take the words up to the first step, or up to --help or --version. */
static bool take_words(struct parse *parse)
{
	struct options *out = parse->out;
	while (parse->at < parse->argc && !out->help && !out->version) {
		if (!parse->ended && is_option(parse->argv[parse->at])) {
			if (!take_option(parse))
				return false;
		} else if (!parse->command->steps) {
			take_operand(parse);
		} else if (out->operands.count == 0) {
			take_address(parse);
		} else {
			break;
		}
	}
	out->step_words = parse->argv + parse->at;
	out->step_word_count = (size_t)(parse->argc - parse->at);
	return true;
}

static const struct option_row *given(const struct parse *parse, const char *word, size_t len)
{
	for (size_t i = 0; i < parse->given_count; i++)
		if (is_named(parse->given[i], word, len))
			return parse->given[i];
	return NULL;
}

/* "--name", or "-4" for an option without a name. */
static const char *shown(const struct option_row *row, char buf[TYPED_SIZE])
{
	if (row->name != NULL)
		(void)snprintf(buf, TYPED_SIZE, "--%s", row->name);
	else
		(void)snprintf(buf, TYPED_SIZE, "-%c", row->letter);
	return buf;
}

static bool check_excludes(const struct parse *parse, const struct option_row *row)
{
	const char *word = row->excludes == NULL ? "" : row->excludes;
	char one[TYPED_SIZE], two[TYPED_SIZE];

	while (*word != '\0') {
		size_t len = strcspn(word, " ");
		const struct option_row *other = given(parse, word, len);

		if (other != NULL)
			return err_set(parse->err, ERR_USAGE, "%s and %s exclude each other",
				       shown(row, one), shown(other, two));
		word += len;
		word += strspn(word, " ");
	}
	return true;
}

/* Check what the given options need and exclude. */
static bool check_given(const struct parse *parse)
{
	for (size_t i = 0; i < parse->given_count; i++) {
		const struct option_row *row = parse->given[i];
		char buf[TYPED_SIZE];

		if (!check_excludes(parse, row))
			return false;
		if (row->needs != NULL && given(parse, row->needs, strlen(row->needs)) == NULL)
			return err_set(parse->err, ERR_USAGE, "%s needs --%s", shown(row, buf),
				       row->needs);
	}
	return true;
}

static bool parse_all(struct parse *parse)
{
	const struct command *command = parse->command;
	struct options *out = parse->out;

	if (!take_words(parse))
		return false;
	if (out->help || out->version)
		return true;
	if (!check_given(parse))
		return false;
	if (command->needs != NULL && out->operands.count == 0)
		return err_set(parse->err, ERR_USAGE, "%s needs %s", command->name, command->needs);
	return option_settle(out, parse->err) && command->check(out, parse->err);
}

bool options_parse(const struct command *command, int argc, char **argv, struct options *out,
		   struct err *err)
{
	struct parse parse = {
		.command = command,
		.argc = argc,
		.at = argc < 2 ? argc : 2,
		.argv = argv,
		.out = out,
		.err = err,
	};
	bool good;

	option_defaults(out);
	good = parse_all(&parse);
	free(parse.given);
	return good;
}
