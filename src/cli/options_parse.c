/* SPDX-License-Identifier: ISC */
/* options_parse: read the command line into struct options. */
#include "config.h"

#include "cli/options_parse.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/nearest.h"
#include "cli/command_table.h"
#include "cli/commands.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "net/address.h"
#include "net/socket_file.h"
#include "session/pump.h"
#include "session/step.h"
#include "tls/tls_verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TYPED_SIZE = 64, /* an option as typed, truncated for messages */
	BACKLOG = 100,
	HAPPY_EYEBALLS_DELAY_MS = 250,
	LOW_WATER_PART = 4, /* of high */
};

/* The state of parsing. */
struct parse {
	const struct command *command;
	int count, at; /* the next word is words[at] */
	char **words;
	bool ended;  /* by "--" */
	bool *given; /* for each row of the table */
	struct options *out;
	struct err *err;
};

static const char *nearest_option(const struct command *command, const char *word)
{
	struct nearest nearest = { .word = word };

	for (const struct option_row *row = option_table; row < option_table_end; row++)
		if (option_is_of(row, command) && row->name != NULL)
			nearest_try(&nearest, row->name);
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
	if (nearest != NULL)
		return err_set(parse->err, ERR_USAGE, "unknown option %s, did you mean --%s?",
			       typed, nearest);
	(void)err_set(parse->err, ERR_USAGE, "unknown option %s", typed);
	return command_hint_at_run(parse->out, parse->err);
}

/* Store an option; `value` is the argument in the same word, or NULL. */
static bool take_row(struct parse *parse, const struct option_row *row, const char *typed,
		     const char *value)
{
	if (value == NULL && row->otherwise != NULL && parse->at < parse->count &&
	    option_store(row, parse->words[parse->at], parse->out, parse->err))
		return err_set(parse->err, ERR_USAGE, "%s takes its argument only after '=': %s=%s",
			       typed, typed, parse->words[parse->at]);
	if (value == NULL)
		value = row->otherwise;
	if (value == NULL && row->arg != NULL) {
		if (parse->at == parse->count)
			return err_set(parse->err, ERR_USAGE, "%s needs an argument: %s", typed,
				       row->arg);
		value = parse->words[parse->at++];
	}
	if (!option_store(row, value, parse->out, parse->err))
		return err_prefix(parse->err, "%s", typed);
	parse->given[row - option_table] = true;
	return true;
}

/* "--name" or "--name=value". */
static bool take_long(struct parse *parse, const char *word)
{
	const char *value = strchr(word, '=');
	const struct option_row *row;
	char typed[TYPED_SIZE];

	(void)snprintf(typed, sizeof(typed), "%.*s", (int)strcspn(word, "="), word);
	row = option_find(parse->command->takes, typed + 2, 0);
	if (row == NULL)
		return unknown(parse, typed, typed + 2, option_find(~0U, typed + 2, 0));
	if (row->arg == NULL && value != NULL)
		return err_set(parse->err, ERR_USAGE, "%s takes no argument: '%s'", typed, word);
	return take_row(parse, row, typed, value == NULL ? NULL : value + 1);
}

/* `letter` of the cluster `word`. The word as a whole may be near to a long
 * option: "-timeout". */
static bool unknown_letter(struct parse *parse, const char *word, char letter)
{
	bool near = nearest_option(parse->command, word + 1) != NULL;
	char typed[TYPED_SIZE];

	if (word[2] == '\0')
		(void)snprintf(typed, sizeof(typed), "-%c", letter);
	else
		(void)snprintf(typed, sizeof(typed), "-%c in '%s'", letter, word);
	return unknown(parse, typed, word + 1, near ? NULL : option_find(~0U, NULL, letter));
}

/* "-k", "-kv", "-w5", "-kw 5". */
static bool take_cluster(struct parse *parse, const char *word)
{
	for (const char *at = word + 1; *at != '\0'; at++) {
		const struct option_row *row = option_find(parse->command->takes, NULL, *at);
		const char typed[] = { '-', *at, '\0' };

		if (row == NULL)
			return unknown_letter(parse, word, *at);
		if (row->arg != NULL)
			return take_row(parse, row, typed, at[1] == '\0' ? NULL : at + 1);
		if (!take_row(parse, row, typed, NULL))
			return false;
	}
	return true;
}

static bool take_option(struct parse *parse)
{
	const char *word = parse->words[parse->at++];

	if (strcmp(word, "--") == 0) {
		parse->ended = true;
		return true;
	}
	return word[1] == '-' ? take_long(parse, word) : take_cluster(parse, word);
}

