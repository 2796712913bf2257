/* SPDX-License-Identifier: ISC */
/* test_reader: each question by example, cut at every place, and at random against a model. */
#include "config.h"

#include "stream/reader.h"

#include "unit/reader_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define B(text)                                                                                    \
	{                                                                                          \
		(const unsigned char *)(text), sizeof(text) - 1                                    \
	}
#define SEPS(...) .seps = { __VA_ARGS__ }

enum { SEPS_MAX = 4, STEPS_MAX = 8 };

/* One question and its answer, however the bytes come. */
struct step {
	enum question_kind kind;
	size_t n;
	struct bytes seps[SEPS_MAX];
	enum stream_status status;
	struct bytes data; /* of skips: what is thrown away */
	size_t matched;
};

struct example {
	size_t limit;
	struct bytes input;
	bool broken; /* ends in an error, not in good order */
	struct step steps[STEPS_MAX];
	size_t count;
};

/* How the input comes: byte i is the last of a piece if bit i % 64 of `cuts` is set. */
struct way {
	uint64_t cuts;
	bool at_once; /* all before the first question, the end too; the pieces are blocks */
};

struct play {
	const struct example *example;
	struct way way;
	struct evbuffer *in, *out;
	struct reader reader;
	size_t fed;
	uint64_t skipped;
};

static void play_feed(struct play *p)
{
	const struct bytes *input = &p->example->input;
	size_t from = p->fed;

	if (from == input->len)
		reader_end(&p->reader, p->example->broken);
	while (p->fed < input->len) {
		p->fed++;
		if (p->way.cuts >> ((p->fed - 1) % 64) & 1)
			break;
	}
	if (p->fed > from)
		add_block(p->in, input->data + from, p->fed - from);
}

static enum stream_status play_ask(struct play *p, const struct step *s,
				   const struct separators *seps)
{
	struct reader *r = &p->reader;
	size_t before = reader_buffered(r);
	enum stream_status status = STREAM_AGAIN;

	switch (s->kind) {
	case ASK_READ:
		return reader_read(r, s->n, p->out);
	case ASK_READLINE:
		return reader_readline(r, p->out);
	case ASK_READEXACTLY:
		return reader_readexactly(r, s->n, p->out);
	case ASK_READUNTIL:
		return reader_readuntil(r, seps, p->out);
	case ASK_SKIP:
		status = reader_read(r, s->n, NULL);
		break;
	case ASK_SKIPUNTIL:
		status = reader_skipuntil(r, seps);
		break;
	case ASK_PEEK:
	case ASK_KINDS:
		fail();
	}
	p->skipped += before - reader_buffered(r);
	return status;
}

static struct separators *step_separators(const struct step *s)
{
	size_t count = 0;

	while (count < SEPS_MAX && s->seps[count].len > 0)
		count++;
	return count > 0 ? separators_new(s->seps, count) : NULL;
}

static void play_step(struct play *p, const struct step *s)
{
	struct separators *seps = step_separators(s);
	size_t before = reader_buffered(&p->reader);
	enum stream_status status;
	size_t len;

	p->skipped = 0;
	while ((status = play_ask(p, s, seps)) == STREAM_AGAIN) {
		assert_false(p->reader.ended);
		assert_true(reader_room(&p->reader) > 0);
		play_feed(p);
		before = reader_buffered(&p->reader);
	}
	assert_int_equal(status, s->status);
	if (status == STREAM_OVERRUN)
		assert_int_equal(reader_buffered(&p->reader), before);
	if (status == STREAM_EOF || status == STREAM_ERROR)
		assert_int_equal(reader_buffered(&p->reader), 0);
	if (s->matched > 0)
		assert_int_equal(p->reader.matched->len, s->matched);
	len = evbuffer_get_length(p->out);
	if (s->kind == ASK_SKIP || s->kind == ASK_SKIPUNTIL) {
		assert_int_equal(len, 0);
		assert_int_equal(p->skipped, s->data.len);
	} else {
		assert_int_equal(len, s->data.len);
		if (len > 0)
			assert_memory_equal(evbuffer_pullup(p->out, -1), s->data.data, len);
	}
	evbuffer_drain(p->out, len);
	free(seps);
}

