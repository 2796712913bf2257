/* SPDX-License-Identifier: ISC */
/* help: the texts of --help and --version, from the tables. */
#include "config.h"

#include "cli/help.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/nearest.h"
#include "base/text.h"
#include "cli/command_table.h"
#include "cli/option_table.h"
#include "io/loop.h"
#include "session/step.h"
#include "tls/tls_library.h"

#include <string.h>

enum { SUMMARY_COLUMN = 32 };

#define HELP_OPERANDS "[COMMAND | STEP | TOPIC]"
#define HELP_SUMMARY  "its help, or this text"

/* End a row that has begun with `width` columns; where they are too many, the summary
 * gets its own line. */
static void put_summary(struct text *out, size_t width, const char *summary)
{
	if (width >= SUMMARY_COLUMN) {
		text_addf(out, "\n");
		width = 0;
	}
	text_addf(out, "%*s%s\n", SUMMARY_COLUMN - (int)width, "", summary);
}

static void put_row(struct text *out, const char *name, const char *args, const char *summary)
{
	put_summary(out, text_addf(out, "  %s%s%s", name, args[0] == '\0' ? "" : " ", args),
		    summary);
}

/* "-w, --timeout D". */
static void put_option(struct text *out, const struct option_row *row)
{
	const char *arg = row->arg == NULL ? "" : row->arg;
	const char *space = arg[0] == '\0' || arg[0] == '[' ? "" : " ";
	size_t width;

	if (row->name == NULL)
		width = text_addf(out, "  -%c%s%s", row->letter, space, arg);
	else if (row->letter == 0)
		width = text_addf(out, "      --%s%s%s", row->name, space, arg);
	else
		width = text_addf(out, "  -%c, --%s%s%s", row->letter, row->name, space, arg);
	put_summary(out, width, row->summary);
}

static bool is_shown(const struct option_row *row, const struct command *command)
{
	return option_is_of(row, command) && row->summary != NULL;
}

static void put_options(struct text *out, const struct command *command)
{
	const char *title = NULL; /* of the group, until it is shown */

	for (const struct option_row *row = option_table; row < option_table_end; row++) {
		if (row->title != NULL)
			title = row->title;
		if (!is_shown(row, command))
			continue;
		if (title != NULL)
			text_addf(out, "\n%s:\n", title);
		title = NULL;
		put_option(out, row);
	}
}

static void put_steps(struct text *out)
{
	text_addf(out, "\nSteps:\n");
	for (size_t i = 0; step_table[i] != NULL; i++)
		put_row(out, step_table[i]->name, step_table[i]->args, step_table[i]->summary);
}

static const struct {
	const char *form, *meaning;
} address_forms[] = {
	{ "HOST:PORT or HOST PORT", "TCP; PORT may be the name of a service" },
	{ "[IPV6]:PORT or IPV6 PORT", "... with a zone: [fe80::1%eth0]:80" },
	{ "PORT", "this machine only: 127.0.0.1 and ::1" },
	{ ":PORT or *:PORT", "to listen: every interface; else as PORT" },
	{ "unix:PATH", "Unix; without unix: if it begins with / ./ ../" },
	{ "unix:@NAME", "Linux abstract socket" },
	{ "tls:ADDRESS", "any of these with TLS (--tls: all of them)" },
	{ "fd:N", "an inherited descriptor" },
	{ "sd: or sd:NAME", "to listen: the sockets that systemd passes on" },
	{ "vsock:CID:PORT", "AF_VSOCK; to listen, vsock:PORT works too" },
	{ "tcp:HOST:PORT", "a HOST with the name of a scheme" },
};

static void put_addresses(struct text *out)
{
	text_addf(out, "\nADDRESS:\n");
	for (size_t i = 0; i < sizeof(address_forms) / sizeof(address_forms[0]); i++)
		put_row(out, address_forms[i].form, "", address_forms[i].meaning);
}