/* Is `word` a URL, the ADDRESS or its PORT? */
static bool is_operand(const struct parse *parse, const char *word)
{
	const struct string_list *operands = &parse->out->operands;

	return operands->count == 0 || !(parse->command->takes & FOR_STREAMS) ||
	       (operands->count == 1 && address_wants_port(operands->items[0], word));
}

/* Take the words up to the first step, or up to --help or --version. */
static bool take_words(struct parse *parse)
{
	struct options *out = parse->out;

	while (parse->at < parse->count && !out->help && !out->version) {
		const char *word = parse->words[parse->at];

		if (!parse->ended && word[0] == '-' && word[1] != '\0') {
			if (!take_option(parse))
				return false;
		} else if (is_operand(parse, word)) {
			string_list_add(&out->operands, word);
			parse->at++;
		} else if (parse->command->takes & FOR_STEPS) {
			break;
		} else {
			return err_set(parse->err, ERR_USAGE, "'%s': %s takes one ADDRESS", word,
				       parse->command->name);
		}
	}
	return true;
}

static bool is_given(const struct parse *parse, const char *name)
{
	return parse->given[option_find(parse->command->takes, name, 0) - option_table];
}

/* Check what the given options need and exclude. */
static bool check_given(const struct parse *parse)
{
	for (const struct option_row *row = option_table; row < option_table_end; row++) {
		if (!parse->given[row - option_table])
			continue;
		if (row->needs != NULL && !is_given(parse, row->needs))
			return err_set(parse->err, ERR_USAGE, "--%s needs --%s", row->name,
				       row->needs);
		for (const char *const *other = row->excludes; *other != NULL; other++)
			if (is_given(parse, *other))
				return err_set(parse->err, ERR_USAGE,
					       "--%s and --%s exclude each other", row->name,
					       *other);
	}
	return true;
}

/* Refuse options that would be ignored, once addresses and steps are known. */
static bool check_used(const struct parse *parse)
{
	for (const struct option_row *row = option_table; row < option_table_end; row++)
		if (parse->given[row - option_table] && row->without != NULL &&
		    !*(const bool *)((const char *)parse->out + row->use))
			return err_set(parse->err, ERR_USAGE, "--%s needs %s", row->name,
				       row->without);
	return true;
}

/* --- the values --- */

static void set_defaults(const struct command *command, struct options *out)
{
	*out = (struct options){
		.session.limit = SETTINGS_LIMIT,
		.session.high_water = SETTINGS_HIGH_WATER,
		.session.close_timeout_ms = SETTINGS_CLOSE_TIMEOUT_MS,
		.session.handshake_timeout_ms = SETTINGS_HANDSHAKE_TIMEOUT_MS,
		.dialing.happy_eyeballs_delay_ms = HAPPY_EYEBALLS_DELAY_MS,
		.listening.backlog = BACKLOG,
		.serve.readiness.ready_fd = -1,
		.request.method = "HEAD",
		.step_context.listening = (command->takes & FOR_SERVERS) != 0,
		.step_context.connection_fd = -1,
	};
}

static bool check_session(struct session_settings *session, struct err *err)
{
	if (!session->has_low_water)
		session->low_water = session->high_water / LOW_WATER_PART;
	if (session->low_water > session->high_water)
		return err_set(err, ERR_USAGE, "--low-water (%zu) is above --high-water (%zu)",
			       session->low_water, session->high_water);
	if (session->pump != NULL && !pump_known(session->pump))
		return err_set(err, ERR_USAGE, "--pump: unknown pump '%s'", session->pump);
	return true;
}

static bool check_pins(const struct string_list *pins, struct err *err)
{
	for (size_t i = 0; i < pins->count; i++)
		if (!tls_verify_pin_valid(pins->items[i]))
			return err_set(err, ERR_USAGE,
				       "--pin: invalid pin '%s' (sha256: and 64 hexadecimal "
				       "digits)",
				       pins->items[i]);
	return true;
}

static bool check_local(struct options *out, int family, struct err *err)
{
	struct dial_options *dialing = &out->dialing;

	if (out->local_addr == NULL)
		return true;
	if (!address_parse_local(out->local_addr, &dialing->local, err))
		return err_prefix(err, "--local-addr");
	if (family != AF_UNSPEC && family != dialing->local.addr.ss_family)
		return err_set(err, ERR_USAGE, "--local-addr: '%s' is excluded by -%c",
			       out->local_addr, out->ipv4 ? '4' : '6');
	return true;
}

