/* SPDX-License-Identifier: ISC */
/* nearest: which known word somebody may have meant. */
#include "config.h"

#include "base/nearest.h"

#include <string.h>

enum {
	WORD_MAX = 32,
	PREFIX_MIN = 3, /* letters of a beginning that are enough */
};

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t low = a < b ? a : b;

	return low < c ? low : c;
}

/* Optimal string alignment distance, of words up to WORD_MAX bytes. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][WORD_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *now = rows[i % 3], *up = rows[(i - 1) % 3], *up2 = rows[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t cost = a[i - 1] != b[j - 1];

			now[j] = min3(up[j] + 1, now[j - 1] + 1, up[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    up2[j - 2] + 1 < now[j])
				now[j] = up2[j - 2] + 1;
		}
	}
	return rows[a_len % 3][b_len];
}

static const char *name_at(const char *const *names, size_t i, size_t stride)
{
	const char *name;

	memcpy(&name, (const char *)names + i * stride, sizeof(name));
	return name;
}

/* The one name that `word` begins. */
static const char *continued(const char *word, const char *const *names, size_t count,
			     size_t stride)
{
	const char *found = NULL;
	size_t len = strlen(word);

	if (len < PREFIX_MIN)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const char *name = name_at(names, i, stride);

		if (strncmp(name, word, len) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = name;
	}
	return found;
}

const char *nearest_word(const char *word, const char *const *names, size_t count, size_t stride)
{
	size_t len = strlen(word);
	const char *best = NULL;
	/* A third of the word may be wrong, and at least one letter. */
	size_t best_distance = len / 3 + 2;

	if (len < 2 || len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const char *name = name_at(names, i, stride);
		size_t far;

		if (strlen(name) > WORD_MAX)
			continue;
		far = distance(word, len, name, strlen(name));
		if (far < best_distance) {
			best_distance = far;
			best = name;
		}
	}
	return best != NULL ? best : continued(word, names, count, stride);
}
