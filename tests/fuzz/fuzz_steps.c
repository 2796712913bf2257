/* SPDX-License-Identifier: ISC */
/* fuzz_steps: the words of a command line into a list of steps. */
#include "config.h"

#include "base/err.h"
#include "session/settings.h"
#include "session/step.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS_MAX = 256, WORD_SIZE_MAX = 256 };

/* An invariant that an assert would not check in a build without asserts. */
static void require(bool holds)
{
	if (!holds)
		abort();
}

/* The words of the input, split at its NULs, each in a block of its own. */
static size_t split(const uint8_t *data, size_t size, char **words)
{
	size_t count = 0;

	while (size > 0 && count < WORDS_MAX) {
		const uint8_t *end = memchr(data, '\0', size);
		size_t len = end != NULL ? (size_t)(end - data) : size;
		size_t kept = len < WORD_SIZE_MAX ? len : WORD_SIZE_MAX;

		words[count] = malloc(kept + 1);
		require(words[count] != NULL);
		memcpy(words[count], data, kept);
		words[count++][kept] = '\0';
		data += end != NULL ? len + 1 : len;
		size -= end != NULL ? len + 1 : len;
	}
	return count;
}

static void check_step(const struct step_list *list, size_t i)
{
	const struct step *step = &list->steps[i];
	bool last = i + 1 == list->count;

	require(step->kind != NULL && step->kind->run != NULL);
	require(step->index == i + 1);
	require(step->text != NULL && step->text[0] != '\0');
	require(!(step->flags & STEP_LAST) || (last && !step->tried));
	require((step->flags & list->flags) == step->flags);
	require(!(step->flags & STEP_PRINTS) || list->prints);
	require(!(step->flags & STEP_NEEDS_RECORD) || i > 0);
}

/* What is taken keeps what the sessions rely on; what is refused says why. */
static void check(char **words, size_t count, const struct step_context *context)
{
	struct err err = { 0 };
	struct step_list *list = step_list_parse(words, count, context, &err);

	if (list == NULL) {
		require(err.kind == ERR_USAGE && err.text[0] != '\0');
		return;
	}
	require(list->count > 0 && list->count <= (count > 0 ? count : 1));
	require(list->visible == (count > 0));
	for (size_t i = 0; i < list->count; i++)
		check_step(list, i);
	require(!list->prints || context->connection_fd != 1);
	require(!(list->flags & STEP_STDIN) || context->connection_fd != 0);
	step_list_free(list);
}

/* The first byte says where the list would run. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t how = size > 0 ? data[0] : 0;
	struct session_settings settings = { .limit = 100, .crlf = (how & 1) != 0 };
	struct step_context context = {
		.settings = &settings,
		.listening = (how & 2) != 0,
		.keep_open = (how & 4) != 0,
		.json = (how & 8) != 0,
		.connection_fd = (how >> 4 & 3) - 1,
	};
	char *words[WORDS_MAX];
	size_t count = size > 0 ? split(data + 1, size - 1, words) : 0;

	check(words, count, &context);
	for (size_t i = 0; i < count; i++)
		free(words[i]);
	return 0;
}
