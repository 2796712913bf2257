/* SPDX-License-Identifier: ISC */
/* options: the command line into struct options. */
#include "config.h"

#include "cli/options.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/nearest.h"
#include "cli/option_values.h"
#include "http/status_ranges.h"
#include "net/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TYPED_SIZE = 64,    /* an option as it was typed, cut for messages */
	COMMANDS_SIZE = 64, /* "connect, listen, echo and head" */
};

/* What is known in the middle of a command line. */
struct parse {
	enum command command;
	int argc, at; /* the next word is argv[at] */
	char **argv;
	bool ended; /* by "--" */
	const struct option_row **given;
	size_t given_count;
	struct options *out;
	struct err *err;
};

static bool has_name(const struct option_row *row, const char *name, size_t len)
{
	return row->name != NULL && strlen(row->name) == len && memcmp(row->name, name, len) == 0;
}

/* The row of `commands` with that name (`len` bytes), or with that letter. */
static const struct option_row *find_row(unsigned commands, const char *name, size_t len,
					 char letter)
{
	size_t count;
	const struct option_group *group = option_groups(&count);

	for (const struct option_group *end = group + count; group < end; group++) {
		for (size_t i = 0; i < group->count; i++) {
			const struct option_row *row = &group->rows[i];

			if ((row->commands & commands) == 0)
				continue;
			if (letter != 0 ? row->letter == letter : has_name(row, name, len))
				return row;
		}
	}
	return NULL;
}

static const char *nearest_option(enum command command, const char *word)
{
	struct nearest nearest;
	size_t group_count;
	const struct option_group *groups = option_groups(&group_count);

	nearest_begin(&nearest, word);
	for (size_t g = 0; g < group_count; g++) {
		for (size_t i = 0; i < groups[g].count; i++) {
			const struct option_row *row = &groups[g].rows[i];

			if ((row->commands & command) != 0 && row->name != NULL)
				nearest_try(&nearest, row->name);
		}
	}
	return nearest_found(&nearest);
}

/* "listen, echo": the commands that have the option. */
static const char *owners(const struct option_row *row, char buf[COMMANDS_SIZE])
{
	const struct command_row *command = command_rows();
	const char *comma = "";
	size_t used = 0;

	buf[0] = '\0';
	for (const struct command_row *end = command + COMMAND_COUNT; command < end; command++) {
		if ((row->commands & command->command) == 0)
			continue;
		used += (size_t)snprintf(buf + used, COMMANDS_SIZE - used, "%s%s", comma,
					 command->name);
		comma = ", ";
	}
	return buf;
}

/* `typed` is no option of the command; `elsewhere` is one of others, or NULL. */
static bool unknown(struct parse *parse, const char *typed, const char *name,
		    const struct option_row *elsewhere)
{
	const char *command = command_row(parse->command)->name;
	const char *nearest;
	char buf[COMMANDS_SIZE];

	if (elsewhere != NULL)
		return err_set(parse->err, ERR_USAGE, "%s is no option of %s (but of: %s)", typed,
			       command, owners(elsewhere, buf));
	nearest = nearest_option(parse->command, name);
	if (nearest == NULL)
		return err_set(parse->err, ERR_USAGE, "unknown option %s", typed);
	return err_set(parse->err, ERR_USAGE, "unknown option %s, did you mean --%s?", typed,
		       nearest);
}

static bool is_optional(const struct option_row *row)
{
	return row->arg != NULL && row->arg[0] == '[';
}

static bool accepted(struct parse *parse, const struct option_row *row, const char *typed,
		     const char *value)
{
	size_t size = (parse->given_count + 1) * sizeof(const struct option_row *);

	if (!option_store(row, value, parse->out, parse->err))
		return err_prefix(parse->err, "%s", typed);
	parse->given = alloc_resize(parse->given, size);
	parse->given[parse->given_count++] = row;
	return true;
}

/* The next word as the argument of `typed`. NULL: there is none. */
static const char *take_argument(struct parse *parse, const struct option_row *row,
				 const char *typed)
{
	if (parse->at < parse->argc)
		return parse->argv[parse->at++];
	(void)err_set(parse->err, ERR_USAGE, "%s needs an argument: %s", typed, row->arg);
	return NULL;
}

/* "--name" or "--name=value". */
static bool take_long(struct parse *parse, const char *word)
{
	const char *name = word + 2;
	size_t len = strcspn(name, "=");
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	const struct option_row *row = find_row(parse->command, name, len, 0);
	char typed[TYPED_SIZE];

	(void)snprintf(typed, sizeof(typed), "--%.*s", (int)len, name);
	if (row == NULL)
		return unknown(parse, typed, typed + 2, find_row(~0U, name, len, 0));
	if (row->arg == NULL && value != NULL)
		return err_set(parse->err, ERR_USAGE, "%s takes no value: '%s'", typed, word);
	if (is_optional(row) && value == NULL)
		value = row->otherwise;
	if (row->arg != NULL && value == NULL)
		value = take_argument(parse, row, typed);
	if (row->arg != NULL && value == NULL)
		return false;
	return accepted(parse, row, typed, value);
}

