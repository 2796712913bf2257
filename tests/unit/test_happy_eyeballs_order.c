/* SPDX-License-Identifier: ISC */
/* test_happy_eyeballs_order: when the next address is tried, with attempts that obey the test. */
#include "config.h"

#include "net/happy_eyeballs.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/loop.h"
#include "net/dial_attempt.h"
#include "unit/support.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { ATTEMPTS = 4, DELAY_MS = 300 };

/* In the order of their beginning; the test says what becomes of each. */
static struct dial_attempt *begun[ATTEMPTS];
static enum dial_attempt_state fate[ATTEMPTS];
static size_t count;

/* --- in place of net/dial_attempt.c --- */

struct dial_attempt *dial_attempt_new(struct loop *loop, const struct socket_address *a,
				      const char *prefix, struct task *task)
{
	struct dial_attempt *attempt = alloc_zeroed(sizeof(*attempt));

	(void)loop;
	(void)prefix;
	(void)task;
	attempt->to = *a;
	attempt->text = alloc_printf("%u", ntohs(((const struct sockaddr_in *)&a->addr)->sin_port));
	return attempt;
}

void dial_attempt_free(struct dial_attempt *attempt)
{
	free(attempt->text);
	free(attempt);
}

void dial_attempt_begin(struct dial_attempt *attempt, const struct socket_address *local)
{
	(void)local;
	assert_true(count < ATTEMPTS);
	attempt->state = DIAL_ATTEMPT_PENDING;
	begun[count] = attempt;
	fate[count++] = DIAL_ATTEMPT_PENDING;
}

void dial_attempt_check(struct dial_attempt *attempt)
{
	for (size_t i = 0; i < count; i++)
		if (begun[i] == attempt)
			attempt->state = fate[i];
	if (attempt->state == DIAL_ATTEMPT_CONNECTED)
		attempt->fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool dial_attempt_lacks_family(const struct dial_attempt *attempt)
{
	(void)attempt;
	return false;
}

/* --- the race --- */

struct rig {
	struct loop *loop;
	struct task task;
	struct happy_eyeballs *race;
	enum opening_result status;
	struct happy_eyeballs_winner winner;
};

static void run(void *arg)
{
	struct rig *rig = arg;
	struct err err;

	rig->status = happy_eyeballs_run(rig->race, false, &rig->winner, &err);
	if (count == 2)
		loop_stop(rig->loop); /* before the third can begin */
}

static void begin(struct rig *rig)
{
	count = 0;
	rig->loop = loop_new();
	task_init(&rig->task, rig->loop, run, rig);
	rig->race = happy_eyeballs_new(rig->loop, "x:1", "", DELAY_MS, NULL, &rig->task);
	for (uint16_t port = 1; port <= ATTEMPTS; port++) {
		struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port) };
		struct socket_address a = sockaddr_of((struct sockaddr *)&addr, sizeof(addr));

		happy_eyeballs_add(rig->race, &a);
	}
	run(rig);
	assert_int_equal(count, 1);
}

static void end(struct rig *rig)
{
	happy_eyeballs_free(rig->race);
	task_cancel(&rig->task);
	loop_free(rig->loop);
}

static bool two_begun(void *arg)
{
	(void)arg;
	return count == 2;
}

/* The first fails while the second is still pending: the third does not wait. */
static void test_failure_beside_a_pending_one(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig);
	assert_true(support_run(rig.loop, two_begun, NULL, SUPPORT_DEADLINE_MS));
	fate[0] = DIAL_ATTEMPT_FAILED;
	run(&rig);
	assert_int_equal(count, 3);
	run(&rig);
	assert_int_equal(count, 3);
	end(&rig);
}

static void test_last_failure(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig);
	for (size_t i = 0; i < ATTEMPTS; i++) {
		assert_int_equal(rig.status, OPENING_AGAIN);
		assert_int_equal(count, i + 1);
		fate[i] = DIAL_ATTEMPT_FAILED;
		run(&rig);
	}
	assert_int_equal(rig.status, OPENING_FAILED);
	end(&rig);
}

static void test_success_ends_the_race(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig);
	assert_true(support_run(rig.loop, two_begun, NULL, SUPPORT_DEADLINE_MS));
	fate[0] = DIAL_ATTEMPT_FAILED;
	fate[1] = DIAL_ATTEMPT_CONNECTED;
	run(&rig);
	assert_int_equal(rig.status, OPENING_DONE);
	assert_int_equal(count, 2);
	close(rig.winner.fd);
	end(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failure_beside_a_pending_one),
		cmocka_unit_test(test_last_failure),
		cmocka_unit_test(test_success_ends_the_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
