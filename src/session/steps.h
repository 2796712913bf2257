/* SPDX-License-Identifier: ISC */
/* steps: the parse and run functions that the rows of the step table name. */
#ifndef LIU_SESSION_STEPS_H
#define LIU_SESSION_STEPS_H

#include "session/step.h"

#include <stdbool.h>
#include <stddef.h>

struct err;
struct session;

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

/* Running: steps_read.c */
enum step_result run_read(struct session *s, const struct step *step);
enum step_result run_readline(struct session *s, const struct step *step);
enum step_result run_readexactly(struct session *s, const struct step *step);
enum step_result run_readuntil(struct session *s, const struct step *step);
enum step_result run_readframe(struct session *s, const struct step *step);
enum step_result run_skip(struct session *s, const struct step *step);
enum step_result run_skipline(struct session *s, const struct step *step);
enum step_result run_skipuntil(struct session *s, const struct step *step);
enum step_result run_at_eof(struct session *s, const struct step *step);

/* steps_write.c */
enum step_result run_write(struct session *s, const struct step *step);
enum step_result run_writefile(struct session *s, const struct step *step);
enum step_result run_drain(struct session *s, const struct step *step);
enum step_result run_write_eof(struct session *s, const struct step *step);

/* steps_control.c */
enum step_result run_expect(struct session *s, const struct step *step);
enum step_result run_info(struct session *s, const struct step *step);
enum step_result run_sleep(struct session *s, const struct step *step);
enum step_result run_close(struct session *s, const struct step *step);
enum step_result run_abort(struct session *s, const struct step *step);
enum step_result run_loop(struct session *s, const struct step *step);

/* Rooms of their own. */
enum step_result run_echo(struct session *s, const struct step *step);
enum step_result run_relay(struct session *s, const struct step *step);

/* The row of that name; NULL when there is none. `_` is read as `-`. */
const struct step_kind *step_kind_find(const char *word);

#endif
