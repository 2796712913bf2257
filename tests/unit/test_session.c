/* SPDX-License-Identifier: ISC */
/* test_session: step lists run over a stream: chunkings, turns, time limits and ends. */
#include "config.h"

#include "session/session.h"
#include "session/session_struct.h"

#include "base/err.h"
#include "base/log.h"
#include "io/fd_writer.h"
#include "io/loop.h"
#include "session/session_step.h"
#include "tls/tls_config.h"
#include "tls/tls_settings.h"
#include "tls/transport_tls.h"
#include "unit/support.h"

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	WORDS_MAX = 32,
	SEEDS = 150,
	PIECE = 4096,
	SHORT_MS = 40,
	LONG_MS = 5000,
	LATE_MS = 900, /* less than the silence that ends a session that closes */
};

/* A session with everything around it, and its peer. */
struct rig {
	struct loop *loop;
	bool borrowed; /* the loop is another rig's */
	int out[2];    /* a pipe for what it prints */
	struct fd_writer *output;
	struct event_writer *events;
	struct session_settings settings;
	struct step_list *list;
	struct session_shared shared;
	struct session *session;
	int peer;
	struct evbuffer *printed;
	struct evbuffer *got;
	bool peer_ended;
	unsigned dones;
	bool failed;
	struct err err;
	uint64_t random;
	const struct rig *beside; /* another one, and what its session had consumed at our end */
	uint64_t consumed_beside;
};

/* In a loop of its own, unless there is one already. */
static struct rig *rig_new_in(struct loop *loop)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	rig->borrowed = loop != NULL;
	rig->loop = loop != NULL ? loop : loop_new();
	assert_int_equal(pipe2(rig->out, O_CLOEXEC), 0);
	assert_int_equal(fcntl(rig->out[0], F_SETFL, O_NONBLOCK), 0);
	rig->output = fd_writer_new(rig->loop, rig->out[1], false, "the pipe");
	rig->events = event_writer_new(rig->output, false);
	rig->settings = (struct session_settings){
		.limit = SETTINGS_LIMIT,
		.high_water = SETTINGS_HIGH_WATER,
		.low_water = SETTINGS_HIGH_WATER / 4,
		.close_timeout_ms = SETTINGS_CLOSE_TIMEOUT_MS,
	};
	rig->peer = -1;
	rig->printed = evbuffer_new();
	rig->got = evbuffer_new();
	return rig;
}

static struct rig *rig_new(void)
{
	return rig_new_in(NULL);
}

static void end_peer(struct rig *rig)
{
	if (rig->peer >= 0)
		close(rig->peer);
	rig->peer = -1;
}

static void rig_free(struct rig *rig)
{
	session_free(rig->session);
	end_peer(rig);
	step_list_free(rig->list);
	event_writer_free(rig->events);
	fd_writer_free(rig->output);
	if (!rig->borrowed)
		loop_free(rig->loop);
	close(rig->out[0]);
	close(rig->out[1]);
	evbuffer_free(rig->printed);
	evbuffer_free(rig->got);
	free(rig);
}

/* Words split at '|'. */
static struct step_list *parse(const struct rig *rig, const char *line)
{
	const struct step_context context = { .settings = &rig->settings, .connection_fd = -1 };
	char *words[WORDS_MAX];
	size_t count = 0;
	char *text = strdup(line);
	char *at = text;
	struct step_list *list;
	struct err err;

	while (at != NULL) {
		assert_true(count < WORDS_MAX);
		words[count++] = strsep(&at, "|");
	}
	list = step_list_parse(words, count, &context, &err);
	if (list == NULL)
		fail_msg("%s", err.text);
	free(text);
	return list;
}

static void session_over(void *arg, struct session *session)
{
	struct rig *rig = arg;

	assert_ptr_equal(session, rig->session);
	rig->dones++;
	rig->failed = session->err != NULL;
	if (rig->failed)
		rig->err = *session->err;
	if (rig->beside != NULL && rig->beside->session != NULL)
		rig->consumed_beside = session_consumed(rig->beside->session);
	rig->session = NULL; /* it is freed when this returns */
}