static void play_example(const struct example *e, struct way way)
{
	struct play p = { .example = e, .way = way };

	p.in = evbuffer_new();
	p.out = evbuffer_new();
	reader_init(&p.reader, p.in, e->limit);
	while (way.at_once && !p.reader.ended)
		play_feed(&p);
	for (size_t i = 0; i < e->count; i++) {
		/* The separators of a question are freed with it. */
		p.reader.sought = NULL;
		play_step(&p, &e->steps[i]);
	}
	evbuffer_free(p.in);
	evbuffer_free(p.out);
}

/* Whole, a byte at a time, and cut in two and in three at every place. */
static void play_all_ways(const struct example *e)
{
	size_t places = e->input.len < 64 ? e->input.len : 64;

	for (int at_once = 0; at_once < 2; at_once++) {
		play_example(e, (struct way){ 0, at_once });
		play_example(e, (struct way){ UINT64_MAX, at_once });
		for (size_t i = 0; i < places; i++) {
			for (size_t j = i; j < places; j++)
				play_example(e, (struct way){ 1ULL << i | 1ULL << j, at_once });
		}
	}
}

static void play_examples(const struct example *examples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct example e = examples[i];

		while (e.count < STEPS_MAX &&
		       (e.steps[e.count].kind != ASK_READ || e.steps[e.count].n > 0))
			e.count++;
		play_all_ways(&e);
	}
}

#define PLAY(...)                                                                                  \
	do {                                                                                       \
		static const struct example examples[] = { __VA_ARGS__ };                          \
		play_examples(examples, sizeof(examples) / sizeof(examples[0]));                   \
	} while (0)

static void test_readline(void **state)
{
	(void)state;
	PLAY({ .limit = 16,
	       .input = B("one\n\ntwo\r\n\0\v\f\xff\n\nlast"),
	       .steps = { { .kind = ASK_READLINE, .data = B("one\n"), .matched = 1 },
			  { .kind = ASK_READLINE, .data = B("\n") },
			  { .kind = ASK_READLINE, .data = B("two\r\n"), .matched = 1 },
			  { .kind = ASK_READLINE, .data = B("\0\v\f\xff\n") },
			  { .kind = ASK_READLINE, .data = B("\n") },
			  { .kind = ASK_READLINE, .data = B("last"), .status = STREAM_EOF },
			  { .kind = ASK_READLINE, .status = STREAM_EOF } } },
	     { .limit = 1, .steps = { { .kind = ASK_READLINE, .status = STREAM_EOF } } });
}

/* The bytes before the separator count, not the separator itself. */
static void test_limit(void **state)
{
	(void)state;
	PLAY({ .limit = 4,
	       .input = B("abc\nabcd\nabcde\nf"),
	       .steps = { { .kind = ASK_READLINE, .data = B("abc\n") },
			  { .kind = ASK_READLINE, .data = B("abcd\n") },
			  { .kind = ASK_READLINE, .status = STREAM_OVERRUN },
			  { .kind = ASK_READLINE, .status = STREAM_OVERRUN },
			  { .kind = ASK_READEXACTLY, .n = 5, .data = B("abcde") },
			  { .kind = ASK_READLINE, .data = B("\n") },
			  { .kind = ASK_READLINE, .data = B("f"), .status = STREAM_EOF } } },
	     /* limit + length - 1 bytes may still be the beginning of a match ... */
	     { .limit = 4,
	       .input = B("aaaa\r\n\r"),
	       .steps = { { .kind = ASK_READUNTIL,
			    SEPS(B("\r\n\r\n")),
			    .status = STREAM_EOF,
			    .data = B("aaaa\r\n\r") } } },
	     { .limit = 4,
	       .input = B("aaaa\r\n\r\n"),
	       .steps = { { .kind = ASK_READUNTIL,
			    SEPS(B("\r\n\r\n")),
			    .data = B("aaaa\r\n\r\n"),
			    .matched = 4 } } },
	     /* ... and one byte more may not. */
	     { .limit = 4,
	       .input = B("aaaaa\r\n\r"),
	       .steps = { { .kind = ASK_READUNTIL,
			    SEPS(B("\r\n\r\n")),
			    .status = STREAM_OVERRUN } } },
	     { .limit = 1,
	       .input = B("aseparator"),
	       .steps = { { .kind = ASK_READUNTIL,
			    SEPS(B("separator")),
			    .data = B("aseparator") } } });
}

