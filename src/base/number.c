/* SPDX-License-Identifier: ISC */
/* number: the numbers of the command line, read strictly. */
#include "config.h"

#include "base/number.h"

#include "base/err.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

enum {
	FRACTION_DIGITS = 9, /* more are looked at only to round up */
};

/* A thousand years in milliseconds: sums and microseconds stay far from the
 * edge of 64 bits. */
#define DURATION_MAX_MS (UINT64_C(1000) * 366 * 24 * 60 * 60 * 1000)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The digits at `*at`, which moves past them. False: they do not fit. No digit
 * is 0. */
static bool take_digits(const char **at, uint64_t *out)
{
	uint64_t value = 0;

	for (; is_digit(**at); (*at)++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(**at - '0'), &value))
			return false;
	}
	*out = value;
	return true;
}

bool number_count(const char *text, const char *what, uint64_t min, uint64_t max, uint64_t *out,
		  struct err *err)
{
	const char *at = text;
	uint64_t value;

	if (!is_digit(text[0]) || strspn(text, "0123456789") != strlen(text))
		return err_set(err, ERR_USAGE, "'%s' is no %s", text, what);
	if (!take_digits(&at, &value) || value > max)
		return err_set(err, ERR_USAGE, "'%s' is no %s: at most %" PRIu64, text, what, max);
	if (value < min)
		return err_set(err, ERR_USAGE, "'%s' is no %s: at least %" PRIu64, text, what, min);
	*out = value;
	return true;
}

/* The power of two that a SIZE's suffix stands for, -1 when it is none. */
static int size_shift(const char *suffix)
{
	if (suffix[0] == '\0')
		return 0;
	if (suffix[1] != '\0')
		return -1;
	switch (suffix[0]) {
	case 'K':
	case 'k':
		return 10;
	case 'M':
	case 'm':
		return 20;
	case 'G':
	case 'g':
		return 30;
	default:
		return -1;
	}
}

bool number_size(const char *text, uint64_t *out, struct err *err)
{
	const char *at = text + strspn(text, "0123456789");
	int shift = size_shift(at);
	uint64_t value;

	if (at == text || shift < 0)
		return err_set(err, ERR_USAGE, "'%s' is no size", text);
	at = text;
	/* INT64_MAX: what an off_t and a size_t hold. */
	if (!take_digits(&at, &value) || value > (uint64_t)INT64_MAX >> shift)
		return err_set(err, ERR_USAGE, "'%s' is no size: too large", text);
	*out = value << shift;
	return true;
}

/* Milliseconds of a DURATION's unit, 0 when it is none. */
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

/* The parts of "12.5ms": where the fraction's digits begin (NULL: no point) and
 * the suffix. False: it has not this shape. */
static bool split_duration(const char *text, const char **fraction, const char **suffix)
{
	const char *at = text + strspn(text, "0123456789");

	*fraction = NULL;
	if (*at != '.') {
		*suffix = at;
		return at != text;
	}
	*fraction = at + 1;
	*suffix = *fraction + strspn(*fraction, "0123456789");
	return *suffix != *fraction;
}

bool number_duration(const char *text, bool zero_allowed, uint64_t *ms, struct err *err)
{
	const char *fraction, *suffix, *at = text;
	uint64_t unit, value;

	if (!split_duration(text, &fraction, &suffix))
		return err_set(err, ERR_USAGE, "'%s' is no duration", text);
	unit = duration_unit(suffix);
	if (unit == 0)
		return err_set(err, ERR_USAGE, "'%s' is no duration", text);
	if (!take_digits(&at, &value) || value > DURATION_MAX_MS / unit)
		return err_set(err, ERR_USAGE, "'%s' is no duration: too long", text);
	value *= unit;
	if (fraction != NULL)
		value += fraction_ms(fraction, unit);
	if (value == 0 && !zero_allowed)
		return err_set(err, ERR_USAGE, "'%s' is no duration: it must be above 0", text);
	*ms = value;
	return true;
}