static void start_on(struct rig *rig, const char *line, struct transport *transport,
		     uint64_t deadline_ms)
{
	rig->settings.timeout_ms = deadline_ms;
	rig->list = parse(rig, line);
	rig->shared = (struct session_shared){
		.loop = rig->loop,
		.settings = &rig->settings,
		.steps = rig->list,
		.events = rig->events,
	};
	rig->session =
		session_new(&rig->shared, transport, false, 1, loop_now(), session_over, rig);
}

static void start(struct rig *rig, const char *line, uint64_t deadline_ms)
{
	int pair[2];

	support_unix_pair(pair);
	rig->peer = pair[0];
	start_on(rig, line, transport_plain_new(rig->loop, pair[1], NULL, false), deadline_ms);
}

/* --- the peer, and who reads what is printed --- */

static void read_printed(struct rig *rig, size_t most)
{
	while (most > 0) {
		int n = evbuffer_read(rig->printed, rig->out[0], (int)most);

		if (n <= 0)
			return;
		most -= (size_t)n;
	}
}

static void peer_receive(struct rig *rig, size_t most)
{
	unsigned char data[PIECE];
	ssize_t n = 1;

	while (rig->peer >= 0 && !rig->peer_ended && most > 0 && n > 0) {
		n = recv(rig->peer, data, most < sizeof(data) ? most : sizeof(data), MSG_DONTWAIT);
		if (n > 0)
			evbuffer_add(rig->got, data, (size_t)n);
		rig->peer_ended = n == 0 || (n < 0 && errno != EAGAIN);
		most -= n > 0 ? (size_t)n : 0;
	}
}

/* The peer ends as soon as it has been told the end. */
static bool is_over(void *arg)
{
	struct rig *rig = arg;

	read_printed(rig, SIZE_MAX);
	peer_receive(rig, SIZE_MAX);
	if (rig->peer_ended)
		end_peer(rig);
	return rig->session == NULL;
}

static bool is_free(void *arg)
{
	struct rig *rig = arg;

	return rig->session == NULL;
}

static bool is_quiet(void *arg)
{
	struct rig *rig = arg;

	read_printed(rig, SIZE_MAX);
	return fd_writer_queued(rig->output) == 0;
}

static void turn(struct rig *rig)
{
	support_run_for(rig->loop, 0);
}

/* Most are over without a wait. */
static void finish(struct rig *rig)
{
	for (int turns = 0; turns < 20 && !is_over(rig); turns++)
		turn(rig);
	assert_true(support_run(rig->loop, is_over, rig, SUPPORT_DEADLINE_MS));
	assert_true(support_run(rig->loop, is_quiet, rig, SUPPORT_DEADLINE_MS));
	peer_receive(rig, SIZE_MAX);
	assert_int_equal(rig->dones, 1);
}

static void assert_buffer(struct evbuffer *buffer, const char *data, size_t len)
{
	assert_int_equal(evbuffer_get_length(buffer), len);
	if (len > 0)
		assert_memory_equal(evbuffer_pullup(buffer, -1), data, len);
}

static void assert_failed(const struct rig *rig, enum err_kind kind, const char *text)
{
	assert_true(rig->failed);
	assert_string_equal(rig->err.text, text);
	assert_int_equal(rig->err.kind, kind);
}

/* --- what the writing steps send --- */

static void sends_with(const char *line, bool crlf, const char *data, size_t len)
{
	struct rig *rig = rig_new();

	rig->settings.crlf = crlf;
	start(rig, line, 0);
	finish(rig);
	assert_false(rig->failed);
	assert_buffer(rig->got, data, len);
	rig_free(rig);
}

#define SENDS(line, data)      sends_with(line, false, data, sizeof(data) - 1)
#define SENDS_CRLF(line, data) sends_with(line, true, data, sizeof(data) - 1)

static void bytes_to_send(void **state)
{
	(void)state;
	SENDS("write|", "");
	SENDS("write|a\\r\\n\\0\\xff\\101", "a\r\n\0\377A");
	SENDS("write|-", "-");
	SENDS("writeline|", "\n");
	SENDS("writeline|a\\n", "a\n\n");
	SENDS("writehex|", "");
	SENDS("writehex|00 fF\t10", "\0\377\20");
	SENDS("writeframe|u8|", "\0");
	SENDS("writeframe|u16be|a\\0", "\0\2a\0");
	SENDS("writeframe|u32le|abc", "\3\0\0\0abc");
	SENDS("writeframe|u64be|a", "\0\0\0\0\0\0\0\1a");
	SENDS("writeframe|varint|abc", "\3abc");
	SENDS("writeframe|netstring|", "0:,");
	SENDS("writeframe|netstring|hello", "5:hello,");
}

