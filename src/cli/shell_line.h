/* SPDX-License-Identifier: ISC */
/* shell_line: a command line as one could type it. */
#ifndef LIU_CLI_SHELL_LINE_H
#define LIU_CLI_SHELL_LINE_H

struct shell_line;

struct shell_line *shell_line_new(const char *command);		/* "liu COMMAND" */
void shell_line_add(struct shell_line *line, const char *word); /* quoted where it must be */
char *shell_line_finish(struct shell_line *line);		/* owned; `line` is freed */

#endif
