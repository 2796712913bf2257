/* SPDX-License-Identifier: ISC */
/* option_table: every option, a row each, and how its argument is read. */
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
	OPTION_FILE,	   /* const char *: the name of a file or directory */
	OPTION_LIST,	   /* struct string_list: one more */
	OPTION_BLOCKS,	   /* struct access_list: one more */
	OPTION_DURATION,   /* uint64_t: milliseconds, above 0 */
	OPTION_DURATION_0, /* the same, or 0 */
	OPTION_SIZE,	   /* size_t: bytes, above 0 */
	OPTION_SIZE_0,	   /* the same, or 0 */
	OPTION_COUNT,	   /* uint64_t: above 0 */
	OPTION_INT,	   /* int: above 0 */
	OPTION_MODE,	   /* mode_t: octal, at most 0777 */
	OPTION_COLOR,	   /* enum color_when */
	OPTION_SEPARATOR,  /* const char *: TEXT with escapes, not empty */
	OPTION_RANGES,	   /* const char *, checked */
	OPTION_FAULT,	   /* struct faults: one more, or another value */
};

enum { OPTION_EXCLUDES = 3 };

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
	const char *needs;     /* the name of an option that this one needs: "cert" */
	const char *excludes[OPTION_EXCLUDES + 1]; /* ... and of those that it excludes */
	size_t use;	     /* the offset of a bool without which it would be ignored */
	const char *without; /* ... what that stands for; NULL: it is always of use */
	const char *title;   /* not an option: the group that begins here, "Time limits" */
};

/* All rows, in help's order. The first one is a title. */
extern const struct option_row option_table[];
extern const struct option_row *const option_table_end;

static inline bool option_is_of(const struct option_row *row, const struct command *command)
{
	return (row->set & command->takes) != 0;
}

/* The row of that name (NULL: of that letter) in one of the sets, or NULL. */
const struct option_row *option_find(unsigned sets, const char *name, char letter);

/* Store `value` (NULL for a switch) in the field of the row. ERR_USAGE with a text
 * that does not name the option. */
bool option_store(const struct option_row *row, const char *value, struct options *out,
		  struct err *err);
