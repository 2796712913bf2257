/* SPDX-License-Identifier: ISC */
/* command_table: the first words of a command line. */
#ifndef LIU_CLI_COMMAND_TABLE_H
#define LIU_CLI_COMMAND_TABLE_H

#include <stdbool.h>
#include <stddef.h>

/* Bits, so that a row of options can name several. */
enum command {
	COMMAND_CONNECT = 1 << 0,
	COMMAND_LISTEN = 1 << 1,
	COMMAND_ECHO = 1 << 2,
	COMMAND_HEAD = 1 << 3,
};

enum { COMMAND_COUNT = 4, COMMAND_EXAMPLES = 3 };

/* What help says about one. */
struct command_row {
	enum command command;
	const char *name;
	const char *usage;    /* "[OPTIONS] ADDRESS [OPTIONS] [STEP...]" */
	const char *operands; /* "ADDRESS [STEP...]" */
	const char *summary;  /* one line */
	const char *text;     /* a paragraph, broken into lines */
	bool steps;	      /* words after ADDRESS are steps */
	const char *examples[COMMAND_EXAMPLES];
};

/* COMMAND_COUNT rows. */
const struct command_row *command_rows(void);
const struct command_row *command_row(enum command command);

/* False when `word` is no command. */
bool command_find(const char *word, enum command *out);

#endif
