/* SPDX-License-Identifier: ISC */
/* shell_line: a command line, quoted for a shell. */
#ifndef LIU_CLI_SHELL_LINE_H
#define LIU_CLI_SHELL_LINE_H

struct shell_line;

struct shell_line *shell_line_new(const char *command);		/* "liu COMMAND" */
void shell_line_add(struct shell_line *line, const char *word); /* quoted if needed */
char *shell_line_finish(struct shell_line *line);		/* owned; `line` is freed */

#endif
