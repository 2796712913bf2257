/* SPDX-License-Identifier: ISC */
/* shell_word: words of a command line, quoted for a shell. */
#include "config.h"

#include "cli/shell_word.h"

#include "base/text.h"

#include <string.h>

/* Characters that have no special meaning to a shell anywhere in a word. */
#define PLAIN                                                                                      \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"                           \
	"@%_-+=:,./"

void shell_word_add(struct text *line, const char *word)
{
	if (word[0] != '\0' && strspn(word, PLAIN) == strlen(word)) {
		(void)text_addf(line, " %s", word);
		return;
	}
	(void)text_addf(line, " '");
	for (; *word != '\0'; word++)
		(void)text_addf(line, *word == '\'' ? "'\\%c'" : "%c", *word);
	(void)text_addf(line, "'");
}