/* What follows an overlong line is never taken for a line. */
static void test_after_overrun(void **state)
{
	(void)state;
	PLAY({ .limit = 4,
	       .input = B("aaaaaaaaa evil\nnext\n"),
	       .steps = { { .kind = ASK_READLINE, .status = STREAM_OVERRUN },
			  { .kind = ASK_SKIPUNTIL,
			    SEPS(B("\n")),
			    .data = B("aaaaaaaaa evil\n"),
			    .matched = 1 },
			  { .kind = ASK_READLINE, .data = B("next\n") },
			  { .kind = ASK_READLINE, .status = STREAM_EOF } } },
	     { .limit = 4,
	       .input = B("ab;cde\n"),
	       .steps = { { .kind = ASK_READLINE, .status = STREAM_OVERRUN },
			  { .kind = ASK_READUNTIL, SEPS(B(";")), .data = B("ab;") },
			  { .kind = ASK_READLINE, .data = B("cde\n") } } });
}

static void test_overlapping(void **state)
{
	(void)state;
	PLAY({ .limit = 16,
	       .input = B("aaab aab"),
	       .steps = { { .kind = ASK_READUNTIL, SEPS(B("aab")), .data = B("aaab") },
			  { .kind = ASK_READUNTIL, SEPS(B("aab")), .data = B(" aab") } } },
	     { .limit = 16,
	       .input = B("\r\r\n\r\n"),
	       .steps = { { .kind = ASK_READUNTIL, SEPS(B("\r\n\r\n")), .data = B("\r\r\n\r\n") },
			  { .kind = ASK_READUNTIL, SEPS(B("\r\n\r\n")), .status = STREAM_EOF } } },
	     { .limit = 16,
	       .input = B("aaaaa"),
	       .steps = { { .kind = ASK_READUNTIL, SEPS(B("aa")), .data = B("aa") },
			  { .kind = ASK_READUNTIL, SEPS(B("aa")), .data = B("aa") },
			  { .kind = ASK_READUNTIL,
			    SEPS(B("aa")),
			    .data = B("a"),
			    .status = STREAM_EOF } } },
	     { .limit = 16,
	       .input = B("ababac\0\0\0x"),
	       .steps = { { .kind = ASK_READUNTIL, SEPS(B("abac")), .data = B("ababac") },
			  { .kind = ASK_READUNTIL, SEPS(B("\0x")), .data = B("\0\0\0x") } } });
}