static void put_statuses(struct text *out)
{
	text_addf(out, "\nExit statuses:\n");
	for (enum err_kind kind = ERR_OK; kind < ERR_TLS_TRUNCATED; kind++)
		if (err_meaning(kind) != NULL)
			put_summary(out, text_addf(out, "  %3d    %s", kind, err_name(kind)),
				    err_meaning(kind));
	put_row(out, "128+N", "", "ended by signal N, as a shell shows it");
	text_addf(out, "\nThe first failure in time counts.\n");
}

static void put_units(struct text *out, bool sizes)
{
	text_addf(out, "\nD is a number of seconds, or has a suffix: ms, s, m, h or d.%s\n",
		  sizes ? " SIZE may end in\nK, M or G." : "");
}

/* By the commands that take them. */
static void put_all_options(struct text *out)
{
	char names[COMMAND_NAMES_SIZE];

	for (unsigned set = FOR_ALL; set < FOR_END; set <<= 1) {
		const char *title = command_names(set, " and ", names); /* until it is shown */

		for (const struct option_row *row = option_table; row < option_table_end; row++) {
			if (row->set != set || row->summary == NULL)
				continue;
			if (title != NULL)
				text_addf(out, "\nOptions of %s:\n", title);
			title = NULL;
			put_option(out, row);
		}
	}
	put_units(out, true);
}

/* One that ends the list and answers the peer by itself. */
static bool is_for_servers(const struct step_kind *kind)
{
	return (kind->flags & (STEP_LAST | STEP_SENDS | STEP_PRINTS)) == (STEP_LAST | STEP_SENDS);
}

/* The texts of the row have 72 columns. */
static void put_step(struct text *out, const struct step_kind *kind)
{
	text_addf(out, "\nStep %s%s%s: %s.\n", kind->name, kind->args[0] == '\0' ? "" : " ",
		  kind->args, kind->summary);
	if (kind->flags & STEP_LAST)
		text_addf(out, "No step may follow it.\n");
	text_addf(out, "\nReturns %s\nFails   %s\nExample liu %s localhost:8888 %s\n",
		  kind->returns, kind->fails, is_for_servers(kind) ? "listen -k" : "connect",
		  kind->example);
}

static void put_command(struct text *out, const struct command *command)
{
	bool streams = (command->takes & FOR_STREAMS) != 0;

	text_addf(out, "usage: liu %s [OPTIONS] %s\n\n%s", command->name,
		  (command->takes & FOR_STEPS) ? "ADDRESS [OPTIONS] [STEP...]" : command->operands,
		  command->text);
	if (streams)
		put_addresses(out);
	if (command->takes & FOR_STEPS)
		put_steps(out);
	put_options(out, command);
	put_units(out, streams);
	text_addf(out, "\nExamples:\n");
	for (size_t i = 0; i < COMMAND_EXAMPLES; i++)
		text_addf(out, "  %s\n", command->examples[i]);
}

struct topic {
	const char *name, *summary;
	void (*put)(struct text *out);
};

enum { TOPICS = 5 };

static const struct topic topics[TOPICS];

static void put_general(struct text *out)
{
	text_addf(out, "usage: liu COMMAND [OPTIONS] ...\n"
		       "       liu ADDRESS [OPTIONS] [STEP...]    (short for connect)\n\n"
		       "A netcat that speaks in lines, lengths and separators.\n\n"
		       "Commands:\n");
	for (size_t i = 0; command_table[i] != NULL; i++)
		put_row(out, command_table[i]->name, command_table[i]->operands,
			command_table[i]->summary);
	put_row(out, "help", HELP_OPERANDS, HELP_SUMMARY);
	text_addf(out, "\nTopics:\n");
	for (size_t i = 0; i < TOPICS; i++)
		put_row(out, topics[i].name, "", topics[i].summary);
	text_addf(out, "\nOptions:\n");
	put_row(out, "-h, --help", "", "this text; after COMMAND, its options and steps");
	put_row(out, "    --version", "", "versions of liu and its libraries");
	text_addf(out, "\nExamples:\n");
	for (size_t i = 0; command_table[i] != NULL; i++)
		text_addf(out, "  %s\n", command_table[i]->examples[0]);
}

