/* SPDX-License-Identifier: ISC */
/* fault: how an echo server misbehaves on purpose. */
#include "config.h"

#include "session/fault.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/nearest.h"
#include "base/number.h"
#include "stream/buffer_move.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

enum {
	MILLISECOND_US = 1000,
	SECOND_US = 1000 * 1000,
	CHUNK_GAP_US = 1000, /* a peer that waits for bytes has read the last chunk by then */
	RATE_PIECES = 20,    /* a second's bytes leave in so many pieces */
};

static const struct {
	const char *name;
	const char *done; /* those that end a connection */
} kinds[FAULT_KINDS] = {
	[FAULT_DELAY] = { "delay", NULL },
	[FAULT_CHUNK] = { "chunk", NULL },
	[FAULT_RATE] = { "drop-rate", NULL },
	[FAULT_STALL] = { "stall-after", "stalled" },
	[FAULT_RESET] = { "reset-after", "reset" },
	[FAULT_CLOSE] = { "close-after", "closed" },
	[FAULT_TRUNCATE] = { "truncate-after", "truncated" },
};

/* --- the command line --- */

static bool read_value(enum fault_kind kind, const char *text, uint64_t *value, struct err *err)
{
	if (*text == '\0')
		return err_set(err, ERR_USAGE, "%s needs a value: %s=%s", kinds[kind].name,
			       kinds[kind].name, kind == FAULT_DELAY ? "D" : "SIZE");
	if (kind == FAULT_DELAY ? !number_duration(text, false, value, err)
				: !number_size(text, value, err))
		return err_prefix(err, "%s", kinds[kind].name);
	if (*value == 0 && kinds[kind].done == NULL)
		return err_set(err, ERR_USAGE, "%s: invalid size '%s': must be above 0",
			       kinds[kind].name, text);
	return true;
}

bool faults_add(struct faults *faults, const char *text, struct err *err)
{
	size_t len = strcspn(text, "=");
	char *name = alloc_printf("%.*s", (int)len, text);
	struct nearest nearest = { .word = name };
	enum fault_kind kind = FAULT_DELAY;
	uint64_t value;
	bool good;

	for (; kind < FAULT_KINDS && strcmp(kinds[kind].name, name) != 0; kind++)
		nearest_try(&nearest, kinds[kind].name);
	good = kind < FAULT_KINDS ? read_value(kind, text + len + (text[len] == '='), &value, err)
				  : nearest_refuse(&nearest, "fault", err);
	free(name);
	if (!good)
		return false;
	faults->given |= 1U << kind;
	faults->values[kind] = value;
	return true;
}

bool faults_have(const struct faults *faults, enum fault_kind kind)
{
	return (faults->given & (1U << kind)) != 0;
}

const char *fault_description(enum fault_kind ending)
{
	return kinds[ending].done;
}

/* --- a connection --- */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The ending with the fewest bytes before it. */
static void find_ending(struct fault_queue *q, const struct faults *faults)
{
	q->after = UINT64_MAX;
	for (enum fault_kind kind = FAULT_STALL; kind < FAULT_KINDS; kind++) {
		if (!faults_have(faults, kind) || faults->values[kind] >= q->after)
			continue;
		q->ending = kind;
		q->after = faults->values[kind];
	}
}

void fault_queue_init(struct fault_queue *q, const struct faults *faults, size_t high, size_t low)
{
	*q = (struct fault_queue){
		.delay_us = faults->values[FAULT_DELAY] * MILLISECOND_US,
		.piece = UINT64_MAX,
		.rate = faults->values[FAULT_RATE],
	};
	find_ending(q, faults);
	writer_init(&q->waiting, evbuffer_new(), high, low);
	if (q->rate > 0)
		q->piece = q->rate < RATE_PIECES ? 1 : q->rate / RATE_PIECES;
	if (faults_have(faults, FAULT_CHUNK)) {
		q->piece = least(q->piece, faults->values[FAULT_CHUNK]);
		q->gap_us = CHUNK_GAP_US;
	}
}

void fault_queue_clear(struct fault_queue *q)
{
	evbuffer_free(q->waiting.out);
}

size_t fault_queue_room(struct fault_queue *q)
{
	return writer_room(&q->waiting);
}

void fault_queue_add(struct fault_queue *q, struct evbuffer *data, uint64_t now_us)
{
	const struct fault_batch batch = { .due_us = now_us + q->delay_us,
					   .len = evbuffer_get_length(data) };

	writer_write(&q->waiting, bytes_of(&batch, sizeof(batch)));
	writer_write_buffer(&q->waiting, data);
}

/* How long `len` bytes keep the next ones waiting. */
static uint64_t pause_us(const struct fault_queue *q, uint64_t len)
{
	double rated = q->rate == 0 ? 0 : (double)len / (double)q->rate * SECOND_US;

	return rated > (double)q->gap_us ? (uint64_t)rated + 1 : q->gap_us;
}

enum stream_status fault_queue_next(struct fault_queue *q, uint64_t now_us, struct evbuffer *into,
				    uint64_t *wait_ms)
{
	struct evbuffer *waiting = q->waiting.out;
	uint64_t at;
	size_t len;

	*wait_ms = 0;
	if (q->sent == q->after)
		return STREAM_EOF;
	if (q->current.len == 0 && evbuffer_remove(waiting, &q->current, sizeof(q->current)) <= 0)
		return STREAM_AGAIN;
	at = q->current.due_us > q->next_us ? q->current.due_us : q->next_us;
	if (at > now_us) {
		*wait_ms = (at - now_us + MILLISECOND_US - 1) / MILLISECOND_US;
		return STREAM_AGAIN;
	}
	len = (size_t)least(least(q->current.len, q->piece), q->after - q->sent);
	buffer_move(waiting, len, into);
	q->current.len -= len;
	q->sent += len;
	q->next_us = now_us + pause_us(q, len);
	return STREAM_OK;
}
