/* SPDX-License-Identifier: ISC */
/* nearest: the known word that a mistyped one is nearest to. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct err;

enum { NEAREST_NAMES_MAX = 64 };

/* A search, at first { .word = the mistyped one }: try each known name, ask for the
 * result. All strings are borrowed. */
struct nearest {
	const char *word;
	const char *best; /* at `distance`; NULL: none is near enough */
	size_t distance;
	const char *continued;		      /* the last name that `word` is a prefix of */
	size_t continuations;		      /* ... and how many there are */
	const char *names[NEAREST_NAMES_MAX]; /* those tried */
	size_t count;
};

void nearest_try(struct nearest *nearest, const char *name);

/* The first of the names with the fewest edits (insert, delete, replace, swap of
 * neighbours), or else the only one that the word is a prefix of. NULL when none
 * looks like what was meant: one edit, and of long words one in four letters. */
const char *nearest_found(const struct nearest *nearest);

/* ERR_USAGE: "unknown WHAT 'WORD', did you mean NAME?", or, when none is near, with
 * all names: "(NAME, NAME or NAME)". Always false. */
bool nearest_refuse(const struct nearest *nearest, const char *what, struct err *err);
