/* SPDX-License-Identifier: ISC */
/* shell_word: words of a command line, quoted for a shell. */
#ifndef LIU_CLI_SHELL_WORD_H
#define LIU_CLI_SHELL_WORD_H

struct text;

/* Add a space and `word`, quoted if needed. */
void shell_word_add(struct text *line, const char *word);

#endif
