/* SPDX-License-Identifier: ISC */
/* number: the numbers of the command line, read strictly. */
#include "config.h"

#include "base/number.h"

#include "base/err.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	FRACTION_DIGITS = 9, /* further digits only round up */
};

/* A thousand years in milliseconds: sums and microseconds stay far below 2^64. */
#define DURATION_MAX_MS (UINT64_C(1000) * 366 * 24 * 60 * 60 * 1000)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Move `*at` past its digits; `*out` is their value, 0 without a digit. False when
 * they do not fit. */
static bool take_digits(const char **at, uint64_t *out)
{
	char *end;

	*out = 0;
	if (!is_digit(**at))
		return true;
	errno = 0;
	*out = strtoull(*at, &end, 10);
	*at = end;
	return errno == 0;
}

bool number_count(const char *text, const char *what, uint64_t min, uint64_t max, uint64_t *out,
		  struct err *err)
{
	const char *at = text;
	uint64_t value;

	if (is_digit(*text) && take_digits(&at, &value) && *at == '\0' && value >= min &&
	    value <= max) {
		*out = value;
		return true;
	}
	if (max == UINT64_MAX)
		return err_set(err, ERR_USAGE, "invalid %s '%s' (%" PRIu64 " or more)", what, text,
			       min);
	return err_set(err, ERR_USAGE, "invalid %s '%s' (%" PRIu64 " to %" PRIu64 ")", what, text,
		       min, max);
}

/* The power of two that a SIZE's suffix stands for, -1 when the suffix is unknown. */
static int size_shift(const char *suffix)
{
	static const char letters[] = "KkMmGg";
	const char *letter;

	if (suffix[0] == '\0')
		return 0;
	letter = strchr(letters, suffix[0]);
	if (letter == NULL || suffix[1] != '\0')
		return -1;
	return (int)((letter - letters) / 2 + 1) * 10;
}

bool number_size(const char *text, uint64_t *out, struct err *err)
{
	const char *at = text;
	uint64_t value;
	bool fits = take_digits(&at, &value);
	int shift = size_shift(at);

	if (at == text || shift < 0)
		return err_set(err, ERR_USAGE, "invalid size '%s' (such as 100, 64K or 1M)", text);
	/* INT64_MAX: what an off_t and a size_t hold. */
	if (!fits || value > (uint64_t)INT64_MAX >> shift)
		return err_set(err, ERR_USAGE, "invalid size '%s': too large", text);
	*out = value << shift;
	return true;
}

/* Milliseconds of a DURATION's unit, 0 when the unit is unknown. */
static uint64_t duration_unit(const char *suffix)
{
	static const struct {
		const char *suffix;
		uint64_t ms;
	} units[] = {
		{ "", 1000 },	    { "ms", 1 },	  { "s", 1000 },
		{ "m", 60 * 1000 }, { "h", 3600 * 1000 }, { "d", 24 * 3600 * 1000 },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(units[i].suffix, suffix) == 0)
			return units[i].ms;
	return 0;
}

/* The digits after the point as part of `unit`, rounded up. */
static uint64_t fraction_ms(const char *digits, uint64_t unit)
{
	uint64_t value = 0, scale = 1;
	bool more = false;

	for (size_t i = 0; is_digit(digits[i]); i++) {
		if (i >= FRACTION_DIGITS) {
			more = more || digits[i] != '0';
			continue;
		}
		value = value * 10 + (uint64_t)(digits[i] - '0');
		scale *= 10;
	}
	value *= unit;
	return value / scale + (value % scale != 0 || more ? 1 : 0);
}

bool number_duration(const char *text, bool zero_allowed, uint64_t *ms, struct err *err)
{
	const char *point = text, *suffix;
	uint64_t unit, value;
	bool fits = take_digits(&point, &value);

	suffix = *point == '.' ? point + 1 + strspn(point + 1, "0123456789") : point;
	unit = duration_unit(suffix);
	if (unit == 0 || suffix == text || !is_digit(suffix[-1]))
		return err_set(err, ERR_USAGE, "invalid duration '%s' (such as 5, 500ms or 2m)",
			       text);
	if (!fits || value > DURATION_MAX_MS / unit)
		return err_set(err, ERR_USAGE, "invalid duration '%s': too long", text);
	value *= unit;
	if (suffix != point)
		value += fraction_ms(point + 1, unit);
	if (value == 0 && !zero_allowed)
		return err_set(err, ERR_USAGE, "invalid duration '%s': must be above 0", text);
	*ms = value;
	return true;
}
