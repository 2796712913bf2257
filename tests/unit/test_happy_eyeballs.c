/* SPDX-License-Identifier: ISC */
/* test_happy_eyeballs: Happy Eyeballs over loopback addresses, with and without an answer. */
#include "config.h"

#include "net/happy_eyeballs.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/loop.h"
#include "io/sockaddr.h"
#include "net/address.h"
#include "unit/doors.h"
#include "unit/support.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { NEVER_MS = 60 * 1000, SHORT_MS = 30 };

struct runner {
	struct loop *loop;
	struct task task;
	struct happy_eyeballs *race;
	bool more;
	enum opening_result status;
	struct happy_eyeballs_winner winner;
	struct err err;
	bool done;
};

static void run(void *arg)
{
	struct runner *r = arg;

	r->status = happy_eyeballs_run(r->race, r->more, &r->winner, &r->err);
	r->done = r->status != OPENING_AGAIN;
}

static void begin(struct runner *r, uint64_t delay_ms)
{
	*r = (struct runner){ .loop = loop_new() };
	task_init(&r->task, r->loop, run, r);
	r->race = happy_eyeballs_new(r->loop, "x:1", "", delay_ms, NULL, &r->task);
}

static void end(struct runner *r)
{
	happy_eyeballs_free(r->race);
	task_cancel(&r->task);
	loop_free(r->loop);
}

static void add(struct runner *r, const char *host, uint16_t port)
{
	struct socket_address addr;

	assert_true(sockaddr_literal(host, port, &addr));
	happy_eyeballs_add(r->race, &addr);
}

static enum opening_result result(struct runner *r)
{
	task_wake(&r->task);
	assert_true(support_run_until(r->loop, &r->done, SUPPORT_DEADLINE_MS));
	return r->status;
}

/* The text of whom the winner is connected to. */
static void check_winner(struct runner *r, const char *host, uint16_t port)
{
	char *want = alloc_printf("%s:%u", host, port);
	char *got = sockaddr_text(&r->winner.peer);

	assert_string_equal(got, want);
	assert_int_equal(r->winner.error, 0);
	close(r->winner.fd);
	free(got);
	free(want);
}

static void check_lost(struct runner *r, const char *want)
{
	assert_int_equal(result(r), OPENING_FAILED);
	assert_int_equal(r->err.kind, ERR_CONNECT);
	assert_string_equal(r->err.text, want);
}

/* Families alternate, IPv6 first, each in the order given; doubles are left out. */
static void test_order(void **state)
{
	struct doors a, b;
	struct runner r;
	char *want;

	(void)state;
	doors_open(&a, DOOR_CLOSED, DOOR_CLOSED);
	doors_open(&b, DOOR_CLOSED, DOOR_CLOSED);
	begin(&r, NEVER_MS);
	add(&r, "127.0.0.1", a.port);
	add(&r, "127.0.0.1", b.port);
	add(&r, "127.0.0.1", a.port);
	add(&r, "127.0.0.2", a.port);
	add(&r, "::1", a.port);
	add(&r, "::1", b.port);
	add(&r, "::1", a.port);
	want = alloc_printf("cannot connect to x:1: "
			    "[::1]:%u: connection refused; 127.0.0.1:%u: connection refused; "
			    "[::1]:%u: connection refused; 127.0.0.1:%u: connection refused; "
			    "127.0.0.2:%u: connection refused",
			    a.port, a.port, b.port, b.port, a.port);
	check_lost(&r, want);
	free(want);
	end(&r);
	doors_close(&a);
	doors_close(&b);
}

static void test_ipv6_first(void **state)
{
	struct doors d;
	struct runner r;

	(void)state;
	doors_open(&d, DOOR_OPEN, DOOR_OPEN);
	begin(&r, NEVER_MS);
	add(&r, "127.0.0.1", d.port);
	add(&r, "::1", d.port);
	assert_int_equal(result(&r), OPENING_DONE);
	check_winner(&r, "[::1]", d.port);
	end(&r);
	doors_close(&d);
}

/* A failure is followed by the next address at once, not after the delay. */
static void test_refused_then_open(void **state)
{
	struct doors d;
	struct runner r;

	(void)state;
	doors_open(&d, DOOR_CLOSED, DOOR_OPEN);
	begin(&r, NEVER_MS);
	add(&r, "127.0.0.1", d.port);
	add(&r, "::1", d.port);
	assert_int_equal(result(&r), OPENING_DONE);
	check_winner(&r, "127.0.0.1", d.port);
	end(&r);
	doors_close(&d);
}

static void test_silent_then_open(void **state)
{
	uint64_t before;
	struct doors d;
	struct runner r;

	(void)state;
	doors_open(&d, DOOR_SILENT, DOOR_OPEN);
	begin(&r, SHORT_MS);
	add(&r, "127.0.0.1", d.port);
	add(&r, "::1", d.port);
	before = loop_now();
	assert_int_equal(result(&r), OPENING_DONE);
	assert_in_range(loop_now() - before, SHORT_MS - SUPPORT_EARLY_MS, SUPPORT_DEADLINE_MS);
	check_winner(&r, "127.0.0.1", d.port);
	end(&r);
	doors_close(&d);
}

