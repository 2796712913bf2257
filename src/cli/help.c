/* SPDX-License-Identifier: ISC */
/* help: the texts of --help and --version, from the tables. */
#include "config.h"

#include "cli/help.h"

#include "base/alloc.h"
#include "cli/command_table.h"
#include "cli/option_table.h"
#include "io/loop.h"
#include "session/step.h"
#include "tls/tls_library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LINE_WIDTH = 80,
	SUMMARY_COLUMN = 32,
	LEFT_SIZE = 80,
};

/* A text under construction; close_text() returns the string. */
struct text {
	FILE *file;
	char *string;
	size_t size;
};

static void open_text(struct text *text)
{
	text->file = open_memstream(&text->string, &text->size);
	if (text->file == NULL)
		alloc_failed();
}

static char *close_text(struct text *text)
{
	if (fclose(text->file) != 0)
		alloc_failed();
	return text->string;
}

/* Print `words`, broken into lines that begin at SUMMARY_COLUMN. The cursor is
 * there already. */
static void put_wrapped(FILE *out, const char *words)
{
	int column = SUMMARY_COLUMN;

	for (;;) {
		int len = (int)strcspn(words, " ");

		if (column > SUMMARY_COLUMN && column + 1 + len > LINE_WIDTH) {
			(void)fprintf(out, "\n%*s", SUMMARY_COLUMN, "");
			column = SUMMARY_COLUMN;
		}
		if (column > SUMMARY_COLUMN)
			column += fprintf(out, " ");
		column += fprintf(out, "%.*s", len, words);
		if (words[len] == '\0')
			break;
		words += len + 1;
	}
	(void)fprintf(out, "\n");
}

/* "  LEFT          SUMMARY"; a long LEFT has a line of its own. */
static void put_row(FILE *out, const char *left, const char *summary)
{
	int width = fprintf(out, "  %s", left);

	if (width >= SUMMARY_COLUMN) {
		(void)fprintf(out, "\n");
		width = 0;
	}
	(void)fprintf(out, "%*s", SUMMARY_COLUMN - width, "");
	put_wrapped(out, summary);
}

/* "-w, --timeout D". */
static void put_option(FILE *out, const struct option_row *row)
{
	const char *arg = row->arg == NULL ? "" : row->arg;
	const char *space = arg[0] == '\0' || arg[0] == '[' ? "" : " ";
	char left[LEFT_SIZE];

	if (row->name == NULL)
		(void)snprintf(left, sizeof(left), "-%c%s%s", row->letter, space, arg);
	else if (row->letter == 0)
		(void)snprintf(left, sizeof(left), "    --%s%s%s", row->name, space, arg);
	else
		(void)snprintf(left, sizeof(left), "-%c, --%s%s%s", row->letter, row->name, space,
			       arg);
	put_row(out, left, row->summary);
}

static bool is_shown(const struct option_row *row, const struct command *command)
{
	return option_is_of(row, command) && row->summary != NULL;
}

static void put_options(FILE *out, const struct command *command)
{
	size_t count;
	const struct option_row *row = option_rows(&count);
	const char *title = NULL; /* of the group, until it is shown */

	for (const struct option_row *end = row + count; row < end; row++) {
		if (row->title != NULL)
			title = row->title;
		if (!is_shown(row, command))
			continue;
		if (title != NULL)
			(void)fprintf(out, "\n%s:\n", title);
		title = NULL;
		put_option(out, row);
	}
}

static void put_steps(FILE *out)
{
	size_t count;
	const struct step_kind *const *kinds = step_kinds(&count);

	(void)fprintf(out, "\nSteps:\n");
	for (size_t i = 0; i < count; i++) {
		const char *args = kinds[i]->args;
		char left[LEFT_SIZE];

		(void)snprintf(left, sizeof(left), "%s%s%s", kinds[i]->name,
			       args[0] == '\0' ? "" : " ", args);
		put_row(out, left, kinds[i]->summary);
	}
}

