/* SPDX-License-Identifier: ISC */
/* test_broadcast: what one session's peer sends reaches all others, and who is behind. */
#include "config.h"

#include "session/broadcast.h"

#include "base/err.h"
#include "io/fd_writer.h"
#include "io/loop.h"
#include "session/session.h"
#include "session/session_struct.h"
#include "unit/support.h"

#include <event2/buffer.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	PEERS = 3,
	HIGH = 8 * 1024,
	BACKLOG = 16 * HIGH,
	PIECE = 4096,
	TURNS_MS = 20,
	BULK = 3 * HIGH,
	PACED = BACKLOG / 32, /* what is read of a bulk at a time */
	PAUSE_MS = 45,	      /* or a little longer */
};

/* Sessions whose only step is broker, in one loop, and the other ends of their sockets. */
struct rig {
	struct loop *loop;
	struct fd_writer *output;
	struct session_settings settings;
	struct broadcast broadcast;
	struct session_shared shared;
	struct step_list *list;
	struct session *sessions[PEERS];
	int peers[PEERS];
	unsigned over[PEERS]; /* 1 + enum err_kind, once it is over */
};

static void session_over(void *arg, struct session *s)
{
	struct rig *rig = arg;
	uint64_t i = s->conn - 1;

	rig->over[i] = 1 + (s->err != NULL ? (unsigned)s->err->kind : 0);
	rig->sessions[i] = NULL; /* it is freed when this returns */
}

static struct step_list *parse(const struct session_settings *settings)
{
	static char broker[] = "broker";
	static char *const words[] = { broker };
	const struct step_context context = {
		.settings = settings, .connection_fd = -1, .listening = true, .keep_open = true
	};
	struct err err;

	return step_list_parse(words, 1, &context, &err);
}

static struct rig *rig_new(void)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	rig->loop = loop_new();
	rig->output = fd_writer_new(rig->loop, STDOUT_FILENO, false, "standard output");
	rig->settings = (struct session_settings){
		.limit = SETTINGS_LIMIT,
		.high_water = HIGH,
		.low_water = HIGH / 4,
		.close_timeout_ms = SETTINGS_CLOSE_TIMEOUT_MS,
	};
	broadcast_init(&rig->broadcast);
	rig->list = parse(&rig->settings);
	rig->shared = (struct session_shared){
		.loop = rig->loop,
		.settings = &rig->settings,
		.steps = rig->list,
		.events = event_writer_new(rig->output, false),
		.broadcast = &rig->broadcast,
	};
	for (unsigned i = 0; i < PEERS; i++) {
		int pair[2];

		support_unix_pair(pair);
		support_small_buffers(pair[1]);
		rig->peers[i] = pair[0];
		rig->sessions[i] = session_new(&rig->shared,
					       transport_plain_new(rig->loop, pair[1], NULL, false),
					       false, i + 1, loop_now(), session_over, rig);
	}
	support_run_for(rig->loop, TURNS_MS);
	assert_int_equal(rig->broadcast.count[PACE_GOOD], PEERS);
	return rig;
}

static void rig_free(struct rig *rig)
{
	for (unsigned i = 0; i < PEERS; i++) {
		session_free(rig->sessions[i]);
		close(rig->peers[i]);
	}
	assert_true(TAILQ_EMPTY(&rig->broadcast.members));
	for (unsigned pace = 0; pace < PACE_COUNT; pace++)
		assert_int_equal(rig->broadcast.count[pace], 0);
	step_list_free(rig->list);
	event_writer_free(rig->shared.events);
	fd_writer_free(rig->output);
	loop_free(rig->loop);
	free(rig);
}

/* Peer `i` sends `len` bytes of the pattern, and the loop turns. */
static void say(struct rig *rig, unsigned i, uint64_t from, size_t len)
{
	unsigned char data[PIECE];

	support_pattern(data, len, from);
	support_send(rig->peers[i], data, len);
	support_run_for(rig->loop, TURNS_MS);
}

