/* SPDX-License-Identifier: ISC */
/* fuzz_reader: any questions over any bytes in any pieces, beside the naive model. */
#include "config.h"

#include "stream/reader.h"

#include "unit/reader_model.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * The input: the limit less one; three sets of separators, each a count and, for
 * each separator, its length and its bytes; then events, each a byte and an
 * argument. Where the input is too short, zeros follow.
 */

enum { SETS = 3, SEPS_MAX = 4, SEP_MAX = 8, EVENTS_MAX = 256 };

/* What an event's first byte says, modulo EVENT_COUNT; questions come before. */
enum {
	EVENT_FEED = ASK_KINDS,
	EVENT_FEED_BLOCK,
	EVENT_LAY,
	EVENT_EOF,
	EVENT_ERROR,
	EVENT_COUNT,
};

struct fd_reader {
	const uint8_t *data;
	size_t left;
};

struct set {
	struct bytes items[SEPS_MAX];
	size_t count;
	struct separators *seps;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t next_byte(struct fd_reader *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->data++;
}

static struct bytes next_bytes(struct fd_reader *input, size_t len)
{
	struct bytes b = bytes_of(input->data, len < input->left ? len : input->left);

	input->data += b.len;
	input->left -= b.len;
	return b;
}

static void next_set(struct fd_reader *input, struct set *set)
{
	size_t count = 1 + next_byte(input) % SEPS_MAX;

	set->count = 0;
	for (size_t i = 0; i < count; i++) {
		struct bytes item = next_bytes(input, 1 + next_byte(input) % SEP_MAX);

		if (item.len > 0)
			set->items[set->count++] = item;
	}
	if (set->count == 0)
		set->items[set->count++] = bytes_of("\n", 1);
	set->seps = separators_new(set->items, set->count);
}

static void ask(struct model *m, const struct set *sets, unsigned kind, uint8_t argument)
{
	struct question q = { .kind = (enum question_kind)kind, .n = argument };
	const struct set *set = &sets[argument % SETS];
	enum stream_status status;
	const char *differs;

	if (q.kind == ASK_READUNTIL || q.kind == ASK_SKIPUNTIL) {
		q.items = set->items;
		q.count = set->count;
		q.seps = set->seps;
	}
	differs = model_ask(m, &q, &status);
	if (differs == NULL)
		return;
	fprintf(stderr, "question %u, argument %u: %s differs\n", kind, argument, differs);
	abort();
}

static void feed(struct model *m, struct fd_reader *input, size_t len, bool block)
{
	struct bytes b = next_bytes(input, len);

	if (!m->ended)
		model_feed(m, b.data, b.len, block);
}

static void next_event(struct model *m, const struct set *sets, struct fd_reader *input)
{
	unsigned event = next_byte(input) % EVENT_COUNT;
	uint8_t argument = next_byte(input);

	switch (event) {
	case EVENT_FEED:
	case EVENT_FEED_BLOCK:
		feed(m, input, argument, event == EVENT_FEED_BLOCK);
		return;
	case EVENT_LAY:
		model_lay(m, argument * 0x0101010101010101ULL);
		return;
	case EVENT_EOF:
	case EVENT_ERROR:
		model_end(m, event == EVENT_ERROR);
		return;
	}
	ask(m, sets, event, argument);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fd_reader input = { data, size };
	struct set sets[SETS];
	struct model m;

	model_init(&m, 1 + (size_t)next_byte(&input));
	for (size_t i = 0; i < SETS; i++)
		next_set(&input, &sets[i]);
	for (int i = 0; i < EVENTS_MAX && input.left > 0; i++)
		next_event(&m, sets, &input);
	model_free(&m);
	for (size_t i = 0; i < SETS; i++)
		free(sets[i].seps);
	return 0;
}
