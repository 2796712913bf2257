/* SPDX-License-Identifier: ISC */
/* test_help: the texts of --help, --version and help --table. */
#include "config.h"

#include "cli/help.h"

#include "base/err.h"
#include "cli/command_table.h"
#include "cli/option_table.h"
#include "session/step.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LINE_WIDTH = 80, LINE_SIZE = 256 };

/* Lines of at most 80 columns without space at their ends; the last one ends in a
 * newline. */
static void is_tidy(const char *text)
{
	assert_true(text[0] != '\0' && text[strlen(text) - 1] == '\n');
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		if (len > LINE_WIDTH || (len > 0 && text[len - 1] == ' '))
			fail_msg("'%.*s'", (int)len, text);
		text += len + 1;
	}
}

static char *help_of(const char *word)
{
	struct err err = { .text = "" };
	char *text = help_on(word, &err);

	if (text == NULL)
		fail_msg("%s: %s", word, err.text);
	is_tidy(text);
	return text;
}

static void general(void **state)
{
	char *text = help_of("help");

	(void)state;
	is_tidy(text);
	for (size_t i = 0; command_table[i] != NULL; i++)
		assert_non_null(strstr(text, command_table[i]->summary));
	free(text);
}

static void commands(void **state)
{
	(void)state;
	for (size_t i = 0; command_table[i] != NULL; i++) {
		const struct command *command = command_table[i];
		char *text = help_of(command->name);
		char usage[LINE_SIZE];

		is_tidy(text);
		(void)snprintf(usage, sizeof(usage), "usage: liu %s [OPTIONS] %s\n", command->name,
			       (command->takes & FOR_STEPS) ? "ADDRESS [OPTIONS] [STEP...]"
							    : command->operands);
		assert_memory_equal(text, usage, strlen(usage));
		assert_int_equal(strstr(text, "\nSteps:\n") != NULL,
				 (command->takes & FOR_STEPS) != 0);
		for (size_t e = 0; e < COMMAND_EXAMPLES; e++)
			assert_non_null(strstr(text, command->examples[e]));
		free(text);
	}
}

static void options_are_those_of_the_command(void **state)
{
	char *connect = help_of("connect");
	char *listen = help_of("listen");

	(void)state;
	assert_non_null(strstr(connect, "\n  -w, --timeout D"));
	assert_non_null(strstr(connect, "\n  -4  "));
	assert_non_null(strstr(connect, "\n      --limit SIZE"));
	assert_null(strstr(connect, "--keep-open"));
	assert_null(strstr(connect, "\nServing:\n"));
	assert_non_null(strstr(connect, "\n  unix:@NAME  "));
	assert_non_null(strstr(listen, "\nServing:\n  -k, --keep-open"));
	assert_non_null(strstr(listen, "\n  unix:@NAME  "));
	assert_null(strstr(listen, "--field"));
	free(connect);
	free(listen);
}

static void topic_options_has_all(void **state)
{
	char *text = help_of("options");

	(void)state;
	for (const struct option_row *row = option_table; row < option_table_end; row++)
		if (row->summary != NULL)
			assert_non_null(strstr(text, row->summary));
	assert_null(strstr(text, ":\n\n")); /* a title with nothing below it */
	free(text);
}

static void steps(void **state)
{
	(void)state;
	for (size_t i = 0; step_table[i] != NULL; i++) {
		const struct step_kind *kind = step_table[i];
		const char *facts[] = { kind->args, kind->summary, kind->returns, kind->fails,
					kind->example };
		char *text = help_of(kind->name);

		for (size_t f = 0; f < sizeof(facts) / sizeof(facts[0]); f++)
			assert_non_null(strstr(text, facts[f]));
		assert_int_equal(strstr(text, "No step may follow it.") != NULL,
				 (kind->flags & STEP_LAST) != 0);
		free(text);
	}
}