static void lines_end_in_cr_lf_with_crlf(void **state)
{
	(void)state;
	SENDS_CRLF("writeline|a|write|b\\n", "a\r\nb\n");
}

/* --- random chunkings --- */

static uint64_t draw(struct rig *rig, uint64_t below)
{
	rig->random ^= rig->random << 13; /* xorshift64 */
	rig->random ^= rig->random >> 7;
	rig->random ^= rig->random << 17;
	return rig->random % below;
}

/* What the peer says, what it must hear, and what must be printed. */
struct talk {
	const char *steps;
	const char *say;
	size_t say_len;
	const char *hear;
	const char *print;
};

#define SAY(text) text, sizeof(text) - 1

static const struct talk talks[] = {
	{ "readline|write|1|readexactly|5|readuntil|;;|or|\\r\\n|skip|3|skipline|skipuntil|END|"
	  "readframe|u16be|readframe|netstring|readline|2|writeline|2|drain|read",
	  SAY("one\nfive.a;b;;xyzskipped\n.EN.END\0\003abc4:four,l1\nl2\nthe rest"), "12\n",
	  "one\nfive.a;b;;abcfourl1\nl2\nthe rest" },
	{ "readline|write|.|loop", SAY("a\nbb\n\nccc\n"), "....", "a\nbb\n\nccc\n" },
	{ "readexactly|2|skip|1|loop", SAY("ab-cd-ef-"), "", "abcdef" },
	{ "echo", SAY("any\0thing"), NULL, "" },
	{ "echo|line", SAY("a\nb\r\n\nrest"), NULL, "" },
	{ "echo|exactly|3", SAY("abcdefgh"), NULL, "" },
	{ "echo|until|ab", SAY("aabbab-aab"), NULL, "" },
	{ "try|readexactly|3|write|x|read", SAY("abcrest"), "x", "abcrest" },
	{ "try|readuntil|#|readexactly|4|skipline|read", SAY("0123456789abcdefXYZ\nrest"), "",
	  "0123rest" },
};

static void talk_randomly(struct rig *rig, const struct talk *talk)
{
	size_t at = 0;

	while (at < talk->say_len && rig->session != NULL) {
		size_t len = 1 + draw(rig, draw(rig, 2) == 0 ? 3 : talk->say_len);

		if (len > talk->say_len - at)
			len = talk->say_len - at;
		support_send(rig->peer, talk->say + at, len);
		at += len;
		for (uint64_t turns = draw(rig, 4); turns > 0; turns--)
			turn(rig);
		if (draw(rig, 2) == 0)
			peer_receive(rig, 1 + draw(rig, 3));
		if (draw(rig, 2) == 0)
			read_printed(rig, 1 + draw(rig, 5));
	}
	shutdown(rig->peer, SHUT_WR);
}

static void check_talk(const struct talk *talk, uint64_t seed)
{
	struct rig *rig = rig_new();
	const char *hear = talk->hear != NULL ? talk->hear : talk->say;

	rig->random = seed * 0x9e3779b97f4a7c15U + 1;
	rig->settings.limit = 16;
	rig->settings.high_water = 1 + draw(rig, 8);
	rig->settings.low_water = draw(rig, rig->settings.high_water + 1);
	start(rig, talk->steps, 0);
	talk_randomly(rig, talk);
	finish(rig);
	if (rig->failed)
		fail_msg("seed %d: %s: %s", (int)seed, talk->steps, rig->err.text);
	assert_buffer(rig->printed, talk->print, strlen(talk->print));
	assert_buffer(rig->got, hear, talk->hear != NULL ? strlen(hear) : talk->say_len);
	rig_free(rig);
}

static void does_not_depend_on_how_bytes_are_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(talks) / sizeof(talks[0]); i++)
		for (uint64_t seed = 1; seed <= SEEDS; seed++)
			check_talk(&talks[i], seed);
}

