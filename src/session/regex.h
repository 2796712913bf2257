/* SPDX-License-Identifier: ISC */
/* regex: does a record match a pattern, in turns of bounded work. */
#pragma once

/*
 * PCRE2 on bytes: a NUL is a byte like any other, and LF the only newline. Verbs
 * in capitals, (*UTF) and (*COMMIT) among them, and \G are refused: they look at how
 * the search began, which is cut into slices here.
 */

#include "base/bytes.h"

#include <stddef.h>
#include <stdint.h>

struct err;
struct regex;

enum regex_answer {
	REGEX_MATCH,
	REGEX_NO_MATCH,
	REGEX_AGAIN, /* the turn is over: ask again */
	REGEX_LIMIT, /* the match or heap limit was reached: not known */
};

/* NULL: ERR_USAGE says what is invalid, and where. */
struct regex *regex_new(const char *pattern, struct err *err);
void regex_free(struct regex *regex); /* NULL is allowed */

/* `*at` is 0 for a new subject, and after REGEX_AGAIN left as it is. The turn ends at
 * `end_us`, by loop_now_us(). */
enum regex_answer regex_search(struct regex *regex, struct bytes subject, size_t *at,
			       uint64_t end_us);

/* Why `subject` did not do, ERR_EXPECTATION: the answer is NO_MATCH or LIMIT. */
void regex_error(const struct regex *regex, struct bytes subject, enum regex_answer answer,
		 struct err *err);