static void test_several_separators(void **state)
{
	(void)state;
	PLAY({ .limit = 16,
	       .input = B("a\r\nb\rc\n"),
	       .steps = { { .kind = ASK_READUNTIL,
			    SEPS(B("\n"), B("\r"), B("\r\n")),
			    .data = B("a\r"),
			    .matched = 1 },
			  { .kind = ASK_READUNTIL,
			    SEPS(B("\n"), B("\r"), B("\r\n")),
			    .data = B("\n"),
			    .matched = 1 },
			  { .kind = ASK_READUNTIL, SEPS(B("c\n"), B("\r")), .data = B("b\r") },
			  { .kind = ASK_READUNTIL,
			    SEPS(B("x"), B("c\n")),
			    .data = B("c\n"),
			    .matched = 2 } } },
	     /* Of two that end together the shorter counts, and begins beyond the limit. */
	     { .limit = 4,
	       .input = B("aaaa\r\n"),
	       .steps = { { .kind = ASK_READUNTIL,
			    SEPS(B("\r\n"), B("\n")),
			    .status = STREAM_OVERRUN },
			  { .kind = ASK_READUNTIL,
			    SEPS(B("\r\n")),
			    .data = B("aaaa\r\n"),
			    .matched = 2 } } },
	     { .limit = 5,
	       .input = B("aaaa\r\n"),
	       .steps = { { .kind = ASK_READUNTIL,
			    SEPS(B("\r\n"), B("\n")),
			    .data = B("aaaa\r\n"),
			    .matched = 1 } } },
	     /* The one that ends first, though the other begins first. */
	     { .limit = 16,
	       .input = B("abcd"),
	       .steps = { { .kind = ASK_READUNTIL,
			    SEPS(B("abcd"), B("bc")),
			    .data = B("abc"),
			    .matched = 2 } } },
	     /* A longer one that is not there does not make the limit longer for a match. */
	     { .limit = 2,
	       .input = B("aaa\nbbb"),
	       .steps = { { .kind = ASK_READUNTIL,
			    SEPS(B("\n"), B("12345")),
			    .status = STREAM_OVERRUN } } },
	     { .limit = 2,
	       .input = B("aaaa"),
	       .steps = { { .kind = ASK_READUNTIL,
			    SEPS(B("\n"), B("12345")),
			    .status = STREAM_EOF,
			    .data = B("aaaa") } } });
}

static void test_readexactly(void **state)
{
	(void)state;
	PLAY({ .limit = 2,
	       .input = B("abcdefgh"),
	       .steps = {
		       { .kind = ASK_READEXACTLY, .n = 0 },
		       { .kind = ASK_READEXACTLY, .n = 5, .data = B("abcde") },
		       { .kind = ASK_READEXACTLY, .n = 4, .data = B("fgh"), .status = STREAM_EOF },
		       { .kind = ASK_READEXACTLY, .n = 0 },
		       { .kind = ASK_READEXACTLY, .n = 1, .status = STREAM_EOF } } });
}

/* What came before the error is served before it. */
static void test_error(void **state)
{
	(void)state;
	PLAY({ .limit = 8,
	       .broken = true,
	       .input = B("one\nabtwo"),
	       .steps = { { .kind = ASK_READLINE, .data = B("one\n") },
			  { .kind = ASK_READEXACTLY, .n = 2, .data = B("ab") },
			  { .kind = ASK_READUNTIL,
			    SEPS(B(";")),
			    .data = B("two"),
			    .status = STREAM_ERROR },
			  { .kind = ASK_READLINE, .status = STREAM_ERROR },
			  { .kind = ASK_READEXACTLY, .n = 1, .status = STREAM_ERROR },
			  { .kind = ASK_SKIP, .n = 1, .status = STREAM_ERROR },
			  { .kind = ASK_SKIPUNTIL, SEPS(B(";")), .status = STREAM_ERROR },
			  { .kind = ASK_READ, .n = 1, .status = STREAM_ERROR } } },
	     { .limit = 8,
	       .broken = true,
	       .input = B("abc"),
	       .steps = { { .kind = ASK_READEXACTLY,
			    .n = 4,
			    .data = B("abc"),
			    .status = STREAM_ERROR } } },
	     { .limit = 8,
	       .broken = true,
	       .input = B("abc"),
	       .steps = { { .kind = ASK_SKIPUNTIL,
			    SEPS(B("cd")),
			    .data = B("abc"),
			    .status = STREAM_ERROR } } });
}