/* What comes late is tried at once when nothing is under way... */
static void test_late(void **state)
{
	struct doors d;
	struct runner r;

	(void)state;
	doors_open(&d, DOOR_OPEN, DOOR_CLOSED);
	begin(&r, NEVER_MS);
	r.more = true;
	add(&r, "127.0.0.1", d.port);
	task_wake(&r.task);
	support_run_for(r.loop, 1);
	assert_int_equal(r.status, OPENING_AGAIN); /* refused, and more may come */
	add(&r, "::1", d.port);
	r.more = false;
	assert_int_equal(result(&r), OPENING_DONE);
	check_winner(&r, "[::1]", d.port);
	end(&r);
	doors_close(&d);
}

/* ... and also when the delay of the one under way has passed before. */
static void test_late_after_delay(void **state)
{
	struct doors d;
	struct runner r;

	(void)state;
	doors_open(&d, DOOR_OPEN, DOOR_SILENT);
	begin(&r, 1);
	r.more = true;
	add(&r, "127.0.0.1", d.port);
	task_wake(&r.task);
	support_run_for(r.loop, SHORT_MS);
	assert_int_equal(r.status, OPENING_AGAIN);
	add(&r, "::1", d.port);
	assert_int_equal(result(&r), OPENING_DONE);
	check_winner(&r, "[::1]", d.port);
	end(&r);
	doors_close(&d);
}

/* All connect, perhaps in one turn: one socket is left, and then none. */
static void test_no_second_winner(void **state)
{
	int before = doors_lowest_fd();
	struct doors d;
	struct runner r;

	(void)state;
	for (int i = 0; i < 50; i++) {
		int lowest;

		doors_open(&d, DOOR_OPEN, DOOR_OPEN);
		begin(&r, 0);
		lowest = doors_lowest_fd();
		add(&r, "127.0.0.1", d.port);
		add(&r, "127.0.0.2", d.port);
		add(&r, "::1", d.port);
		assert_int_equal(result(&r), OPENING_DONE);
		close(r.winner.fd);
		assert_int_equal(doors_lowest_fd(), lowest);
		end(&r);
		doors_close(&d);
	}
	assert_int_equal(doors_lowest_fd(), before);
}

/* It is freed while one attempt is under way, and another still waits. */
static void test_freed_early(void **state)
{
	int before = doors_lowest_fd();
	struct doors d;
	struct runner r;

	(void)state;
	doors_open(&d, DOOR_SILENT, DOOR_SILENT);
	begin(&r, NEVER_MS);
	add(&r, "127.0.0.1", d.port);
	add(&r, "::1", d.port);
	task_wake(&r.task);
	support_run_for(r.loop, 1);
	assert_int_equal(r.status, OPENING_AGAIN);
	end(&r);
	doors_close(&d);
	assert_int_equal(doors_lowest_fd(), before);
}

/* The description so far is this. */
struct description {
	const struct happy_eyeballs *race;
	const char *want;
};

static bool is_described(void *arg)
{
	const struct description *d = arg;
	char *text = happy_eyeballs_describe(d->race);
	bool same = strcmp(text, d->want) == 0;

	free(text);
	return same;
}

static void test_describe(void **state)
{
	struct doors d;
	struct runner r;
	struct description description;
	char *want;

	(void)state;
	doors_open(&d, DOOR_SILENT, DOOR_CLOSED);
	begin(&r, 1);
	description = (struct description){ .race = r.race, .want = "" };
	assert_true(is_described(&description));
	add(&r, "127.0.0.1", d.port);
	add(&r, "::1", d.port);
	task_wake(&r.task);
	want = alloc_printf("[::1]:%u: no answer; 127.0.0.1:%u: connection refused", d.port,
			    d.port);
	description.want = want;
	assert_true(support_run(r.loop, is_described, &description, SUPPORT_DEADLINE_MS));
	free(want);
	end(&r);
	doors_close(&d);
}

static void test_nothing(void **state)
{
	struct runner r;

	(void)state;
	begin(&r, 0);
	check_lost(&r, "cannot connect to x:1: no address");
	end(&r);
}

/* A family that the machine lacks is said only when there is nothing else to say.
 * AF_MAX stands for it. */
static void test_lack(void **state)
{
	const struct socket_address none = { .addr.ss_family = AF_MAX, .len = sizeof(none.addr) };
	struct doors d;
	struct runner r;
	char *want;

	(void)state;
	doors_open(&d, DOOR_CLOSED, DOOR_CLOSED);
	begin(&r, 0);
	happy_eyeballs_add(r.race, &none);
	check_lost(&r, "cannot connect to x:1: : address family not supported by protocol");
	assert_int_equal(r.err.sys, EAFNOSUPPORT);
	r.done = false;
	add(&r, "127.0.0.1", d.port);
	want = alloc_printf("cannot connect to x:1: 127.0.0.1:%u: connection refused", d.port);
	check_lost(&r, want);
	free(want);
	end(&r);
	doors_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_ipv6_first),
		cmocka_unit_test(test_refused_then_open),
		cmocka_unit_test(test_silent_then_open),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_late_after_delay),
		cmocka_unit_test(test_no_second_winner),
		cmocka_unit_test(test_freed_early),
		cmocka_unit_test(test_describe),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_lack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
