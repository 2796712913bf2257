/* SPDX-License-Identifier: ISC */
/* shell_word: words of a command line, quoted for a shell. */
#pragma once

struct text;

/* Add a space and `word`, quoted if needed. */
void shell_word_add(struct text *line, const char *word);
