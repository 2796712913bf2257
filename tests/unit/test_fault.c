/* SPDX-License-Identifier: ISC */
/* test_fault: what --fault takes, and when the bytes of a faulty echo leave. */
#include "config.h"

#include "session/fault.h"

#include "base/err.h"

#include <event2/buffer.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { HIGH = 64, LOW = 16, SECOND_US = 1000000, NOW = 5 * SECOND_US };

struct fixture {
	struct faults faults;
	struct fault_queue queue;
	struct evbuffer *into;
};

static int set_up(void **state)
{
	static struct fixture f;

	f = (struct fixture){ .into = evbuffer_new() };
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	evbuffer_free(f->into);
	fault_queue_clear(&f->queue);
	return 0;
}

/* A queue with up to three faults. */
static void begin(struct fixture *f, const char *one, const char *two, const char *three)
{
	const char *const texts[] = { one, two, three };
	struct err err;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i] != NULL)
			assert_true(faults_add(&f->faults, texts[i], &err));
	fault_queue_init(&f->queue, &f->faults, HIGH, LOW);
}

static void come(struct fixture *f, uint64_t now_us, const char *text)
{
	struct evbuffer *data = evbuffer_new();

	evbuffer_add(data, text, strlen(text));
	fault_queue_add(&f->queue, data, now_us);
	assert_int_equal(evbuffer_get_length(data), 0);
	evbuffer_free(data);
}

/* The next piece is `text`. */
static void leaves(struct fixture *f, uint64_t now_us, const char *text)
{
	char got[2 * HIGH] = "";
	uint64_t wait_ms;

	assert_int_equal(fault_queue_next(&f->queue, now_us, f->into, &wait_ms), STREAM_OK);
	assert_true(evbuffer_remove(f->into, got, sizeof(got) - 1) > 0);
	assert_string_equal(got, text);
}

/* There is none until so many milliseconds have passed; 0: until more comes. */
static void waits(struct fixture *f, uint64_t now_us, uint64_t ms)
{
	uint64_t wait_ms;

	assert_int_equal(fault_queue_next(&f->queue, now_us, f->into, &wait_ms), STREAM_AGAIN);
	assert_int_equal(wait_ms, ms);
	assert_int_equal(evbuffer_get_length(f->into), 0);
}

static void ends(struct fixture *f, enum fault_kind ending, uint64_t sent)
{
	uint64_t wait_ms;

	assert_int_equal(fault_queue_next(&f->queue, NOW, f->into, &wait_ms), STREAM_EOF);
	assert_int_equal(f->queue.ending, ending);
	assert_int_equal(f->queue.sent, sent);
}

static void kinds_are_read(void **state)
{
	static const struct {
		const char *text;
		enum fault_kind kind;
		uint64_t value;
	} rows[] = {
		{ "delay=0.5", FAULT_DELAY, 500 },     { "delay=20ms", FAULT_DELAY, 20 },
		{ "chunk=1", FAULT_CHUNK, 1 },	       { "drop-rate=2K", FAULT_RATE, 2048 },
		{ "stall-after=0", FAULT_STALL, 0 },   { "reset-after=1M", FAULT_RESET, 1 << 20 },
		{ "close-after=10", FAULT_CLOSE, 10 }, { "truncate-after=0", FAULT_TRUNCATE, 0 },
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct faults faults = { .given = 0 };

		assert_true(faults_add(&faults, rows[i].text, &err));
		assert_int_equal(faults.given, 1U << rows[i].kind);
		assert_int_equal(faults.values[rows[i].kind], rows[i].value);
	}
}

static void other_kinds_are_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "", "unknown fault '' (delay, chunk, drop-rate, stall-after, reset-after, "
		      "close-after or truncate-after)" },
		{ "nonsense=1", "unknown fault 'nonsense' (delay, chunk, drop-rate, stall-after, "
				"reset-after, close-after or truncate-after)" },
		{ "dely=1", "unknown fault 'dely', did you mean delay?" },
		{ "reset=1", "unknown fault 'reset', did you mean reset-after?" },
		{ "delay", "delay needs a value: delay=D" },
		{ "chunk=", "chunk needs a value: chunk=SIZE" },
		{ "delay=0", "delay: invalid duration '0': must be above 0" },
		{ "delay=x", "delay: invalid duration 'x' (such as 5, 500ms or 2m)" },
		{ "chunk=0", "chunk: invalid size '0': must be above 0" },
		{ "drop-rate=0", "drop-rate: invalid size '0': must be above 0" },
		{ "stall-after=-1", "stall-after: invalid size '-1' (such as 100, 64K or 1M)" },
		{ "reset-after=1=2", "reset-after: invalid size '1=2' (such as 100, 64K or 1M)" },
	};
	struct faults faults = { .given = 0 };
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_false(faults_add(&faults, rows[i].text, &err));
		assert_int_equal(err.kind, ERR_USAGE);
		assert_string_equal(err.text, rows[i].message);
		assert_int_equal(faults.given, 0);
	}
}

