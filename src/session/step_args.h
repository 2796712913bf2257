/* SPDX-License-Identifier: ISC */
/* step_args: the arguments of the steps, taken from the words of the command line. */
#pragma once

/*
 * Each takes what the manual calls by that name from the front of the words. On
 * failure `err` is ERR_USAGE and names the word, or what is missing. Those that are
 * given the step can be its parse().
 */

#include <stdbool.h>
#include <stddef.h>

struct err;
struct step;
struct step_context;

struct step_words {
	char *const *items;
	size_t count;
	size_t at;
	const struct step_context *context;
};

/* The next word, called `what` in the message when there is none. NULL on failure. */
const char *step_args_word(struct step_words *words, const char *what, struct err *err);

/* Take the next word if it is this one. */
bool step_args_keyword(struct step_words *words, const char *word);

/* Does the next word begin with a digit? */
bool step_args_number_next(const struct step_words *words);

/* N, a SIZE, into step->n. A step that reads 0 bytes does not read. */
bool step_args_size(struct step *step, struct step_words *words, struct err *err);

/* [COUNT] into step->n: at least 1, which it is too when no number comes. */
bool step_args_count(struct step *step, struct step_words *words, struct err *err);

/* FORMAT of a frame, an enum frame_format, into step->n. */
bool step_args_format(struct step *step, struct step_words *words, struct err *err);

/* SEP [or SEP]... into step->args, a struct separators. */
bool step_args_separators(struct step *step, struct step_words *words, struct err *err);