/* A word of each topic, and one that is in none of the others. */
static void topics(void **state)
{
	static const char *const rows[][2] = {
		{ "steps", "\n  readuntil SEP [or SEP]...  " },
		{ "addresses", "\n  unix:@NAME  " },
		{ "exit-status", "\n    7    incomplete-read  " },
		{ "options", "Options of connect and head:\n  -w, --timeout D  " },
		{ "help", "\n  exit-status  " },
		{ "write_eof", "Step write-eof: " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t j = 0; j < sizeof(rows) / sizeof(rows[0]); j++) {
			char *text = help_of(rows[i][0]);

			assert_int_equal(strstr(text, rows[j][1]) != NULL, i == j);
			free(text);
		}
}

static void echo_is_a_command_and_a_step(void **state)
{
	char *text = help_of("echo");
	char *step = strstr(text, "\n\nStep echo [");

	(void)state;
	assert_memory_equal(text, "usage: liu echo [OPTIONS] [ADDRESS]\n", 36);
	assert_non_null(step);
	assert_non_null(strstr(text, "\nExamples:\n"));
	assert_true(strstr(text, "\nExamples:\n") < step);
	free(text);
}

static void unknown_words(void **state)
{
	static const char *const rows[][2] = {
		{ "frob", "unknown topic 'frob' (steps, addresses, exit-status, options, help, "
			  "connect, listen, echo or head)" },
		{ "readlin", "unknown topic 'readlin', did you mean readline?" },
		{ "optoins", "unknown topic 'optoins', did you mean options?" },
		{ "exit", "unknown topic 'exit', did you mean exit-status?" },
		{ "conect", "unknown topic 'conect', did you mean connect?" },
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_null(help_on(rows[i][0], &err));
		assert_int_equal(err.kind, ERR_USAGE);
		assert_string_equal(err.text, rows[i][1]);
	}
}

static void version_names_the_libraries(void **state)
{
	char *text = help_version();

	(void)state;
	is_tidy(text);
	assert_memory_equal(text, "liu " PACKAGE_VERSION "\nlibevent 2.",
			    strlen("liu " PACKAGE_VERSION "\nlibevent 2."));
	assert_non_null(strstr(text, ", OpenSSL 3."));
	free(text);
}

static size_t count_tabs(const char *line, size_t len)
{
	size_t tabs = 0;

	for (size_t i = 0; i < len; i++)
		tabs += line[i] == '\t';
	return tabs;
}

static bool begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

static void table_has_the_same_fields_in_each_row(void **state)
{
	char *text = help_table();

	(void)state;
	for (const char *line = text; *line != '\0';) {
		size_t len = strcspn(line, "\n");
		size_t tabs = count_tabs(line, len);

		if (!(begins(line, "option\t") && tabs == 5) &&
		    !(begins(line, "command\t") && tabs == 3) &&
		    !(begins(line, "topic\t") && tabs == 2) &&
		    !(begins(line, "step\t") && tabs == 4))
			fail_msg("'%.*s'", (int)len, line);
		line += len + 1;
	}
	assert_non_null(strstr(text, "option\tlisten\t--timeout\t-w\tD\tlimit for each"));
	assert_non_null(strstr(text, "option\thead\t\t-4\t\tIPv4 only\n"));
	assert_non_null(strstr(text, "option\thead\t--fail\t\t[=RANGES]\t"));
	assert_non_null(strstr(text, "step\treadline\t[COUNT]\t"));
	assert_non_null(strstr(text, "\treads sends last \n"));
	assert_non_null(strstr(text, "command\techo\t[ADDRESS]\t"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(general),
		cmocka_unit_test(commands),
		cmocka_unit_test(options_are_those_of_the_command),
		cmocka_unit_test(topic_options_has_all),
		cmocka_unit_test(steps),
		cmocka_unit_test(topics),
		cmocka_unit_test(echo_is_a_command_and_a_step),
		cmocka_unit_test(unknown_words),
		cmocka_unit_test(version_names_the_libraries),
		cmocka_unit_test(table_has_the_same_fields_in_each_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
