/* SPDX-License-Identifier: ISC */
/* step_args: the arguments of the steps, taken from the words of the command line. */
#pragma once

/*
 * Each takes what the manual calls by that name from the front of the words. On
 * failure `err` is ERR_USAGE and names the word, or what is missing.
 */

#include "base/bytes.h"
#include "session/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct separators;
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

/* TEXT; the caller owns out->data. */
bool step_args_text(struct step_words *words, struct bytes *out, struct err *err);

/* N, a SIZE. */
bool step_args_size(struct step_words *words, uint64_t *out, struct err *err);

/* [COUNT]: at least 1, which it is too when no number comes. */
bool step_args_count(struct step_words *words, uint64_t *out, struct err *err);

/* FORMAT of a frame. */
bool step_args_format(struct step_words *words, enum frame_format *out, struct err *err);

/* SEP [or SEP]...; owned by the caller. NULL on failure. */
struct separators *step_args_separators(struct step_words *words, struct err *err);
