/* SPDX-License-Identifier: ISC */
/* step_args: the arguments of the steps, taken from the words of the command line. */
#include "config.h"

#include "session/step_args.h"

#include "base/err.h"
#include "base/escape.h"
#include "base/number.h"
#include "session/frame.h"
#include "session/step.h"
#include "stream/separators.h"

#include <stdlib.h>
#include <string.h>

enum { SEPARATORS_MAX = 64 };

const char *step_args_word(struct step_words *words, const char *what, struct err *err)
{
	if (words->at < words->count)
		return words->items[words->at++];
	(void)err_set(err, ERR_USAGE, "%s is missing", what);
	return NULL;
}

bool step_args_keyword(struct step_words *words, const char *word)
{
	if (words->at == words->count || strcmp(words->items[words->at], word) != 0)
		return false;
	words->at++;
	return true;
}

bool step_args_number_next(const struct step_words *words)
{
	const char *word = words->at < words->count ? words->items[words->at] : "";

	return word[0] >= '0' && word[0] <= '9';
}

bool step_args_size(struct step *step, struct step_words *words, struct err *err)
{
	const char *word = step_args_word(words, "N", err);

	if (word == NULL || !number_size(word, &step->n, err))
		return false;
	if (step->n == 0)
		step->flags &= ~STEP_READS; /* a loop would go round without waiting */
	return true;
}

bool step_args_count(struct step *step, struct step_words *words, struct err *err)
{
	step->n = 1;
	return !step_args_number_next(words) ||
	       number_count(words->items[words->at++], "COUNT", 1, UINT64_MAX, &step->n, err);
}

bool step_args_format(struct step *step, struct step_words *words, struct err *err)
{
	const char *word = step_args_word(words, "FORMAT", err);
	enum frame_format format;

	if (word == NULL || !frame_format_find(word, &format, err))
		return false;
	step->n = format;
	return true;
}

static bool take_separator(struct step_words *words, struct bytes *out, struct err *err)
{
	const char *word = step_args_word(words, "SEP", err);

	if (word == NULL)
		return false;
	if (word[0] == '\0')
		return err_set(err, ERR_USAGE, "the separator is empty");
	return escape_decode(word, out, err);
}

bool step_args_separators(struct step *step, struct step_words *words, struct err *err)
{
	struct bytes items[SEPARATORS_MAX];
	size_t count = 0;
	bool good;

	do {
		good = count < SEPARATORS_MAX
			       ? take_separator(words, &items[count], err)
			       : err_set(err, ERR_USAGE, "more than %d separators", SEPARATORS_MAX);
		count += good;
	} while (good && step_args_keyword(words, "or"));

	if (good)
		step->args = separators_new(items, count);
	for (size_t i = 0; i < count; i++)
		free((void *)items[i].data);
	return good;
}