/* A peer that ends at any byte leaves no session asleep. */
static void ends_when_the_peer_does(void **state)
{
	(void)state;
	for (size_t len = 0; len < talks[0].say_len; len++) {
		struct rig *rig = rig_new();
		struct talk cut = talks[0];

		cut.say_len = len;
		rig->random = len + 1;
		start(rig, cut.steps, 0);
		talk_randomly(rig, &cut);
		finish(rig);
		if (rig->failed)
			assert_int_equal(rig->err.kind, ERR_INCOMPLETE_READ);
		else
			assert_true(len >= talks[0].say_len - strlen("2\nthe rest"));
		rig_free(rig);
	}
}

/* What is printed is not read, and then it is. */
static void waits_for_a_slow_reader(void **state)
{
	enum { MANY = 600 * 1024 };
	struct rig *rig = rig_new();
	size_t sent = 0;

	(void)state;
	start(rig, "read", 0);
	for (int turns = 0; turns < 400; turns++) {
		sent += support_fill(rig->peer);
		turn(rig);
	}
	assert_true(fd_writer_queued(rig->output) < MANY);
	assert_true(sent < 2 * MANY);
	shutdown(rig->peer, SHUT_WR);
	finish(rig);
	assert_false(rig->failed);
	assert_int_equal(evbuffer_get_length(rig->printed), sent);
	rig_free(rig);
}

/* --- turns --- */

