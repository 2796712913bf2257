/* SPDX-License-Identifier: ISC */
/* step_args: the arguments of the steps, read from the words of the command line. */
#ifndef LIU_SESSION_STEP_ARGS_H
#define LIU_SESSION_STEP_ARGS_H

#include "session/step.h"

#include <stdbool.h>
#include <stddef.h>

struct err;

/* The words of a step list, taken from the front. */
struct words {
	char *const *items;
	size_t count;
	size_t at;
	const struct step_context *context;
};

/* Parsing: each takes what the step is named after in the manual. */
bool parse_text(struct step *step, struct words *words, struct err *err);
bool parse_line_text(struct step *step, struct words *words, struct err *err);
bool parse_hex(struct step *step, struct words *words, struct err *err);
bool parse_path(struct step *step, struct words *words, struct err *err);
bool parse_frame_text(struct step *step, struct words *words, struct err *err);
bool parse_format(struct step *step, struct words *words, struct err *err);
bool parse_optional_size(struct step *step, struct words *words, struct err *err);
bool parse_size(struct step *step, struct words *words, struct err *err);
bool parse_optional_count(struct step *step, struct words *words, struct err *err);
bool parse_separators(struct step *step, struct words *words, struct err *err);
bool parse_regex(struct step *step, struct words *words, struct err *err);
bool parse_key(struct step *step, struct words *words, struct err *err);
bool parse_duration(struct step *step, struct words *words, struct err *err);
bool parse_relay(struct step *step, struct words *words, struct err *err);
bool parse_echo(struct step *step, struct words *words, struct err *err);

#endif