/* `letter` of the cluster `word`. The word as a whole may be near to a long
 * option: "-timeout". */
static bool unknown_letter(struct parse *parse, const char *word, char letter)
{
	const struct option_row *elsewhere = find_row(~0U, NULL, 0, letter);
	char typed[TYPED_SIZE];

	if (word[2] == '\0')
		(void)snprintf(typed, sizeof(typed), "-%c", letter);
	else
		(void)snprintf(typed, sizeof(typed), "-%c in '%s'", letter, word);
	if (nearest_option(parse->command, word + 1) != NULL)
		elsewhere = NULL;
	return unknown(parse, typed, word + 1, elsewhere);
}

/* "-k", "-kv", "-w5", "-kw 5". */
static bool take_cluster(struct parse *parse, const char *word)
{
	for (const char *at = word + 1; *at != '\0'; at++) {
		const struct option_row *row = find_row(parse->command, NULL, 0, *at);
		const char *value = NULL;
		char typed[TYPED_SIZE];

		if (row == NULL) {
			return unknown_letter(parse, word, *at);
		}
		(void)snprintf(typed, sizeof(typed), "-%c", *at);
		if (row->arg != NULL)
			value = at[1] != '\0' ? at + 1 : take_argument(parse, row, typed);
		if (row->arg != NULL && value == NULL)
			return false;
		if (!accepted(parse, row, typed, value))
			return false;
		if (row->arg != NULL)
			return true;
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

/* ADDRESS at the next word, and the word behind it when that is its PORT. */
static void take_address(struct parse *parse)
{
	const char *host = parse->argv[parse->at];

	take_operand(parse);
	if (parse->at < parse->argc && address_wants_port(host, parse->argv[parse->at]))
		take_operand(parse);
}

/* The words up to the first step, or all: true also when --help ended it. */
static bool take_words(struct parse *parse)
{
	struct options *out = parse->out;
	bool steps = command_row(parse->command)->steps;

	while (parse->at < parse->argc && !out->help && !out->version) {
		if (!parse->ended && is_option(parse->argv[parse->at])) {
			if (!take_option(parse))
				return false;
		} else if (!steps) {
			take_operand(parse);
		} else if (out->operands.count == 0) {
			take_address(parse);
		} else {
			break;
		}
	}
	out->steps = parse->argv + parse->at;
	out->step_count = (size_t)(parse->argc - parse->at);
	return true;
}

static bool check_operands(struct parse *parse)
{
	const struct string_list *words = &parse->out->operands;

	switch (parse->command) {
	case COMMAND_CONNECT:
	case COMMAND_LISTEN:
		if (words->count == 0)
			return err_set(parse->err, ERR_USAGE, "%s needs an ADDRESS",
				       command_row(parse->command)->name);
		return true;
	case COMMAND_ECHO:
		if (words->count > 2)
			return err_set(parse->err, ERR_USAGE, "'%s': echo takes one ADDRESS",
				       words->items[2]);
		if (words->count == 2 && !address_wants_port(words->items[0], words->items[1]))
			return err_set(parse->err, ERR_USAGE, "'%s': echo takes one ADDRESS",
				       words->items[1]);
		return true;
	case COMMAND_HEAD:
		if (words->count == 0)
			return err_set(parse->err, ERR_USAGE, "head needs a URL");
		return true;
	}
	return true;
}

/* `word` of a needs or excludes, `len` bytes: a name, or one letter. */
static bool is_named(const struct option_row *row, const char *word, size_t len)
{
	return len == 1 ? row->letter == *word : has_name(row, word, len);
}

static const struct option_row *given(const struct parse *parse, const char *word, size_t len)
{
	for (size_t i = 0; i < parse->given_count; i++)
		if (is_named(parse->given[i], word, len))
			return parse->given[i];
	return NULL;
}

/* "--name", or "-4" of one that has none. */
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

/* What one option says about others. */
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
	static const char low_water[] = "low-water";
	struct options *out = parse->out;
	bool has_low_water;

	if (!take_words(parse))
		return false;
	if (out->help || out->version)
		return true;
	has_low_water = given(parse, low_water, strlen(low_water)) != NULL;
	return check_given(parse) && check_operands(parse) &&
	       option_settle(parse->command, has_low_water, out, parse->err);
}

bool options_parse(enum command command, int argc, char **argv, struct options *out,
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

void options_free(struct options *options)
{
	free(options->pins.items);
	free(options->addresses.items);
	free(options->headers.items);
	free(options->fields.items);
	free(options->operands.items);
	free((void *)options->until.data);
	http_ranges_free(options->fail);
	memset(options, 0, sizeof(*options));
}

int options_log_level(const struct options *options)
{
	enum { LEVEL_MAX = 100 };
	unsigned verbose = options->verbose < LEVEL_MAX ? options->verbose : LEVEL_MAX;
	unsigned quiet = options->quiet < LEVEL_MAX ? options->quiet : LEVEL_MAX;

	return (int)verbose - (int)quiet;
}
