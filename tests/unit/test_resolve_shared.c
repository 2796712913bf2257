/* SPDX-License-Identifier: ISC */
/* test_resolve_shared: lookups of one name that overlap are one question. */
#include "config.h"

#include "net/resolve.h"

#include "base/err.h"
#include "io/loop.h"
#include "unit/support.h"

#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

enum { LOOKUPS = 1000 };

/* --- in place of libc's: each question is counted, and answered when the gate opens --- */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static bool is_open;
static unsigned questions;

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		struct addrinfo **found)
{
	static struct sockaddr_in address = { .sin_family = AF_INET };
	static struct addrinfo answer = { .ai_addr = (struct sockaddr *)&address,
					  .ai_addrlen = sizeof(address) };

	(void)host;
	(void)service;
	(void)hints;
	(void)pthread_mutex_lock(&gate);
	questions++;
	while (!is_open)
		(void)pthread_cond_wait(&opened, &gate);
	(void)pthread_mutex_unlock(&gate);
	*found = &answer;
	return 0;
}

void freeaddrinfo(struct addrinfo *found)
{
	(void)found;
}

static void open_gate(void)
{
	(void)pthread_mutex_lock(&gate);
	is_open = true;
	(void)pthread_cond_broadcast(&opened);
	(void)pthread_mutex_unlock(&gate);
}

/* --- the test --- */

struct asker {
	struct resolve_query *lookups[2]; /* A and AAAA */
	struct task task;
};

static bool all_done(void *arg)
{
	const struct asker *askers = arg;

	for (size_t i = 0; i < LOOKUPS; i++)
		if (!resolve_done(askers[i].lookups[0]) || !resolve_done(askers[i].lookups[1]))
			return false;
	return true;
}

/* A thousand connections that wait for the same name ask twice, once for each family. */
static void test_one_question(void **state)
{
	static struct asker askers[LOOKUPS];
	struct loop *loop = loop_new();
	const struct addrinfo *found;
	struct err err;

	(void)state;
	for (size_t i = 0; i < LOOKUPS; i++) {
		struct asker *a = &askers[i];

		task_init(&a->task, loop, support_no_op, NULL);
		a->lookups[0] = resolve_start(loop, "slow", 80, AF_INET, &a->task, &err);
		a->lookups[1] = resolve_start(loop, "slow", 80, AF_INET6, &a->task, &err);
		assert_non_null(a->lookups[0]);
		assert_non_null(a->lookups[1]);
	}
	open_gate();
	assert_true(support_run(loop, all_done, askers, SUPPORT_DEADLINE_MS));
	assert_int_equal(questions, 2);
	for (size_t i = 0; i < LOOKUPS; i++) {
		assert_int_equal(resolve_result(askers[i].lookups[0], &found, &err), 0);
		resolve_free(askers[i].lookups[0]);
		resolve_free(askers[i].lookups[1]);
		task_cancel(&askers[i].task);
	}
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_one_question) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