/* Peer `i` has got so many bytes of the pattern, now. */
static void hears(struct rig *rig, unsigned i, uint64_t from, size_t len)
{
	unsigned char data[PIECE + 1], expected[PIECE];

	support_pattern(expected, len, from);
	assert_int_equal(support_try_receive(rig->peers[i], data, sizeof(data)), len);
	assert_memory_equal(data, expected, len);
}

static void hears_nothing(struct rig *rig, unsigned i)
{
	unsigned char byte;

	assert_true(support_try_receive(rig->peers[i], &byte, 1) < 0);
}

static void test_all_others(void **state)
{
	static const size_t sizes[] = { 1, 64, 2048, 2049, PIECE };
	struct rig *rig = rig_new();

	(void)state;
	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		for (unsigned from = 0; from < PEERS; from++) {
			say(rig, from, k, sizes[k]);
			for (unsigned i = 0; i < PEERS; i++)
				if (i != from)
					hears(rig, i, k, sizes[k]);
			hears_nothing(rig, from);
		}
	}
	rig_free(rig);
}

/* Peer 2 reads nothing while peer 0 sends and peer 1 reads: the first pieces fill the
 * socket, then it is behind, then lost, and its session has failed. */
static void test_paces(void **state)
{
	struct rig *rig = rig_new();
	enum broadcast_pace seen = PACE_GOOD;
	size_t said = 0, behind_at = 0;

	(void)state;
	while (rig->over[2] == 0) {
		assert_true(said < 2 * BACKLOG);
		say(rig, 0, said, PIECE - 1); /* less than a bulk: it is never held */
		hears(rig, 1, said, PIECE - 1);
		said += PIECE - 1;
		if (rig->broadcast.count[PACE_BEHIND] == 1 && seen == PACE_GOOD) {
			seen = PACE_BEHIND;
			behind_at = said;
		}
	}
	assert_int_equal(seen, PACE_BEHIND);
	assert_true(said - behind_at > BACKLOG - HIGH - PIECE);
	assert_int_equal(rig->over[2], 1 + ERR_IO);
	assert_int_equal(rig->broadcast.count[PACE_GOOD], 2);
	assert_int_equal(rig->broadcast.count[PACE_BEHIND], 0);
	rig_free(rig);
}

/* The same, but it reads again in time: then it is good, and has lost nothing. */
static void test_catches_up(void **state)
{
	struct rig *rig = rig_new();
	size_t said = 0, heard = 0;

	(void)state;
	while (rig->broadcast.count[PACE_BEHIND] == 0) {
		say(rig, 0, said, PIECE - 1);
		hears(rig, 1, said, PIECE - 1);
		said += PIECE - 1;
	}
	while (heard < said) {
		unsigned char data[PIECE], expected[PIECE];
		ssize_t n = support_try_receive(rig->peers[2], data, sizeof(data));

		assert_true(n > 0);
		support_pattern(expected, (size_t)n, heard);
		assert_memory_equal(data, expected, (size_t)n);
		heard += (size_t)n;
		support_run_for(rig->loop, 1);
	}
	assert_int_equal(rig->broadcast.count[PACE_GOOD], PEERS);
	rig_free(rig);
}

/* Peer 0 speaks until `behind` others, which do not read, are behind. Returns how much it said. */
static size_t fill(struct rig *rig, size_t behind)
{
	size_t said = 0;

	while (rig->broadcast.count[PACE_BEHIND] < behind) {
		assert_true(said < BACKLOG);
		say(rig, 0, said, PIECE - 1);
		if (behind == 1)
			hears(rig, 1, said, PIECE - 1);
		said += PIECE - 1;
	}
	return said;
}

static void send_bulk(struct rig *rig, unsigned i, size_t len)
{
	static unsigned char data[BACKLOG];

	support_pattern(data, len, 0);
	support_send(rig->peers[i], data, len);
}

struct hearing {
	struct rig *rig;
	unsigned peer;
	size_t len;
};

