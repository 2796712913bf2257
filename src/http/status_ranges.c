/* SPDX-License-Identifier: ISC */
/* status_ranges: the statuses that `liu head --fail` allows. */
#include "config.h"

#include "http/status_ranges.h"

#include "base/alloc.h"
#include "base/err.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define RANGES_DEFAULT "100-399"

enum { STATUS_DIGITS = 3 };

struct range {
	int low, high;
};

struct status_ranges {
	struct range *items;
	size_t count;
};

/* Read three digits at `*text`, which moves past them; 0 when they are not a status. */
static int take_status(const char **text)
{
	const char *s = *text;

	if (strspn(s, "0123456789") != STATUS_DIGITS || s[0] == '0')
		return 0;
	*text = s + STATUS_DIGITS;
	return (s[0] - '0') * 100 + (s[1] - '0') * 10 + (s[2] - '0');
}

/* "304" or "200-299", followed by a comma or the end. */
static bool take_range(const char **text, struct range *out)
{
	out->low = out->high = take_status(text);
	if (out->low != 0 && **text == '-') {
		(*text)++;
		out->high = take_status(text);
	}
	return out->low != 0 && out->high >= out->low && (**text == ',' || **text == '\0');
}

struct status_ranges *status_ranges_parse(const char *text, struct err *err)
{
	struct status_ranges *ranges = alloc_zeroed(sizeof(*ranges));
	const char *rest = *text != '\0' ? text : RANGES_DEFAULT;
	struct range range;

	while (take_range(&rest, &range)) {
		ranges->items =
			alloc_resize(ranges->items, (ranges->count + 1) * sizeof(*ranges->items));
		ranges->items[ranges->count++] = range;
		if (*rest == '\0')
			return ranges;
		rest++;
	}
	status_ranges_free(ranges);
	(void)err_set(err, ERR_USAGE, "invalid statuses '%s' (such as 200-299,304)", text);
	return NULL;
}

bool status_ranges_hold(const struct status_ranges *ranges, int status)
{
	for (size_t i = 0; i < ranges->count; i++)
		if (status >= ranges->items[i].low && status <= ranges->items[i].high)
			return true;
	return false;
}

void status_ranges_free(struct status_ranges *ranges)
{
	if (ranges == NULL)
		return;
	free(ranges->items);
	free(ranges);
}
