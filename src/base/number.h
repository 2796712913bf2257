/* SPDX-License-Identifier: ISC */
/* number: the numbers of the command line, read strictly. */
#pragma once

/*
 * Each reads the whole of `text` or fails with ERR_USAGE and a message that names it
 * ("invalid size '12x' (such as 100, 64K or 1M)"). Refused: an empty text, a sign, white
 * space, trailing characters and overflow. `*out` is untouched on failure.
 */

#include <stdbool.h>
#include <stdint.h>

struct err;

/* Decimal digits, `min` to `max`; `what` names the number in the message ("count"). */
bool number_count(const char *text, const char *what, uint64_t min, uint64_t max, uint64_t *out,
		  struct err *err);

/* SIZE: bytes, with an optional K, M or G (powers of 1024, either case). */
bool number_size(const char *text, uint64_t *out, struct err *err);

/* DURATION: seconds, or with ms, s, m, h or d; decimals are allowed. Converted to
 * milliseconds, rounded up. 0 is refused unless `zero_allowed`. */
bool number_duration(const char *text, bool zero_allowed, uint64_t *ms, struct err *err);
