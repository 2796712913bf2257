/* SPDX-License-Identifier: ISC */
/* option_table: every option, a row each. */
#pragma once

/*
 * A row says everything about an option: its names, its argument, where the
 * value goes, its line of help, what it needs and what it excludes. Parsing,
 * --help, completion and the check of the manual read the same rows.
 */

#include "cli/command_table.h"

#include <stdbool.h>
#include <stddef.h>

/* How an argument is read, and the type at `offset` of struct options. */
enum option_type {
	OPTION_SWITCH,	   /* bool: true */
	OPTION_REPEATED,   /* unsigned: one more */
	OPTION_STRING,	   /* const char *: not empty */
	OPTION_STRING_ANY, /* const char * */
	OPTION_LIST,	   /* struct string_list: one more */
	OPTION_PINS,	   /* the same, checked */
	OPTION_DURATION,   /* uint64_t: milliseconds, above 0 */
	OPTION_DURATION_0, /* the same, or 0 */
	OPTION_SIZE,	   /* size_t: bytes, above 0 */
	OPTION_COUNT,	   /* uint64_t: above 0 */
	OPTION_INT,	   /* int: above 0 */
	OPTION_MODE,	   /* mode_t: octal, at most 0777 */
	OPTION_COLOR,	   /* enum color_when */
	OPTION_PUMP,	   /* const char *: a pump's name */
	OPTION_SEPARATOR,  /* const char *: TEXT with escapes, not empty */
	OPTION_RANGES,	   /* const char *, checked */
};

struct option_row {
	const char *name;    /* "timeout", without the dashes; NULL: only a letter */
	char letter;	     /* 'w', or 0 */
	const char *arg;     /* "D" as help shows it; NULL: a switch; "[=RANGES]": optional */
	const char *summary; /* its line of help; NULL: hidden */
	enum option_set set; /* ... whose commands take it */
	enum option_type type;
	size_t offset;
	size_t flag;	       /* the offset of a bool to set as well; 0: none */
	const char *otherwise; /* the argument when an optional one is left out */
	/* Other options, by name, or by letter if they have no name. */
	const char *needs;    /* this option needs that one: "cert" */
	const char *excludes; /* ... and excludes each of those: "cacert capath" */
	bool needs_tls;	      /* it has no effect without a TLS address */
	const char *title;    /* not an option: the group that begins here, "Time limits" */
};

/* All rows, in help's order. The first one is a title. */
const struct option_row *option_rows(size_t *count);

static inline bool option_is_of(const struct option_row *row, const struct command *command)
{
	return (row->set & command->takes) != 0;
}