static void test_skipuntil(void **state)
{
	(void)state;
	PLAY({ .limit = 2,
	       .input = B("long before \r\r\n\r\nbody;\n"),
	       .steps = { { .kind = ASK_SKIPUNTIL,
			    SEPS(B("\r\n\r\n")),
			    .data = B("long before \r\r\n\r\n"),
			    .matched = 4 },
			  { .kind = ASK_SKIPUNTIL,
			    SEPS(B("dy;\n"), B("y;")),
			    .data = B("body;"),
			    .matched = 2 },
			  { .kind = ASK_SKIPUNTIL,
			    SEPS(B("absent")),
			    .data = B("\n"),
			    .status = STREAM_EOF },
			  { .kind = ASK_SKIPUNTIL, SEPS(B("\n")), .status = STREAM_EOF } } });
}

/* read and skip take what is there, so what they answer depends on the cuts. */
static void test_read_and_skip(void **state)
{
	struct model m;
	enum stream_status status;
	struct question read3 = { .kind = ASK_READ, .n = 3 };
	struct question skip9 = { .kind = ASK_SKIP, .n = 9 };
	struct question nothing = { .kind = ASK_READ, .n = 0 };

	(void)state;
	model_init(&m, 4);
	assert_null(model_ask(&m, &nothing, &status));
	assert_int_equal(status, STREAM_OK);
	assert_null(model_ask(&m, &read3, &status));
	assert_int_equal(status, STREAM_AGAIN);
	model_feed(&m, "ab", 2, true);
	assert_null(model_ask(&m, &read3, &status));
	assert_int_equal(status, STREAM_OK);
	assert_int_equal(reader_buffered(&m.reader), 0);
	model_feed(&m, "abcdefg", 7, true);
	assert_null(model_ask(&m, &read3, &status));
	assert_int_equal(reader_buffered(&m.reader), 4);
	assert_null(model_ask(&m, &skip9, &status));
	assert_int_equal(status, STREAM_OK);
	assert_null(model_ask(&m, &skip9, &status));
	assert_int_equal(status, STREAM_AGAIN);
	model_end(&m, false);
	assert_null(model_ask(&m, &skip9, &status));
	assert_int_equal(status, STREAM_EOF);
	assert_null(model_ask(&m, &read3, &status));
	assert_int_equal(status, STREAM_EOF);
	model_free(&m);
}

static void test_peek(void **state)
{
	struct model m;
	enum stream_status status;
	struct question peek5 = { .kind = ASK_PEEK, .n = 5 };
	struct question exactly5 = { .kind = ASK_READEXACTLY, .n = 5 };

	(void)state;
	model_init(&m, 1);
	model_feed(&m, "abc", 3, true);
	assert_null(model_ask(&m, &peek5, &status));
	assert_int_equal(status, STREAM_AGAIN);
	assert_int_equal(reader_room(&m.reader), 2);
	model_feed(&m, "defg", 4, true);
	assert_null(model_ask(&m, &peek5, &status));
	assert_int_equal(status, STREAM_OK);
	assert_int_equal(reader_buffered(&m.reader), 7);
	assert_null(model_ask(&m, &exactly5, &status));
	model_end(&m, true);
	assert_null(model_ask(&m, &peek5, &status));
	assert_int_equal(status, STREAM_ERROR);
	assert_int_equal(reader_buffered(&m.reader), 2);
	model_free(&m);
}

static void test_wait(void **state)
{
	struct evbuffer *in = evbuffer_new();
	struct reader r;

	(void)state;
	reader_init(&r, in, 1);
	assert_int_equal(reader_wait(&r, 0), STREAM_OK);
	evbuffer_add(in, "abc", 3);
	assert_int_equal(reader_wait(&r, 3), STREAM_OK);
	assert_int_equal(reader_room(&r), 0);
	assert_int_equal(reader_wait(&r, 5), STREAM_AGAIN);
	assert_int_equal(reader_room(&r), 2);
	reader_end(&r, false);
	assert_int_equal(reader_wait(&r, 5), STREAM_EOF);
	assert_int_equal(reader_wait(&r, 3), STREAM_OK);
	assert_int_equal(reader_buffered(&r), 3);
	evbuffer_free(in);
}

