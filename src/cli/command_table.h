/* SPDX-License-Identifier: ISC */
/* command_table: every command, each a row that its own file exports. */
#pragma once

/*
 * Parsing, help, completion and the check of the manual read these rows. A new
 * command is a file cmd_NAME.c and its line in the table.
 */

#include <stdbool.h>
#include <stddef.h>

struct err;
struct options;

/* Sets of options. An option is in one set; a command takes all of its sets. */
enum option_set {
	FOR_ALL = 1 << 0,
	FOR_STREAMS = 1 << 1, /* a stream is open while steps run */
	FOR_CLIENTS = 1 << 2, /* it dials */
	FOR_SERVERS = 1 << 3, /* it accepts */
	FOR_CONNECT = 1 << 4,
	FOR_ECHO = 1 << 5,
	FOR_HEAD = 1 << 6,
	FOR_STEPS = 1 << 7,   /* the words after ADDRESS are its steps */
	FOR_DIALING = 1 << 8, /* it dials, or can have the step `to` */
	FOR_END = 1 << 9,     /* above all sets */
};

enum {
	COMMAND_EXAMPLES = 3,
	COMMAND_NAMES_SIZE = 64, /* "connect, listen, echo or head" */
};

struct command {
	const char *name;
	const char *operands; /* "ADDRESS [STEP...]", as help shows them */
	const char *needs;    /* the required operand: "an ADDRESS"; NULL: none */
	const char *summary;  /* one line */
	const char *text;     /* a paragraph, broken into lines */
	const char *examples[COMMAND_EXAMPLES];
	unsigned takes; /* enum option_set, or-ed */

	/* After the options: read the operands. Opens nothing. ERR_USAGE on failure. */
	bool (*check)(struct options *options, struct err *err);
	/* Open files, then the network. False with `err` filled when it could not
	 * start; else `*status` is the exit status. */
	bool (*run)(const struct options *options, int *status, struct err *err);
};

extern const struct command command_connect, command_listen, command_echo, command_head;

extern const struct command *const command_table[]; /* in help's order; ends with NULL */

const struct command *command_find(const char *word); /* or NULL */

/* The names of the commands that take the options of `set`, with `last` (" and ")
 * before the last one: "listen and echo". Returns `buf`. */
const char *command_names(unsigned set, const char *last, char buf[COMMAND_NAMES_SIZE]);