static void put_address_forms(FILE *out, const struct command *command)
{
	bool serves = (command->takes & FOR_SERVERS) != 0;

	(void)fprintf(out,
		      "\nADDRESS is HOST:PORT, HOST PORT, [IPV6]:PORT, PORT (this machine only),\n"
		      "%sunix:PATH, a path with a slash, unix:@NAME, fd:N,\n"
		      "tls:ADDRESS for any of these with TLS.\n",
		      serves ? ":PORT (every interface), " : "");
}

static void put_examples(FILE *out, const struct command *command)
{
	(void)fprintf(out, "\nExamples:\n");
	for (size_t i = 0; i < COMMAND_EXAMPLES; i++)
		(void)fprintf(out, "  %s\n", command->examples[i]);
}

char *help_general(void)
{
	struct text text;

	open_text(&text);
	(void)fprintf(text.file, "usage: liu COMMAND [OPTIONS] ...\n\n"
				 "A netcat that speaks in lines, lengths and separators.\n\n"
				 "Commands:\n");
	for (size_t i = 0; command_table[i] != NULL; i++) {
		char left[LEFT_SIZE];

		(void)snprintf(left, sizeof(left), "%s %s", command_table[i]->name,
			       command_table[i]->operands);
		put_row(text.file, left, command_table[i]->summary);
	}
	put_row(text.file, "help [COMMAND]", "print this text, or that of COMMAND");
	(void)fprintf(text.file, "\nOptions:\n");
	put_row(text.file, "-h, --help", "this text; after COMMAND, its options and steps");
	put_row(text.file, "    --version", "versions of liu and its libraries");
	(void)fprintf(text.file, "\nExamples:\n");
	for (size_t i = 0; command_table[i] != NULL; i++)
		(void)fprintf(text.file, "  %s\n", command_table[i]->examples[0]);
	return close_text(&text);
}

char *help_command(const struct command *command)
{
	bool streams = (command->takes & FOR_STREAMS) != 0;
	struct text text;

	open_text(&text);
	(void)fprintf(text.file, "usage: liu %s [OPTIONS] %s\n\n%s", command->name,
		      command->steps ? "ADDRESS [OPTIONS] [STEP...]" : command->operands,
		      command->text);
	if (streams)
		put_address_forms(text.file, command);
	if (command->steps)
		put_steps(text.file);
	put_options(text.file, command);
	(void)fprintf(text.file,
		      "\nD is a number of seconds, or has a suffix: ms, s, m, h or d.%s\n",
		      streams ? " SIZE may end in\nK, M or G." : "");
	put_examples(text.file, command);
	return close_text(&text);
}

char *help_version(void)
{
	return alloc_printf("liu %s\nlibevent %s, OpenSSL %s\n", PACKAGE_VERSION,
			    loop_libevent_version(), tls_library_version());
}

static void put_table_options(FILE *out, const struct command *command)
{
	size_t count;
	const struct option_row *row = option_rows(&count);

	for (const struct option_row *end = row + count; row < end; row++) {
		if (!is_shown(row, command))
			continue;
		(void)fprintf(out, "option\t%s\t%s%s\t%s%.1s\t%s\t%s\n", command->name,
			      row->name == NULL ? "" : "--", row->name == NULL ? "" : row->name,
			      row->letter == 0 ? "" : "-", &row->letter,
			      row->arg == NULL ? "" : row->arg, row->summary);
	}
}

char *help_table(void)
{
	size_t count;
	const struct step_kind *const *kinds = step_kinds(&count);
	struct text text;

	open_text(&text);
	for (size_t i = 0; command_table[i] != NULL; i++)
		(void)fprintf(text.file, "command\t%s\t%s\t%s\n", command_table[i]->name,
			      command_table[i]->operands, command_table[i]->summary);
	(void)fprintf(text.file, "command\thelp\t[COMMAND]\tprint this text, or that of COMMAND\n");
	for (size_t i = 0; command_table[i] != NULL; i++)
		put_table_options(text.file, command_table[i]);
	for (size_t i = 0; i < count; i++)
		(void)fprintf(text.file, "step\t%s\t%s\t%s\n", kinds[i]->name, kinds[i]->args,
			      kinds[i]->summary);
	return close_text(&text);
}
