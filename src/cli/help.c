/* SPDX-License-Identifier: ISC */
/* help: the texts of --help and --version, from the tables. */
#include "config.h"

#include "cli/help.h"

#include "base/alloc.h"
#include "base/text.h"
#include "cli/command_table.h"
#include "cli/option_table.h"
#include "io/loop.h"
#include "session/step.h"
#include "tls/tls_library.h"

enum { SUMMARY_COLUMN = 32 };

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

static void put_address_forms(struct text *out, const struct command *command)
{
	bool serves = (command->takes & FOR_SERVERS) != 0;

	text_addf(out,
		  "\nADDRESS is HOST:PORT, HOST PORT, [IPV6]:PORT, PORT (this machine only),\n"
		  "%sunix:PATH, a path with a slash, unix:@NAME, fd:N,\n"
		  "tls:ADDRESS for any of these with TLS.\n",
		  serves ? ":PORT (every interface), " : "");
}

static void put_examples(struct text *out, const struct command *command)
{
	text_addf(out, "\nExamples:\n");
	for (size_t i = 0; i < COMMAND_EXAMPLES; i++)
		text_addf(out, "  %s\n", command->examples[i]);
}

char *help_general(void)
{
	struct text text = { 0 };

	text_addf(&text, "usage: liu COMMAND [OPTIONS] ...\n"
			 "       liu ADDRESS [OPTIONS] [STEP...]    (short for connect)\n\n"
			 "A netcat that speaks in lines, lengths and separators.\n\n"
			 "Commands:\n");
	for (size_t i = 0; command_table[i] != NULL; i++)
		put_row(&text, command_table[i]->name, command_table[i]->operands,
			command_table[i]->summary);
	put_row(&text, "help", "[COMMAND]", "print this text, or that of COMMAND");
	text_addf(&text, "\nOptions:\n");
	put_row(&text, "-h, --help", "", "this text; after COMMAND, its options and steps");
	put_row(&text, "    --version", "", "versions of liu and its libraries");
	text_addf(&text, "\nExamples:\n");
	for (size_t i = 0; command_table[i] != NULL; i++)
		text_addf(&text, "  %s\n", command_table[i]->examples[0]);
	return text_take(&text);
}

char *help_command(const struct command *command)
{
	bool streams = (command->takes & FOR_STREAMS) != 0;
	struct text text = { 0 };

	text_addf(&text, "usage: liu %s [OPTIONS] %s\n\n%s", command->name,
		  command->steps ? "ADDRESS [OPTIONS] [STEP...]" : command->operands,
		  command->text);
	if (streams)
		put_address_forms(&text, command);
	if (command->steps)
		put_steps(&text);
	put_options(&text, command);
	text_addf(&text, "\nD is a number of seconds, or has a suffix: ms, s, m, h or d.%s\n",
		  streams ? " SIZE may end in\nK, M or G." : "");
	put_examples(&text, command);
	return text_take(&text);
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
	text_addf(&text, "command\thelp\t[COMMAND]\tprint this text, or that of COMMAND\n");
	for (size_t i = 0; command_table[i] != NULL; i++)
		put_table_options(&text, command_table[i]);
	for (size_t i = 0; step_table[i] != NULL; i++) {
		text_addf(&text, "step\t%s\t%s\t%s\t", step_table[i]->name, step_table[i]->args,
			  step_table[i]->summary);
		put_flags(&text, step_table[i]->flags);
	}
	return text_take(&text);
}