/* Check values against each other, and fill the structs that are passed on to the
 * modules below. */
static bool settle(struct options *out, struct err *err)
{
	int family = out->ipv4 ? AF_INET : out->ipv6 ? AF_INET6 : AF_UNSPEC;

	if (out->ipv4 && out->ipv6)
		return err_set(err, ERR_USAGE, "-4 and -6 exclude each other");
	if (!check_session(&out->session, err) || !check_pins(&out->pins, err) ||
	    !check_local(out, family, err))
		return false;
	out->request.headers = out->headers.items;
	out->request.header_count = out->headers.count;
	out->tls_settings.pins = out->pins.items;
	out->tls_settings.pin_count = out->pins.count;
	out->dialing.family = family;
	out->dialing.handshake_timeout_ms = out->session.handshake_timeout_ms;
	out->dialing.nagle = out->nagle;
	out->listening.family = family;
	out->serve.nagle = out->nagle;
	out->serve.keep_open =
		out->serve.keep_open || out->serve.accept_count > 0 || out->run != NULL;
	return true;
}

static void note_uses(const struct command *command, struct options *out)
{
	unsigned flags = out->steps != NULL ? out->steps->flags : 0;
	bool client = !(command->takes & FOR_SERVERS);

	out->uses_relay = flags & STEP_RELAY;
	out->dials = client || (flags & STEP_DIALS);
	out->dials_tls = (client && out->address_has_tls) || (flags & STEP_DIALS_TLS);
	out->any_tls = out->address_has_tls || out->dials_tls;
}

/* An old address file is removed: it must not be one that the line names, too. */
static bool check_address_file(const struct options *options, struct err *err)
{
	const char *path = options->serve.readiness.address_file;
	size_t steps = options->steps != NULL ? options->steps->count : 0;

	for (const struct option_row *row = option_table; row < option_table_end; row++) {
		const char *const *file =
			(const char *const *)((const char *)options + row->offset);

		if (row->type == OPTION_FILE && *file != NULL && *file != path &&
		    socket_file_is_same(*file, path))
			return err_set(err, ERR_USAGE, "--address-file: '%s' is the file of --%s",
				       path, row->name);
	}
	for (size_t i = 0; i < steps; i++) {
		const struct step *step = &options->steps->steps[i];

		if (step->kind->file != NULL && socket_file_is_same(step->kind->file(step), path))
			return err_set(err, ERR_USAGE, "--address-file: '%s' is the file of '%s'",
				       path, step->text);
	}
	return true;
}

static bool check_serving(const struct parse *parse)
{
	const struct serve_options *serve = &parse->out->serve;

	if (serve->max_conns > 0 && !serve->keep_open && !serve->accept_proxy)
		return err_set(parse->err, ERR_USAGE,
			       "--max-conns needs -k, --accept, --run or --accept-proxy");
	return serve->readiness.address_file == NULL || check_address_file(parse->out, parse->err);
}

static bool check(const struct parse *parse)
{
	const struct command *command = parse->command;
	struct options *out = parse->out;

	if (!check_given(parse))
		return false;
	if (command->needs != NULL && out->operands.count == 0)
		return err_set(parse->err, ERR_USAGE, "%s needs %s", command->name, command->needs);
	if ((command->takes & FOR_STEPS) && out->operands.count == 1 &&
	    step_kind_find(out->operands.items[0]) != NULL)
		return err_set(parse->err, ERR_USAGE, "'%s' is a step, and %s needs %s before it",
			       out->operands.items[0], command->name, command->needs);
	if (!settle(out, parse->err) || !command->check(out, parse->err))
		return false;
	if (command->takes & FOR_STEPS)
		out->steps = step_list_parse(parse->words + parse->at,
					     (size_t)(parse->count - parse->at), &out->step_context,
					     parse->err);
	if (out->steps == NULL && (command->takes & FOR_STREAMS))
		return false;
	note_uses(command, out);
	return check_used(parse) && check_serving(parse) &&
	       (out->steps == NULL || command_check_to(out, parse->err));
}

bool options_parse(const struct command *command, int count, char **words, struct options *out,
		   struct err *err)
{
	struct parse parse = {
		.command = command,
		.count = count,
		.words = words,
		.given = alloc_array((size_t)(option_table_end - option_table), sizeof(bool)),
		.out = out,
		.err = err,
	};
	bool good;

	set_defaults(command, out);
	good = take_words(&parse) && (out->help || out->version || check(&parse));
	free(parse.given);
	return good;
}