static void test_first_end_counts(void **state)
{
	struct evbuffer *in = evbuffer_new();
	struct reader r;

	(void)state;
	reader_init(&r, in, 4);
	assert_false(reader_at_eof(&r));
	reader_end(&r, false);
	reader_end(&r, true);
	assert_true(reader_at_eof(&r));
	assert_int_equal(reader_readline(&r, in), STREAM_EOF);

	reader_init(&r, in, 4);
	reader_end(&r, true);
	reader_end(&r, false);
	assert_false(reader_at_eof(&r));
	assert_int_equal(reader_readline(&r, in), STREAM_ERROR);
	evbuffer_free(in);
}

static void test_room(void **state)
{
	struct bytes items[] = { B("\n"), B("\r\n") };
	struct separators *seps = separators_new(items, 2);
	struct evbuffer *in = evbuffer_new();
	struct evbuffer *out = evbuffer_new();
	struct reader r;

	(void)state;
	reader_init(&r, in, 10);
	assert_int_equal(reader_room(&r), 11);
	evbuffer_add(in, "abcd", 4);
	assert_int_equal(reader_room(&r), 7);
	assert_int_equal(reader_readuntil(&r, seps, out), STREAM_AGAIN);
	assert_int_equal(reader_room(&r), 8);
	assert_int_equal(reader_readexactly(&r, 100, out), STREAM_AGAIN);
	assert_int_equal(reader_room(&r), 96);
	assert_int_equal(reader_readexactly(&r, 1, out), STREAM_OK);
	assert_int_equal(reader_room(&r), 9);
	assert_int_equal(reader_skipuntil(&r, seps), STREAM_AGAIN);
	assert_int_equal(reader_buffered(&r), 1);
	assert_int_equal(reader_room(&r), MODEL_PIECE);
	assert_int_equal(reader_read(&r, SIZE_MAX, out), STREAM_OK);
	assert_int_equal(reader_read(&r, SIZE_MAX, out), STREAM_AGAIN);
	assert_int_equal(reader_room(&r), MODEL_PIECE);
	assert_int_equal(reader_read(&r, UINT64_MAX, NULL), STREAM_AGAIN);
	assert_int_equal(reader_room(&r), MODEL_PIECE);
	assert_int_equal(reader_read(&r, 1, out), STREAM_AGAIN);
	assert_int_equal(reader_room(&r), 12);
	evbuffer_add(in, "0123456789abc", 13);
	assert_int_equal(reader_readuntil(&r, seps, out), STREAM_OVERRUN);
	assert_int_equal(reader_room(&r), 0);
	assert_int_equal(reader_read(&r, 5, NULL), STREAM_OK);
	assert_int_equal(reader_room(&r), 4);
	reader_end(&r, true);
	assert_int_equal(reader_room(&r), 0);

	reader_init(&r, in, SIZE_MAX);
	evbuffer_drain(in, evbuffer_get_length(in));
	assert_int_equal(reader_readuntil(&r, seps, out), STREAM_AGAIN);
	assert_int_equal(reader_room(&r), SIZE_MAX);
	free(seps);
	evbuffer_free(in);
	evbuffer_free(out);
}

/* Long records are handed over in blocks, and nothing is lost at their borders. */
static void test_large_records(void **state)
{
	enum { PIECES = 64, PIECE = 1500, RECORD = 40000 };
	static unsigned char piece[PIECE];
	struct model m;
	enum stream_status status;
	struct question line = { .kind = ASK_READLINE };

	(void)state;
	model_init(&m, RECORD + 1);
	for (size_t i = 0; i < PIECES; i++) {
		for (size_t j = 0; j < PIECE; j++) {
			size_t at = i * PIECE + j;

			piece[j] = at % RECORD == 0 ? '\n' : (unsigned char)(at % 251 | 128);
		}
		model_feed(&m, piece, PIECE, i % 3 != 0);
	}
	for (int i = 0; i < 3; i++) {
		assert_null(model_ask(&m, &line, &status));
		assert_int_equal(status, STREAM_OK);
	}
	assert_null(model_ask(&m, &line, &status));
	assert_int_equal(status, STREAM_AGAIN);
	model_end(&m, false);
	assert_null(model_ask(&m, &line, &status));
	assert_int_equal(status, STREAM_EOF);
	model_free(&m);
}

