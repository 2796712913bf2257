/* SPDX-License-Identifier: ISC */
/* test_resolve: lookups in threads, waited for, abandoned, and many at a time. */
#include "config.h"

#include "net/resolve.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/loop.h"
#include "io/sockaddr.h"
#include "net/address.h"
#include "unit/support.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { MANY = 300, MANY_NAMES = 50 };

struct waiter {
	struct task task;
	struct resolve_query *lookup;
	unsigned woken;
	bool done;
};

static void note(void *arg)
{
	struct waiter *w = arg;

	w->woken++;
	w->done = resolve_done(w->lookup);
}

static void begin(struct waiter *w, struct loop *loop, const char *host, int family)
{
	struct err err;

	*w = (struct waiter){ .lookup = NULL };
	task_init(&w->task, loop, note, w);
	w->lookup = resolve_start(loop, host, 80, family, &w->task, &err);
	assert_non_null(w->lookup);
}

static void end(struct waiter *w)
{
	resolve_free(w->lookup);
	task_cancel(&w->task);
}

/* The first address as text, "error" when there is none; to be freed. */
static char *first(const struct waiter *w)
{
	const struct addrinfo *found;
	struct socket_address a;
	struct err err;

	if (resolve_result(w->lookup, &found, &err) != 0) {
		assert_int_equal(err.kind, ERR_RESOLVE);
		return alloc_string("error");
	}
	assert_int_equal(found->ai_socktype, SOCK_STREAM);
	a = sockaddr_of(found->ai_addr, found->ai_addrlen);
	return sockaddr_text(&a);
}

static void check_first(const struct waiter *w, const char *want)
{
	char *text = first(w);

	assert_string_equal(text, want);
	free(text);
}

/* Until the threads have ended; they need no loop for it. */
static void await_threads(void)
{
	uint64_t deadline = loop_now() + SUPPORT_DEADLINE_MS;

	while (!resolve_join_threads() && loop_now() < deadline)
		sched_yield();
	assert_true(resolve_join_threads());
}

/* The lowest free descriptor: the same before and after when none is leaked. */
static int lowest(void)
{
	int fd = dup(STDERR_FILENO);

	assert_true(fd >= 0);
	close(fd);
	return fd;
}

static void check_one(const char *host, int family, const char *want)
{
	struct loop *loop = loop_new();
	struct waiter w;

	begin(&w, loop, host, family);
	assert_false(resolve_done(w.lookup));
	assert_true(support_run_until(loop, &w.done, SUPPORT_DEADLINE_MS));
	assert_int_equal(w.woken, 1);
	check_first(&w, want);
	end(&w);
	loop_free(loop);
}

static void test_answers(void **state)
{
	(void)state;
	check_one("localhost", AF_INET, "127.0.0.1:80");
	check_one("127.0.0.2", AF_INET, "127.0.0.2:80");
	check_one("::1", AF_INET6, "[::1]:80");
	check_one("127.0.0.1", AF_INET6, "error"); /* needs no name server */
}

static void test_side_by_side(void **state)
{
	struct loop *loop = loop_new();
	struct waiter a, b;

	(void)state;
	begin(&a, loop, "::1", AF_INET6);
	begin(&b, loop, "127.0.0.1", AF_INET);
	assert_true(support_run_until(loop, &a.done, SUPPORT_DEADLINE_MS));
	assert_true(support_run_until(loop, &b.done, SUPPORT_DEADLINE_MS));
	check_first(&a, "[::1]:80");
	end(&a);
	check_first(&b, "127.0.0.1:80");
	end(&b);
	loop_free(loop);
}

/* Several names, each asked for several times: all are answered, the right way. */
static void test_many(void **state)
{
	static struct waiter waiters[MANY];
	struct loop *loop = loop_new();

	(void)state;
	for (int i = 0; i < MANY; i++) {
		char *host = alloc_printf("127.0.0.%d", i % MANY_NAMES + 1);

		begin(&waiters[i], loop, host, AF_INET);
		free(host);
	}
	for (int i = 0; i < MANY; i++) {
		char *want = alloc_printf("127.0.0.%d:80", i % MANY_NAMES + 1);

		assert_true(support_run_until(loop, &waiters[i].done, SUPPORT_DEADLINE_MS));
		check_first(&waiters[i], want);
		free(want);
	}
	for (int i = 0; i < MANY; i++)
		end(&waiters[i]);
	loop_free(loop);
	await_threads();
}

/* While they are queued or running: no task is woken, nothing is left. */
static void test_abandoned(void **state)
{
	static struct waiter waiters[MANY];
	int before = lowest();
	struct loop *loop = loop_new();

	(void)state;
	for (int i = 0; i < MANY; i++) {
		char *host = alloc_printf("127.0.1.%d", i % 255);

		begin(&waiters[i], loop, host, AF_INET);
		free(host);
	}
	for (int i = 0; i < MANY; i++)
		end(&waiters[i]);
	support_run_for(loop, 1);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(waiters[i].woken, 0);
	loop_free(loop); /* the threads may be at work still */
	await_threads();
	assert_int_equal(lowest(), before);
}

/* The answer is there, and the loop has not seen it yet. */
static void test_abandoned_when_answered(void **state)
{
	struct loop *loop = loop_new();
	struct waiter kept, dropped;

	(void)state;
	await_threads();
	begin(&kept, loop, "127.0.0.1", AF_INET);
	begin(&dropped, loop, "127.0.0.1", AF_INET);
	await_threads();
	assert_false(resolve_done(dropped.lookup));
	end(&dropped);
	assert_true(support_run_until(loop, &kept.done, SUPPORT_DEADLINE_MS));
	assert_int_equal(dropped.woken, 0);
	check_first(&kept, "127.0.0.1:80");
	end(&kept);
	loop_free(loop);
}

/* Each answer goes to its own loop. */
static void test_two_loops(void **state)
{
	struct loop *one = loop_new();
	struct loop *two = loop_new();
	struct waiter a, b;

	(void)state;
	begin(&a, one, "127.0.0.1", AF_INET);
	begin(&b, two, "127.0.0.1", AF_INET);
	assert_true(support_run_until(two, &b.done, SUPPORT_DEADLINE_MS));
	assert_int_equal(a.woken, 0);
	end(&b);
	loop_free(two);
	assert_true(support_run_until(one, &a.done, SUPPORT_DEADLINE_MS));
	end(&a);
	loop_free(one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_side_by_side),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_abandoned),
		cmocka_unit_test(test_abandoned_when_answered),
		cmocka_unit_test(test_two_loops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
