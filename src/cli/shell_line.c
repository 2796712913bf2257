/* SPDX-License-Identifier: ISC */
/* shell_line: a command line, quoted for a shell. */
#include "config.h"

#include "cli/shell_line.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Characters that have no special meaning to a shell anywhere in a word. */
#define PLAIN                                                                                      \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"                           \
	"@%_-+=:,./"

struct shell_line {
	FILE *file;
	char *text;
	size_t size;
};

struct shell_line *shell_line_new(const char *command)
{
	struct shell_line *line = alloc_zeroed(sizeof(*line));

	line->file = open_memstream(&line->text, &line->size);
	if (line->file == NULL)
		alloc_failed();
	(void)fprintf(line->file, "liu %s", command);
	return line;
}

void shell_line_add(struct shell_line *line, const char *word)
{
	if (word[0] != '\0' && strspn(word, PLAIN) == strlen(word)) {
		(void)fprintf(line->file, " %s", word);
		return;
	}
	(void)fprintf(line->file, " '");
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			(void)fputs("'\\''", line->file);
		else
			(void)fputc(*word, line->file);
	}
	(void)fprintf(line->file, "'");
}

char *shell_line_finish(struct shell_line *line)
{
	char *text;

	if (fclose(line->file) != 0)
		alloc_failed();
	text = line->text;
	free(line);
	return text;
}