/* What has been searched once is not searched again: where `scanned` says there is no match,
 * none is found though one is there. */
static void test_search_goes_on(void **state)
{
	static const uint64_t layouts[] = { 0, 1, 2, 4, 8, 1 | 4, 2 | 8, UINT64_MAX };
	struct evbuffer *out = evbuffer_new();

	(void)state;
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		struct model m;

		model_init(&m, 16);
		model_feed(&m, "ab\ncd", 5, false);
		model_lay(&m, layouts[i]);
		m.reader.sought = &separators_newline;
		m.reader.scanned = 4;
		assert_int_equal(reader_readline(&m.reader, out), STREAM_AGAIN);
		assert_int_equal(m.reader.scanned, 5);
		assert_int_equal(reader_readexactly(&m.reader, 1, out), STREAM_OK);
		assert_int_equal(reader_readline(&m.reader, out), STREAM_OK);
		model_free(&m);
	}
	evbuffer_free(out);
}

/* An environment variable's number, or `value`. */
static uint64_t from_environment(const char *name, uint64_t value)
{
	const char *text = getenv(name);

	return text == NULL ? value : strtoull(text, NULL, 10);
}

/* How often the bytes of `in` have moved, as far as it shows at their front. */
struct work {
	const void *front;
	size_t moved;
};

static void count_work(struct evbuffer *in, struct work *work)
{
	struct evbuffer_iovec chunk;

	assert_int_equal(evbuffer_peek(in, 1, NULL, &chunk, 1), 1);
	if (work->front != NULL && chunk.iov_base != work->front)
		work->moved += evbuffer_get_length(in);
	work->front = chunk.iov_base;
}

/* A long line that comes a byte at a time: each byte is looked at once, there are never many
 * chunks to walk along, and putting them together costs a few copies of each byte in all. */
static void drip(size_t size, const struct separators *seps, bool blocks)
{
	struct evbuffer *in = evbuffer_new();
	struct evbuffer *out = evbuffer_new();
	struct work work = { NULL, 0 };
	struct reader r;

	reader_init(&r, in, size);
	for (size_t i = 0; i < size; i++) {
		if (blocks)
			evbuffer_add_reference(in, "a", 1, NULL, NULL);
		else
			evbuffer_add(in, "a", 1);
		assert_int_equal(reader_readuntil(&r, seps, out), STREAM_AGAIN);
		assert_int_equal(r.scanned, i + 1);
		assert_true(evbuffer_peek(in, -1, NULL, NULL, 0) <= 32);
		count_work(in, &work);
	}
	assert_true(work.moved <= 4 * size);
	evbuffer_add(in, "\n", 1);
	assert_int_equal(reader_readuntil(&r, seps, out), STREAM_OK);
	assert_int_equal(evbuffer_get_length(out), size + 1);
	evbuffer_free(in);
	evbuffer_free(out);
}

static void test_linear(void **state)
{
	enum { WHOLE = 1024 * 1024, CASES = 100 * 1000 };
	uint64_t cases = from_environment("LIU_TEST_CASES", CASES);
	size_t size = cases < CASES ? WHOLE / 32 : WHOLE;
	struct bytes items[] = { B("\n"), B("absent"), B("aq") };
	struct separators *seps = separators_new(items, 3);

	(void)state;
	drip(size, &separators_newline, false);
	drip(size, seps, false);
	drip(size / 4, seps, true);
	free(seps);
}

/* At random against the model. */

