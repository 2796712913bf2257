/* SPDX-License-Identifier: ISC */
/* reader_model: a naive reader beside the real one, for tests and fuzzers. */
#pragma once

/*
 * The model keeps every byte it was fed in one array and answers by looking at
 * each of them. model_ask() puts the same question to both and compares all that
 * can be seen. The real reader's bytes lie in blocks of exact size where asked
 * for, so that sanitizers see a read beyond one.
 */

#include "base/alloc.h"
#include "stream/reader.h"
#include "unit/bytes_equal.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

enum { MODEL_PIECE = 256 * 1024 };

enum question_kind {
	ASK_READ,
	ASK_READLINE,
	ASK_READEXACTLY,
	ASK_READUNTIL,
	ASK_SKIP,
	ASK_SKIPUNTIL,
	ASK_PEEK,
	ASK_KINDS,
};

struct question {
	enum question_kind kind;
	size_t n;
	const struct bytes *items; /* the separators as given */
	size_t count;
	const struct separators *seps; /* ... and made */
};

struct answer {
	enum stream_status status;
	struct bytes data;
	uint64_t skipped;
	size_t matched; /* 0: not said */
};

struct model {
	unsigned char *data;
	size_t len, size;
	size_t at;
	size_t limit, longest, want;
	bool ended, broken;
	struct evbuffer *in, *out;
	struct reader reader;
};

static inline void model_init(struct model *m, size_t limit)
{
	*m = (struct model){ .limit = limit, .longest = 1 };
	m->in = evbuffer_new();
	m->out = evbuffer_new();
	reader_init(&m->reader, m->in, limit);
}

static inline void model_free(struct model *m)
{
	free(m->data);
	evbuffer_free(m->in);
	evbuffer_free(m->out);
}

static inline void free_block(const void *data, size_t len, void *arg)
{
	(void)len;
	(void)arg;
	free((void *)data);
}

/* A block of its own, with nothing behind it. */
static inline void add_block(struct evbuffer *in, const void *data, size_t len)
{
	if (len > 0)
		evbuffer_add_reference(in, alloc_copy(data, len), len, free_block, NULL);
}

static inline void model_feed(struct model *m, const void *data, size_t len, bool block)
{
	if (m->len + len > m->size) {
		m->size = 2 * (m->len + len);
		m->data = alloc_resize(m->data, m->size);
	}
	if (len > 0)
		memcpy(m->data + m->len, data, len);
	m->len += len;
	if (block)
		add_block(m->in, data, len);
	else
		evbuffer_add(m->in, data, len);
}

/* Move what is buffered to other blocks: bit i % 64 of `cuts` set, it is cut behind byte i. */
static inline void model_lay(struct model *m, uint64_t cuts)
{
	size_t from = m->at;

	evbuffer_drain(m->in, evbuffer_get_length(m->in));
	for (size_t i = m->at; i < m->len; i++) {
		if (i + 1 < m->len && (cuts >> (i % 64) & 1) == 0)
			continue;
		add_block(m->in, m->data + from, i + 1 - from);
		from = i + 1;
	}
}

static inline void model_end(struct model *m, bool broken)
{
	if (!m->ended)
		m->broken = broken;
	m->ended = true;
	reader_end(&m->reader, broken);
}

/* What the model answers. */

static inline size_t model_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static inline struct answer model_taken(struct model *m, enum stream_status status, size_t n)
{
	struct answer a = { .status = status };

	if (n > 0) /* else there may be no data to point into */
		a.data = bytes_of(m->data + m->at, n);
	m->at += n;
	m->want = 0;
	return a;
}

static inline struct answer model_not_yet(struct model *m, size_t want)
{
	m->want = want;
	return (struct answer){ .status = STREAM_AGAIN };
}

static inline enum stream_status model_over(const struct model *m)
{
	return m->broken ? STREAM_ERROR : STREAM_EOF;
}

/* The end of the first match behind `at`, and its length; 0: none. */
static inline size_t model_find(const struct model *m, const struct question *q, size_t *len)
{
	for (size_t end = 1; end <= m->len - m->at; end++) {
		*len = 0;
		for (size_t i = 0; i < q->count; i++) {
			size_t n = q->items[i].len;

			if (n > end || (*len > 0 && n >= *len))
				continue;
			if (memcmp(m->data + m->at + end - n, q->items[i].data, n) == 0)
				*len = n;
		}
		if (*len > 0)
			return end;
	}
	return 0;
}

static inline struct answer model_readuntil(struct model *m, const struct question *q)
{
	size_t there = m->len - m->at;
	size_t most = m->limit + q->seps->longest;
	size_t len = 0;
	size_t end = model_find(m, q, &len);
	struct answer a;

	if (end > 0 ? end - len > m->limit : there >= most)
		return model_taken(m, STREAM_OVERRUN, 0);
	if (end == 0 && !m->ended)
		return model_not_yet(m, most);
	if (end == 0)
		return model_taken(m, model_over(m), there);
	a = model_taken(m, STREAM_OK, end);
	a.matched = len;
	return a;
}

static inline struct answer model_skipuntil(struct model *m, const struct question *q)
{
	size_t there = m->len - m->at;
	size_t keep = m->ended ? 0 : model_min(there, q->seps->longest - 1);
	size_t len = 0;
	size_t end = model_find(m, q, &len);
	struct answer a = { .status = STREAM_OK, .skipped = end, .matched = len };

	m->want = 0;
	if (end == 0) {
		a.skipped = there - keep;
		a.status = m->ended ? model_over(m) : STREAM_AGAIN;
		m->want = m->ended ? 0 : MODEL_PIECE + keep;
	}
	m->at += a.skipped;
	return a;
}