static void bytes_pass_as_they_came(void **state)
{
	struct fixture *f = *state;

	begin(f, "close-after=1K", NULL, NULL);
	waits(f, NOW, 0);
	come(f, NOW, "one");
	come(f, NOW, "two");
	leaves(f, NOW, "one");
	leaves(f, NOW, "two");
	waits(f, NOW, 0);
}

static void each_piece_is_delayed_by_itself(void **state)
{
	struct fixture *f = *state;

	begin(f, "delay=100ms", NULL, NULL);
	come(f, NOW, "one");
	come(f, NOW + 30000, "two");
	waits(f, NOW + 30000, 70);
	waits(f, NOW + 99999, 1);
	leaves(f, NOW + 100000, "one");
	waits(f, NOW + 100000, 30);
	leaves(f, NOW + 130000, "two");
}

static void chunks_leave_one_by_one(void **state)
{
	struct fixture *f = *state;

	begin(f, "chunk=2", NULL, NULL);
	come(f, NOW, "abc");
	come(f, NOW, "d");
	leaves(f, NOW, "ab");
	waits(f, NOW, 1);
	leaves(f, NOW + 1000, "c");
	leaves(f, NOW + 2000, "d");
}

static void a_rate_spaces_the_pieces(void **state)
{
	struct fixture *f = *state;

	begin(f, "drop-rate=100", NULL, NULL);
	come(f, NOW, "0123456789abc");
	leaves(f, NOW, "01234");
	waits(f, NOW, 51);
	leaves(f, NOW + 50001, "56789");
	leaves(f, NOW + 100002, "abc");
	come(f, NOW + SECOND_US, "d");
	leaves(f, NOW + SECOND_US, "d");
	waits(f, NOW + SECOND_US, 0);
}

static void a_rate_below_the_number_of_pieces(void **state)
{
	struct fixture *f = *state;

	begin(f, "drop-rate=1", "chunk=3", NULL);
	come(f, NOW, "ab");
	leaves(f, NOW, "a");
	waits(f, NOW, 1001);
}

static void an_ending_cuts_a_piece(void **state)
{
	struct fixture *f = *state;

	begin(f, "reset-after=5", NULL, NULL);
	come(f, NOW, "abc");
	come(f, NOW, "def");
	leaves(f, NOW, "abc");
	leaves(f, NOW, "de");
	ends(f, FAULT_RESET, 5);
}

static void the_ending_after_fewest_bytes_comes_first(void **state)
{
	struct fixture *f = *state;

	begin(f, "reset-after=9", "close-after=2", "stall-after=7");
	come(f, NOW, "abc");
	leaves(f, NOW, "ab");
	ends(f, FAULT_CLOSE, 2);
}

/* First in the manual, whatever their order on the command line. */
static void the_first_of_equal_endings_comes(void **state)
{
	static const char *const texts[] = {
		[FAULT_STALL] = "stall-after=0",
		[FAULT_RESET] = "reset-after=0",
		[FAULT_CLOSE] = "close-after=0",
	};
	struct fixture *f = *state;

	begin(f, "truncate-after=0", NULL, NULL);
	for (enum fault_kind kind = FAULT_CLOSE; kind >= FAULT_STALL; kind--) {
		fault_queue_clear(&f->queue);
		begin(f, texts[kind], NULL, NULL);
		ends(f, kind, 0);
	}
}

static void of_one_kind_the_last_counts(void **state)
{
	struct fixture *f = *state;

	begin(f, "stall-after=0", "stall-after=1", NULL);
	come(f, NOW, "abc");
	leaves(f, NOW, "a");
	ends(f, FAULT_STALL, 1);
}

static void an_ending_may_come_at_once(void **state)
{
	struct fixture *f = *state;

	begin(f, "truncate-after=0", NULL, NULL);
	ends(f, FAULT_TRUNCATE, 0);
}

static void what_waits_is_bounded(void **state)
{
	struct fixture *f = *state;

	begin(f, "delay=1", NULL, NULL);
	assert_true(fault_queue_room(&f->queue) > 0);
	for (int i = 0; i < 3; i++)
		come(f, NOW, "0123456789");
	assert_int_equal(fault_queue_room(&f->queue), 0);
	for (int i = 0; i < 3; i++)
		leaves(f, NOW + SECOND_US, "0123456789");
	assert_true(fault_queue_room(&f->queue) > 0);
}

int main(void)
{
#define QUEUE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_read),
		cmocka_unit_test(other_kinds_are_refused),
		QUEUE(bytes_pass_as_they_came),
		QUEUE(each_piece_is_delayed_by_itself),
		QUEUE(chunks_leave_one_by_one),
		QUEUE(a_rate_spaces_the_pieces),
		QUEUE(a_rate_below_the_number_of_pieces),
		QUEUE(an_ending_cuts_a_piece),
		QUEUE(the_ending_after_fewest_bytes_comes_first),
		QUEUE(the_first_of_equal_endings_comes),
		QUEUE(of_one_kind_the_last_counts),
		QUEUE(an_ending_may_come_at_once),
		QUEUE(what_waits_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
