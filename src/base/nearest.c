/* SPDX-License-Identifier: ISC */
/* nearest: the known word that a mistyped one is nearest to. */
#include "config.h"

#include "base/nearest.h"

#include "base/err.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
	WORD_MAX = 32,
	PREFIX_MIN = 3, /* letters that are enough of a prefix */
	LETTERS = 4,	/* one mistyped letter for so many */
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

void nearest_try(struct nearest *nearest, const char *name)
{
	size_t word_len = strlen(nearest->word), len = strlen(name), far;
	size_t limit = word_len < 2 * LETTERS ? 2 : word_len / LETTERS + 1;

	if (nearest->count < NEAREST_NAMES_MAX)
		nearest->names[nearest->count++] = name;
	if (nearest->best != NULL)
		limit = nearest->distance;
	if (word_len < 2 || word_len > WORD_MAX || len > WORD_MAX)
		return;
	far = distance(nearest->word, word_len, name, len);
	if (far < limit) {
		nearest->distance = far;
		nearest->best = name;
	}
	if (word_len >= PREFIX_MIN && strncmp(name, nearest->word, word_len) == 0) {
		nearest->continued = name;
		nearest->continuations++;
	}
}

const char *nearest_found(const struct nearest *nearest)
{
	if (nearest->best != NULL)
		return nearest->best;
	return nearest->continuations == 1 ? nearest->continued : NULL;
}

bool nearest_refuse(const struct nearest *nearest, const char *what, struct err *err)
{
	const char *found = nearest_found(nearest);
	struct text names = { 0 };

	if (found != NULL)
		return err_set(err, ERR_USAGE, "unknown %s '%s', did you mean %s?", what,
			       nearest->word, found);
	for (size_t left = nearest->count; left > 0; left--)
		text_addf(&names, "%s%s", nearest->names[nearest->count - left],
			  left > 2    ? ", "
			  : left == 2 ? " or "
				      : "");
	(void)err_set(err, ERR_USAGE, "unknown %s '%s' (%s)", what, nearest->word, names.data);
	free(names.data);
	return false;
}
