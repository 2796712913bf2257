/* SPDX-License-Identifier: ISC */
/* help: the texts of --help and --version, from the tables. */
#pragma once

struct err;

/* Each returns a text for standard output, within 80 columns, that ends in a newline.
 * The caller owns it. */
char *help_version(void); /* liu --version */

/* liu help WORD, a command (liu COMMAND --help), step or topic (help: liu --help). NULL,
 * with ERR_USAGE, for another word. */
char *help_on(const char *word, struct err *err);

/* liu help --table: a row of the tables on each line, its fields separated by
 * tabs, for the completions and the check of the manual.
 *	command NAME OPERANDS SUMMARY
 *	option COMMAND --NAME -LETTER ARG SUMMARY	(fields may be empty)
 *	step NAME ARGS SUMMARY FLAGS			(flags: words and blanks)
 *	topic NAME SUMMARY */
char *help_table(void);
