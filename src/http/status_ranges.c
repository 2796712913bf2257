/* SPDX-License-Identifier: ISC */
/* status_ranges: the statuses that `liu head --fail` allows. */
#include "config.h"

#include "http/status_ranges.h"

#include "base/alloc.h"
#include "base/err.h"

#include <stddef.h>
#include <stdlib.h>

enum { STATUS_MIN = 100, STATUS_MAX = 999, STATUS_DIGITS = 3 };

#define RANGES_DEFAULT "100-399"

struct http_range {
	int low, high;
};

struct http_ranges {
	struct http_range *items;
	size_t count;
};

/* Three digits at `*text`, which is moved behind them; 0: there are none. */
static int take_status(const char **text)
{
	const char *s = *text;
	int status = 0;

	for (int i = 0; i < STATUS_DIGITS; i++) {
		if (s[i] < '0' || s[i] > '9')
			return 0;
		status = status * 10 + (s[i] - '0');
	}
	*text = s + STATUS_DIGITS;
	return status >= STATUS_MIN && status <= STATUS_MAX ? status : 0;
}

/* "304" or "200-299", and what ends it. */
static bool take_range(const char **text, struct http_range *out)
{
	out->low = out->high = take_status(text);
	if (out->low != 0 && **text == '-') {
		(*text)++;
		out->high = take_status(text);
	}
	return out->low != 0 && out->high >= out->low && (**text == ',' || **text == '\0');
}

struct http_ranges *http_ranges_parse(const char *text, struct err *err)
{
	struct http_ranges *ranges = alloc_zeroed(sizeof(*ranges));
	const char *rest = *text != '\0' ? text : RANGES_DEFAULT;
	struct http_range range;

	for (;; rest++) {
		if (!take_range(&rest, &range))
			break;
		ranges->items =
			alloc_resize(ranges->items, (ranges->count + 1) * sizeof(*ranges->items));
		ranges->items[ranges->count++] = range;
		if (*rest == '\0')
			return ranges;
	}
	http_ranges_free(ranges);
	(void)err_set(err, ERR_USAGE, "'%s' is no list of statuses such as 200-299,304", text);
	return NULL;
}

bool http_ranges_hold(const struct http_ranges *ranges, int status)
{
	for (size_t i = 0; i < ranges->count; i++)
		if (status >= ranges->items[i].low && status <= ranges->items[i].high)
			return true;
	return false;
}

void http_ranges_free(struct http_ranges *ranges)
{
	if (ranges == NULL)
		return;
	free(ranges->items);
	free(ranges);
}
