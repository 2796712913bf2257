/* SPDX-License-Identifier: ISC */
/* environment: the variables of a command, made from the program's own. */
#pragma once

#include <stddef.h>

struct environment {
	char **items; /* "NAME=VALUE", then NULL; owned */
	size_t count;
};

/* A copy of the program's. Free it with environment_free(). */
struct environment environment_copy(void);
void environment_free(struct environment *env);

/* Set the variable; NULL: remove it. */
void environment_set(struct environment *env, const char *name, const char *value);