static void send_newlines(int fd)
{
	char lines[PIECE];

	memset(lines, '\n', sizeof(lines));
	while (send(fd, lines, sizeof(lines), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		continue;
}

/* All bytes are there when both begin: the busy one, which is the first, has had
 * only a turn or two when the other one is done. */
static void check_fairness(const char *busy_steps, size_t few)
{
	struct rig *busy = rig_new();
	struct rig *quiet = rig_new_in(busy->loop);
	int pair[2];

	support_unix_pair(pair);
	send_newlines(pair[0]);
	busy->peer = pair[0];
	start_on(busy, busy_steps, transport_plain_new(busy->loop, pair[1], NULL, false), 0);
	support_unix_pair(pair);
	support_send(pair[0], "\n", 1);
	quiet->peer = pair[0];
	quiet->beside = busy;
	start_on(quiet, "skipline|abort", transport_plain_new(busy->loop, pair[1], NULL, false), 0);
	assert_true(support_run(busy->loop, is_free, quiet, SUPPORT_DEADLINE_MS));
	assert_non_null(busy->session);
	if (quiet->consumed_beside == 0 || quiet->consumed_beside > few)
		fail_msg("%s: %d bytes in the meantime", busy_steps, (int)quiet->consumed_beside);
	rig_free(quiet);
	rig_free(busy);
}

static void a_busy_one_lets_others_have_their_turn(void **state)
{
	enum { FEW = 8 * 1024 };
	static const char *const lists[] = {
		"skipline|loop",      "readline|loop",	    "skipline|1000000",
		"echo|line",	      "echo|exactly|1",	    "echo|until|\\n",
		"readexactly|1|loop", "read|1|skip|0|loop", "skip|1|write|x|loop",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		check_fairness(lists[i], FEW);
	/* Lines at hand are passed on in one piece, up to the mark of the output. */
	check_fairness("readline|1000000", 2 * OUTPUT_MARK);
}

/* --- its end --- */

static void is_done_once_and_gone(void **state)
{
	struct rig *rig = rig_new();
	struct session *session;

	(void)state;
	start(rig, "readline|write|bye", 0);
	session = rig->session;
	assert_null(session->err);
	support_send(rig->peer, "x\n", 2);
	finish(rig);
	assert_false(rig->failed);
	assert_buffer(rig->got, "bye", 3);
	assert_true(support_is_idle(rig->loop, SHORT_MS));
	assert_int_equal(rig->dones, 1);
	rig_free(rig);
}

static void an_end_from_outside_is_its_error(void **state)
{
	struct rig *rig = rig_new();
	struct err err;

	(void)state;
	(void)err_set(&err, ERR_IO, "cannot write to the pipe");
	start(rig, "readline", 0);
	turn(rig);
	session_end(rig->session, &err);
	session_end(rig->session, &err);
	finish(rig);
	assert_failed(rig, ERR_IO, "cannot write to the pipe");
	rig_free(rig);
}

/* Turn until the session is in that phase, and free it there. */
struct phase_wish {
	struct rig *rig;
	enum session_phase phase;
};

static bool is_in_phase(void *arg)
{
	const struct phase_wish *wish = arg;

	return wish->rig->session == NULL || wish->rig->session->phase == wish->phase;
}

static void abort_in_phase(struct rig *rig, enum session_phase phase)
{
	struct phase_wish wish = { .rig = rig, .phase = phase };
	uint64_t begin = loop_now();
	char byte;

	assert_true(support_run(rig->loop, is_in_phase, &wish, SUPPORT_DEADLINE_MS));
	turn(rig);
	if (loop_now() - begin > LATE_MS) { /* the silence of the peer may have ended it */
		rig_free(rig);
		skip();
	}
	assert_non_null(rig->session);
	assert_int_equal(rig->session->phase, phase);
	session_free(rig->session);
	rig->session = NULL;
	support_run_for(rig->loop, 2);
	assert_int_equal(rig->dones, 0);
	if (rig->peer >= 0) { /* the descriptor has been closed */
		ssize_t n;

		do {
			n = support_try_receive(rig->peer, &byte, 1);
		} while (n > 0);
		assert_true(n == 0 || n == -ECONNRESET);
	}
	rig_free(rig);
}

static void can_be_aborted_before_its_first_run(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	start(rig, "readline", LONG_MS);
	session_free(rig->session);
	rig->session = NULL;
	support_run_for(rig->loop, 2);
	assert_int_equal(rig->dones, 0);
	rig_free(rig);
}

static void can_be_aborted_in_its_steps(void **state)
{
	static const char *const lists[] = { "readline", "sleep|5", "write|x|skipline|loop",
					     "echo",	 "read",    "readuntil|a|or|b" };

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct rig *rig = rig_new();

		rig->settings.step_timeout_ms = LONG_MS;
		rig->settings.idle_timeout_ms = LONG_MS;
		start(rig, lists[i], LONG_MS);
		support_send(rig->peer, "no end", 6);
		abort_in_phase(rig, SESSION_STEPS);
	}
}

static void can_be_aborted_while_it_closes(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	start(rig, "write|x", LONG_MS);
	abort_in_phase(rig, SESSION_CLOSING);
}

/* The peer reads no more: sending fails, and what it sends is still awaited. */
static void start_reading_rest(struct rig *rig)
{
	rig->settings.high_water = 1;
	rig->settings.low_water = 0;
	start(rig, "readline|write|xyz|drain|write|never", 0);
	assert_int_equal(shutdown(rig->peer, SHUT_RD), 0);
	support_send(rig->peer, "a\nb", 3);
}

static void can_be_aborted_while_it_reads_the_rest(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	start_reading_rest(rig);
	abort_in_phase(rig, SESSION_READING_REST);
}

static bool waits_for_output(void *arg)
{
	const struct rig *rig = arg;

	return (rig->session->waits & WAIT_OUTPUT) != 0;
}

/* The output no longer knows its task, which is gone when there is room again. */
static void can_be_aborted_while_it_waits_for_output(void **state)
{
	static const char much[4 * OUTPUT_MARK] = { 0 };
	struct rig *rig = rig_new();

	(void)state;
	fd_writer_add(rig->output, bytes_of(much, sizeof(much)));
	start(rig, "readline|loop", 0);
	support_send(rig->peer, "a\nb\n", 4);
	assert_true(support_run(rig->loop, waits_for_output, rig, SUPPORT_DEADLINE_MS));
	assert_true(fd_writer_above(rig->output));
	session_free(rig->session);
	rig->session = NULL;
	assert_true(support_run(rig->loop, is_quiet, rig, SUPPORT_DEADLINE_MS));
	support_run_for(rig->loop, 2);
	assert_int_equal(rig->dones, 0);
	rig_free(rig);
}

static void a_failed_write_leaves_reading_on(void **state)
{
	struct rig *rig = rig_new();
	struct phase_wish wish = { .rig = rig, .phase = SESSION_READING_REST };

	(void)state;
	start_reading_rest(rig);
	assert_true(support_run(rig->loop, is_in_phase, &wish, SUPPORT_DEADLINE_MS));
	support_send(rig->peer, "cd\n", 3);
	support_run_for(rig->loop, 2);
	assert_non_null(rig->session);
	end_peer(rig);
	finish(rig);
	assert_failed(rig, ERR_IO, "step 3 (drain): broken pipe");
	assert_buffer(rig->printed, "a\nbcd\n", 6);
	rig_free(rig);
}

/* --- time --- */

static void finish_between(struct rig *rig, uint64_t begin, uint64_t least_ms, uint64_t most_ms)
{
	finish(rig);
	assert_in_range(loop_now() - begin + SUPPORT_EARLY_MS, least_ms, most_ms);
}

static void a_deadline_ends_it(void **state)
{
	static const struct {
		const char *steps;
		uint64_t ms;
		const char *text;
	} cases[] = {
		{ "readline", SHORT_MS, "step 1 (readline): timed out after 0.04 s (--timeout)" },
		{ "write|x|sleep|5", 20 * SHORT_MS,
		  "step 2 (sleep 5): timed out after 0.8 s (--timeout)" },
		{ "try|readline|write|x", SHORT_MS,
		  "step 1 (try readline): timed out after 0.04 s (--timeout)" },
		{ "echo", SHORT_MS, "step 1 (echo): timed out after 0.04 s (--timeout)" },
		{ "readline|loop", SHORT_MS,
		  "step 1 (readline): timed out after 0.04 s (--timeout)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig *rig = rig_new();
		uint64_t begin = loop_now();

		start(rig, cases[i].steps, cases[i].ms);
		finish_between(rig, begin, cases[i].ms, LONG_MS);
		assert_failed(rig, ERR_TIMEOUT, cases[i].text);
		rig_free(rig);
	}
}

static void a_step_timeout_is_for_each_step(void **state)
{
	struct rig *rig = rig_new();
	uint64_t begin = loop_now();

	(void)state;
	rig->settings.step_timeout_ms = 20 * SHORT_MS;
	start(rig, "sleep|0.3|sleep|0.3|sleep|0.3|write|x|readline", 0);
	finish_between(rig, begin, 900 + 20 * SHORT_MS, SUPPORT_DEADLINE_MS);
	assert_failed(rig, ERR_TIMEOUT,
		      "step 5 (readline): timed out after 0.8 s (--step-timeout)");
	assert_buffer(rig->got, "x", 1);
	rig_free(rig);
}

/* ... and loses nothing that it had read. */
static void try_forgives_a_step_timeout(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig->settings.step_timeout_ms = SHORT_MS;
	start(rig, "try|readline|write|x|readexactly|4", 0);
	support_send(rig->peer, "part", 4);
	finish(rig);
	assert_false(rig->failed);
	assert_buffer(rig->printed, "part", 4);
	assert_buffer(rig->got, "x", 1);
	rig_free(rig);
}

/* How long a session lives when its peer sends a few bytes, one at a time, and then nothing. */
static uint64_t lifetime_after_some_bytes(void)
{
	struct rig *rig = rig_new();
	uint64_t begin = loop_now();

	rig->settings.idle_timeout_ms = 5 * SHORT_MS;
	start(rig, "readline", 0);
	for (int i = 0; i < 6; i++) {
		support_run_for(rig->loop, SHORT_MS);
		if (rig->session != NULL)
			support_send(rig->peer, ".", 1);
	}
	finish(rig);
	assert_failed(rig, ERR_TIMEOUT,
		      "step 1 (readline): timed out after 0.2 s (--idle-timeout)");
	assert_buffer(rig->printed, "", 0); /* what is left over is not printed */
	rig_free(rig);
	return loop_now() - begin;
}

/* On a machine that is late, a byte may be: one try of several is enough. */
static void an_idle_timeout_counts_from_the_last_byte(void **state)
{
	enum { LEAST_MS = 11 * SHORT_MS, TRIES = 5 };
	uint64_t ms = 0;

	(void)state;
	for (int i = 0; i < TRIES && ms + SUPPORT_EARLY_MS < LEAST_MS; i++)
		ms = lifetime_after_some_bytes();
	assert_in_range(ms + SUPPORT_EARLY_MS, LEAST_MS, LONG_MS);
}

/* How long a session that allows `limit_ms` of silence lives when its peer sends one byte
 * and then nothing. */
static uint64_t lifetime_after_a_byte(uint64_t limit_ms)
{
	struct rig *rig = rig_new();
	uint64_t begin = loop_now();

	rig->settings.idle_timeout_ms = limit_ms;
	start(rig, "readline", 0);
	support_run_for(rig->loop, SHORT_MS);
	if (rig->session != NULL)
		support_send(rig->peer, ".", 1);
	finish(rig);
	assert_int_equal(rig->err.kind, ERR_TIMEOUT);
	rig_free(rig);
	return loop_now() - begin;
}

/* When the timer ends, it goes on for what is left of the limit, not for all of it. A
 * loaded machine makes timers late, never early: one try of several is enough. */
static void an_idle_timeout_is_not_doubled_by_a_byte(void **state)
{
	enum { LIMIT_MS = 6 * SHORT_MS, MOST_MS = 2 * LIMIT_MS - SHORT_MS, TRIES = 5 };
	uint64_t ms = LONG_MS;

	(void)state;
	for (int i = 0; i < TRIES && ms + SUPPORT_EARLY_MS > MOST_MS; i++)
		ms = lifetime_after_a_byte(LIMIT_MS);
	assert_in_range(ms + SUPPORT_EARLY_MS, LIMIT_MS, MOST_MS);
}

/* The peer takes nothing: closing gives up, with what is unsent. */
static void closing_gives_up_when_nothing_leaves(void **state)
{
	struct rig *rig = rig_new();
	char number[24];
	int pair[2];

	(void)state;
	rig->settings.close_timeout_ms = SHORT_MS;
	rig->settings.has_close_timeout = true;
	support_unix_pair(pair);
	rig->peer = pair[0];
	(void)support_fill(pair[1]);
	start_on(rig, "write|0123456789", transport_plain_new(rig->loop, pair[1], NULL, false), 0);
	assert_true(support_run(rig->loop, is_free, rig, SUPPORT_DEADLINE_MS));
	assert_true(rig->failed);
	assert_int_equal(rig->err.kind, ERR_TIMEOUT);
	(void)snprintf(number, sizeof(number), " %d bytes", 10);
	assert_non_null(strstr(rig->err.text, number));
	assert_int_equal(strncmp(rig->err.text, "closing: ", 9), 0);
	rig_free(rig);
}

/* One that waits takes no processor time. */
static void waiting_costs_nothing(void **state)
{
	static const char *const lists[] = { "readline", "sleep|5", "echo", "read|loop",
					     "write|x|drain|at-eof" };

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct rig *rig = rig_new();

		start(rig, lists[i], LONG_MS);
		support_run_for(rig->loop, 5);
		assert_true(support_is_idle(rig->loop, 2 * SHORT_MS));
		assert_non_null(rig->session);
		rig_free(rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_to_send),
		cmocka_unit_test(lines_end_in_cr_lf_with_crlf),
		cmocka_unit_test(does_not_depend_on_how_bytes_are_split),
		cmocka_unit_test(ends_when_the_peer_does),
		cmocka_unit_test(waits_for_a_slow_reader),
		cmocka_unit_test(a_busy_one_lets_others_have_their_turn),
		cmocka_unit_test(is_done_once_and_gone),
		cmocka_unit_test(an_end_from_outside_is_its_error),
		cmocka_unit_test(can_be_aborted_before_its_first_run),
		cmocka_unit_test(can_be_aborted_in_its_steps),
		cmocka_unit_test(can_be_aborted_while_it_closes),
		cmocka_unit_test(can_be_aborted_while_it_reads_the_rest),
		cmocka_unit_test(can_be_aborted_while_it_waits_for_output),
		cmocka_unit_test(a_failed_write_leaves_reading_on),
		cmocka_unit_test(a_deadline_ends_it),
		cmocka_unit_test(a_step_timeout_is_for_each_step),
		cmocka_unit_test(try_forgives_a_step_timeout),
		cmocka_unit_test(an_idle_timeout_counts_from_the_last_byte),
		cmocka_unit_test(an_idle_timeout_is_not_doubled_by_a_byte),
		cmocka_unit_test(closing_gives_up_when_nothing_leaves),
		cmocka_unit_test(waiting_costs_nothing),
	};

	log_set(-2, false); /* what is tried is said */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
