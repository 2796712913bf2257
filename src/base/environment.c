/* SPDX-License-Identifier: ISC */
/* environment: the variables of a command, made from the program's own. */
#include "config.h"

#include "base/environment.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add(struct environment *env, char *item)
{
	env->items = alloc_resize(env->items, (env->count + 2) * sizeof(*env->items));
	env->items[env->count++] = item;
	env->items[env->count] = NULL;
}

struct environment environment_copy(void)
{
	struct environment env = { .items = alloc_zeroed(sizeof(*env.items)) };

	for (char **item = environ; *item != NULL; item++)
		add(&env, alloc_string(*item));
	return env;
}

void environment_free(struct environment *env)
{
	for (size_t i = 0; i < env->count; i++)
		free(env->items[i]);
	free(env->items);
	*env = (struct environment){ 0 };
}

void environment_set(struct environment *env, const char *name, const char *value)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < env->count;) {
		if (strncmp(env->items[i], name, len) != 0 || env->items[i][len] != '=') {
			i++;
			continue;
		}
		free(env->items[i]);
		env->items[i] = env->items[--env->count];
		env->items[env->count] = NULL;
	}
	if (value != NULL)
		add(env, alloc_printf("%s=%s", name, value));
}