/* SplitMix64. */
static uint64_t next_random(uint64_t *random)
{
	uint64_t z = *random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static size_t random_below(uint64_t *random, size_t bound)
{
	return (size_t)(next_random(random) % bound);
}

static void random_bytes(uint64_t *random, unsigned char *data, size_t len)
{
	static const unsigned char alphabet[] = { 'a', 'a', 'b', '\n', '\r', 0 };

	for (size_t i = 0; i < len; i++)
		data[i] = alphabet[random_below(random, sizeof(alphabet))];
}

enum { SETS = 2, LONGEST = 5 };

struct random_set {
	unsigned char data[SEPS_MAX][LONGEST];
	struct bytes items[SEPS_MAX];
	size_t count;
	struct separators *seps;
};

static void random_set(uint64_t *random, struct random_set *set)
{
	set->count = 1 + random_below(random, SEPS_MAX);
	for (size_t i = 0; i < set->count; i++) {
		size_t len = 1 + random_below(random, LONGEST);

		random_bytes(random, set->data[i], len);
		set->items[i] = bytes_of(set->data[i], len);
	}
	set->seps = separators_new(set->items, set->count);
}

static struct question random_question(uint64_t *random, const struct random_set *sets)
{
	const struct random_set *set = &sets[random_below(random, SETS)];
	struct question q = { .kind = (enum question_kind)random_below(random, ASK_KINDS) };

	/* Mostly what the reader is for. */
	if (random_below(random, 2) == 0)
		q.kind = ASK_READUNTIL;
	if (q.kind == ASK_READUNTIL || q.kind == ASK_SKIPUNTIL) {
		q.items = set->items;
		q.count = set->count;
		q.seps = set->seps;
	} else {
		q.n = random_below(random, 9);
	}
	return q;
}

static void random_event(uint64_t *random, struct model *m)
{
	unsigned char data[12];
	size_t len = random_below(random, sizeof(data)) + 1;

	if (m->len - m->at > 40)
		return;
	switch (random_below(random, 16)) {
	case 0:
		model_lay(m, next_random(random) & next_random(random));
		return;
	case 1:
		model_lay(m, UINT64_MAX);
		return;
	case 2:
		if (m->len > 12)
			model_end(m, random_below(random, 2) == 0);
		return;
	case 3:
		return;
	}
	random_bytes(random, data, len);
	if (!m->ended)
		model_feed(m, data, len, random_below(random, 2) == 0);
}

static const char *random_case(uint64_t seed)
{
	struct random_set sets[SETS];
	uint64_t random = seed;
	const char *differs = NULL;
	struct model m;

	for (size_t i = 0; i < SETS; i++)
		random_set(&random, &sets[i]);
	model_init(&m, 1 + random_below(&random, 10));
	for (int steps = 0; steps < 10 && differs == NULL; steps++) {
		struct question q = random_question(&random, sets);
		enum stream_status status = STREAM_AGAIN;

		random_event(&random, &m);
		for (int tries = 0; tries < 4 && status == STREAM_AGAIN && !differs; tries++) {
			differs = model_ask(&m, &q, &status);
			if (status == STREAM_AGAIN)
				random_event(&random, &m);
		}
	}
	model_free(&m);
	for (size_t i = 0; i < SETS; i++)
		free(sets[i].seps);
	return differs;
}

static void test_random(void **state)
{
	uint64_t seed = from_environment("LIU_TEST_SEED", 1);
	uint64_t cases = from_environment("LIU_TEST_CASES", 100 * 1000);

	(void)state;
	for (uint64_t i = 0; i < cases; i++) {
		const char *differs = random_case(seed + i);

		if (differs != NULL)
			fail_msg("%s differs: LIU_TEST_SEED=%llu LIU_TEST_CASES=1", differs,
				 (unsigned long long)(seed + i));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readline),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_after_overrun),
		cmocka_unit_test(test_overlapping),
		cmocka_unit_test(test_several_separators),
		cmocka_unit_test(test_readexactly),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_skipuntil),
		cmocka_unit_test(test_read_and_skip),
		cmocka_unit_test(test_peek),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_first_end_counts),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_large_records),
		cmocka_unit_test(test_search_goes_on),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