static const struct topic topics[TOPICS] = {
	{ "steps", "what can stand after ADDRESS", put_steps },
	{ "addresses", "the forms of ADDRESS", put_addresses },
	{ "exit-status", "what the exit statuses mean", put_statuses },
	{ "options", "the options of all commands", put_all_options },
	{ "help", "this text", put_general },
};

char *help_on(const char *word, struct err *err)
{
	const struct command *command = command_find(word);
	const struct step_kind *kind = step_kind_find(word);
	struct nearest names = { .word = word }, steps = { .word = word };
	struct text text = { 0 };
	size_t blank; /* before a section */

	if (command != NULL)
		put_command(&text, command);
	if (kind != NULL)
		put_step(&text, kind);
	for (size_t i = 0; i < TOPICS; i++) {
		if (strcmp(topics[i].name, word) == 0)
			topics[i].put(&text);
		nearest_try(&names, topics[i].name);
	}
	if (text.len > 0) {
		blank = text.data[0] == '\n';
		memmove(text.data, text.data + blank, text.len + 1 - blank);
		return text.data;
	}
	for (size_t i = 0; command_table[i] != NULL; i++)
		nearest_try(&names, command_table[i]->name);
	for (size_t i = 0; step_table[i] != NULL; i++)
		nearest_try(&steps, step_table[i]->name);
	(void)nearest_refuse(nearest_found(&steps) != NULL ? &steps : &names, "topic", err);
	return NULL;
}

char *help_version(void)
{
	return alloc_printf("liu %s\nlibevent %s, OpenSSL %s\n", PACKAGE_VERSION,
			    loop_libevent_version(), tls_library_version());
}

static void put_table_options(struct text *out, const struct command *command)
{
	for (const struct option_row *row = option_table; row < option_table_end; row++) {
		if (!is_shown(row, command))
			continue;
		text_addf(out, "option\t%s\t%s%s\t%s%.1s\t%s\t%s\n", command->name,
			  row->name == NULL ? "" : "--", row->name == NULL ? "" : row->name,
			  row->letter == 0 ? "" : "-", &row->letter,
			  row->arg == NULL ? "" : row->arg, row->summary);
	}
}

/* What decides which steps may follow which, for completion. */
static void put_flags(struct text *text, unsigned flags)
{
	static const struct {
		unsigned flag;
		const char *name;
	} names[] = {
		{ STEP_READS, "reads" },
		{ STEP_SENDS, "sends" },
		{ STEP_LAST, "last" },
		{ STEP_RECORD, "record" },
		{ STEP_LOOPS, "loops" },
		{ STEP_WRITE_EOF, "write-eof" },
		{ STEP_NEEDS_RECORD, "needs-record" },
		{ STEP_NEEDS_OTHERS, "others" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (flags & names[i].flag)
			(void)text_addf(text, "%s ", names[i].name);
	(void)text_addf(text, "\n");
}

char *help_table(void)
{
	struct text text = { 0 };

	for (size_t i = 0; command_table[i] != NULL; i++)
		text_addf(&text, "command\t%s\t%s\t%s\n", command_table[i]->name,
			  command_table[i]->operands, command_table[i]->summary);
	text_addf(&text, "command\thelp\t%s\t%s\n", HELP_OPERANDS, HELP_SUMMARY);
	for (size_t i = 0; command_table[i] != NULL; i++)
		put_table_options(&text, command_table[i]);
	for (size_t i = 0; step_table[i] != NULL; i++) {
		text_addf(&text, "step\t%s\t%s\t%s\t", step_table[i]->name, step_table[i]->args,
			  step_table[i]->summary);
		put_flags(&text, step_table[i]->flags);
	}
	for (size_t i = 0; i < TOPICS; i++)
		text_addf(&text, "topic\t%s\t%s\n", topics[i].name, topics[i].summary);
	return text_take(&text);
}