static inline struct answer model_counted(struct model *m, const struct question *q)
{
	size_t there = m->len - m->at;
	bool all = q->kind == ASK_READEXACTLY || q->kind == ASK_PEEK;
	size_t n = model_min(q->n, there);
	bool met = all ? there >= q->n : n > 0 || q->n == 0;
	struct answer a;

	if (!met && !m->ended)
		return model_not_yet(m, all ? q->n : model_min(q->n, MODEL_PIECE));
	a = model_taken(m, met ? STREAM_OK : model_over(m), n);
	if (q->kind == ASK_PEEK)
		m->at -= n;
	if (q->kind == ASK_SKIP) {
		a.skipped = n;
		a.data.len = 0;
	}
	return a;
}

static inline struct answer model_answer(struct model *m, const struct question *q)
{
	if (q->count > 0 && m->longest < q->seps->longest)
		m->longest = q->seps->longest;
	if (q->kind == ASK_SKIPUNTIL)
		return model_skipuntil(m, q);
	return q->count > 0 ? model_readuntil(m, q) : model_counted(m, q);
}

/* What the reader answers. */

static inline enum stream_status model_peek(struct model *m, size_t n)
{
	unsigned char *data = alloc_zeroed(n);
	enum stream_status status = reader_wait(&m->reader, n);

	if (status != STREAM_AGAIN)
		evbuffer_add(m->out, data, (size_t)evbuffer_copyout(m->reader.in, data, n));
	free(data);
	return status;
}

static inline struct answer reader_answer(struct model *m, const struct question *q)
{
	struct reader *r = &m->reader;
	struct answer a = { .status = STREAM_AGAIN };
	size_t before = reader_buffered(r);

	r->matched = NULL;
	switch (q->kind) {
	case ASK_READ:
		a.status = reader_read(r, q->n, m->out);
		break;
	case ASK_READLINE:
		a.status = reader_readline(r, m->out);
		break;
	case ASK_READEXACTLY:
		a.status = reader_readexactly(r, q->n, m->out);
		break;
	case ASK_READUNTIL:
		a.status = reader_readuntil(r, q->seps, m->out);
		break;
	case ASK_SKIP:
		a.status = reader_read(r, q->n, NULL);
		a.skipped = before - reader_buffered(r);
		break;
	case ASK_SKIPUNTIL:
		a.status = reader_skipuntil(r, q->seps);
		a.skipped = before - reader_buffered(r);
		break;
	case ASK_PEEK:
		a.status = model_peek(m, q->n);
		break;
	case ASK_KINDS:
		abort();
	}
	a.matched = r->matched != NULL ? r->matched->len : 0;
	a.data.len = evbuffer_get_length(m->out);
	a.data.data = evbuffer_pullup(m->out, -1);
	return a;
}

static inline size_t model_room(const struct model *m)
{
	size_t there = m->len - m->at;
	size_t welcome = m->limit + m->longest;

	if (m->want > welcome)
		welcome = m->want;
	return m->ended || there >= welcome ? 0 : welcome - there;
}

/* NULL, or what differs apart from the answer. */
static inline const char *model_compare_state(const struct model *m)
{
	if (reader_buffered(&m->reader) != m->len - m->at)
		return "reader_buffered";
	if (reader_at_eof(&m->reader) != (m->ended && !m->broken && m->at == m->len))
		return "reader_at_eof";
	if (reader_room(&m->reader) != model_room(m))
		return "reader_room";
	if (m->reader.scanned > m->len - m->at)
		return "scanned";
	return NULL;
}

/* No byte twice, and none beyond the limit. */
static inline bool model_search_is_bounded(const struct model *m, const struct question *q,
					   enum stream_status status)
{
	if (q->count == 0)
		return true;
	if (status == STREAM_AGAIN)
		return m->reader.scanned == m->len - m->at;
	return q->kind == ASK_SKIPUNTIL || m->reader.scanned <= m->limit + q->seps->longest;
}

/* Ask both. NULL, or what differs. `status` is the answer's, also if it does. */
static inline const char *model_ask(struct model *m, const struct question *asked,
				    enum stream_status *status)
{
	static const struct bytes newline = { (const unsigned char *)"\n", 1 };
	struct question q = *asked;
	struct answer expected;
	struct answer actual = reader_answer(m, &q);
	bool same;

	if (q.kind == ASK_READLINE) {
		q.items = &newline;
		q.count = 1;
		q.seps = &separators_newline;
	}
	expected = model_answer(m, &q);
	same = bytes_equal(actual.data, expected.data);
	evbuffer_drain(m->out, actual.data.len);
	*status = actual.status;
	if (actual.status != expected.status)
		return "status";
	if (!same)
		return "data";
	if (actual.skipped != expected.skipped)
		return "skipped";
	if (actual.matched != expected.matched)
		return "matched";
	if (actual.status == STREAM_AGAIN && reader_room(&m->reader) == 0)
		return "no room after AGAIN";
	if (!model_search_is_bounded(m, &q, actual.status))
		return "scanned";
	return model_compare_state(m);
}