static bool has_heard(void *arg)
{
	struct hearing *h = arg;
	unsigned char data[PIECE];
	ssize_t n;

	while ((n = support_try_receive(h->rig->peers[h->peer], data, sizeof(data))) > 0)
		h->len -= (size_t)n;
	return h->len == 0;
}

/* A bulk comes a piece at a time while peer 2 is behind; a short message comes at once. */
static void test_bulk_is_slowed(void **state)
{
	struct rig *rig = rig_new();
	struct hearing bulk = { rig, 1, BULK };
	uint64_t began;

	(void)state;
	(void)fill(rig, 1);
	began = loop_now();
	send_bulk(rig, 0, BULK);
	say(rig, 1, 0, 10);
	hears(rig, 0, 0, 10);
	assert_int_equal(bulk.len, BULK);
	assert_true(support_run(rig->loop, has_heard, &bulk, SUPPORT_DEADLINE_MS));
	assert_true(loop_now() - began >= (BULK / PACED - 1) * PAUSE_MS);
	assert_int_equal(rig->over[2], 0);
	rig_free(rig);
}

static bool have_heard(void *arg)
{
	struct hearing *both = arg;
	bool first = has_heard(&both[0]);

	return has_heard(&both[1]) && first;
}

/* Two bulks take the time of one twice as long. */
static void test_bulks_share_the_pace(void **state)
{
	struct rig *rig = rig_new();
	struct hearing both[] = { { rig, 0, BULK }, { rig, 1, BULK } };
	uint64_t began;

	(void)state;
	(void)fill(rig, 1);
	began = loop_now();
	send_bulk(rig, 0, BULK);
	send_bulk(rig, 1, BULK);
	assert_true(support_run(rig->loop, have_heard, both, SUPPORT_DEADLINE_MS));
	assert_true(loop_now() - began >= (2 * BULK / PACED - 2) * PAUSE_MS);
	rig_free(rig);
}

/* When all others are behind it waits until one reads, and costs nothing meanwhile. */
static void test_bulk_waits_for_all(void **state)
{
	struct rig *rig = rig_new();
	struct hearing all = { rig, 1, 0 };

	(void)state;
	all.len = fill(rig, 2) + BACKLOG;
	send_bulk(rig, 0, BACKLOG);
	assert_true(support_is_idle(rig->loop, (uint64_t)4 * PAUSE_MS));
	assert_int_equal(rig->broadcast.count[PACE_BEHIND], 2);
	assert_true(support_run(rig->loop, has_heard, &all, SUPPORT_DEADLINE_MS));
	assert_int_equal(rig->over[1], 0);
	rig_free(rig);
}

/* The others have what was said before, and go on. */
static void test_one_leaves(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	say(rig, 0, 0, PIECE);
	session_free(rig->sessions[0]);
	rig->sessions[0] = NULL;
	hears(rig, 1, 0, PIECE);
	hears(rig, 2, 0, PIECE);
	say(rig, 1, 5, 100);
	hears(rig, 2, 5, 100);
	rig_free(rig);
}

static void test_backlog(void **state)
{
	struct session_settings settings = { .high_water = 0 };
	struct session_shared shared = { .settings = &settings };
	struct session s = { .shared = &shared };

	(void)state;
	assert_int_equal(broadcast_backlog(&s), 64 * 1024);
	settings.high_water = 4097;
	assert_int_equal(broadcast_backlog(&s), 16 * 4097);
	settings.high_water = SIZE_MAX / 16 + 1;
	assert_true(broadcast_backlog(&s) == SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_others),     cmocka_unit_test(test_paces),
		cmocka_unit_test(test_catches_up),     cmocka_unit_test(test_one_leaves),
		cmocka_unit_test(test_bulk_is_slowed), cmocka_unit_test(test_bulk_waits_for_all),
		cmocka_unit_test(test_backlog),	       cmocka_unit_test(test_bulks_share_the_pace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
