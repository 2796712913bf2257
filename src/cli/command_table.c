/* SPDX-License-Identifier: ISC */
/* command_table: every command, each a row that its own file exports. */
#include "config.h"

#include "cli/command_table.h"

#include <stdio.h>
#include <string.h>

const struct command *const command_table[] = {
	&command_connect, &command_listen, &command_echo, &command_head, NULL,
};

const struct command *command_find(const char *word)
{
	for (size_t i = 0; command_table[i] != NULL; i++) {
		if (strcmp(command_table[i]->name, word) == 0)
			return command_table[i];
	}
	return NULL;
}

const char *command_names(unsigned set, const char *last, char buf[COMMAND_NAMES_SIZE])
{
	size_t left = 0, used = 0;

	for (size_t i = 0; command_table[i] != NULL; i++)
		left += (command_table[i]->takes & set) != 0;
	for (size_t i = 0; left > 0; i++) {
		const char *after = left > 2 ? ", " : left == 2 ? last : "";

		if ((command_table[i]->takes & set) == 0)
			continue;
		used += (size_t)snprintf(buf + used, COMMAND_NAMES_SIZE - used, "%s%s",
					 command_table[i]->name, after);
		left--;
	}
	return buf;
}
