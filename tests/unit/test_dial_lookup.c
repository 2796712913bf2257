/* SPDX-License-Identifier: ISC */
/* test_dial_lookup: names whose answers come late, in any order, or not at all. */
#include "config.h"

#include "net/dial_lookup.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/loop.h"
#include "io/transport.h"
#include "net/address.h"
#include "net/dial.h"
#include "net/happy_eyeballs.h"
#include "net/resolve.h"
#include "unit/caller.h"
#include "unit/doors.h"
#include "unit/support.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { HEAD_START_MS = 50, CROWD = 20, THREADS_MAX = 4 };

/* --- a name service whose every answer waits until the test lets it go --- */

struct answer {
	bool ready;
	int error;	  /* of getaddrinfo(3); 0: `host` */
	const char *host; /* a literal */
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct answer ipv6, ipv4;
	unsigned asked;	  /* calls so far */
	unsigned waiting; /* calls that wait for their answer */
	unsigned most;	  /* ... at the most */
} service = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static struct addrinfo *entry(const char *host, uint16_t port)
{
	struct addrinfo *ai = alloc_zeroed(sizeof(*ai) + sizeof(struct socket_address));
	struct socket_address *a = (struct socket_address *)(ai + 1);

	assert_true(sockaddr_literal(host, port, a));
	ai->ai_addr = (struct sockaddr *)&a->addr;
	ai->ai_addrlen = a->len;
	ai->ai_family = a->addr.ss_family;
	return ai;
}

/* What a thread owns, as libc's resolver does, and frees late as it ends. */
static pthread_key_t owned;
static unsigned kept;

static void free_late(void *arg)
{
	(void)arg;
	(void)poll(NULL, 0, SHORT_MS);
	pthread_mutex_lock(&service.lock);
	kept--;
	pthread_mutex_unlock(&service.lock);
}

static void own(void)
{
	if (pthread_getspecific(owned) != NULL)
		return;
	assert_int_equal(pthread_setspecific(owned, &kept), 0);
	kept++;
}

/* In the place of libc's. */
int getaddrinfo(const char *restrict host, const char *restrict port,
		const struct addrinfo *restrict hints, struct addrinfo **restrict found)
{
	const struct answer *answer = hints->ai_family == AF_INET6 ? &service.ipv6 : &service.ipv4;
	int error;

	(void)host;
	pthread_mutex_lock(&service.lock);
	own();
	service.asked++;
	service.waiting++;
	if (service.waiting > service.most)
		service.most = service.waiting;
	pthread_cond_broadcast(&service.changed);
	while (!answer->ready)
		pthread_cond_wait(&service.changed, &service.lock);
	service.waiting--;
	error = answer->error;
	if (error == 0)
		*found = entry(answer->host, (uint16_t)strtoul(port, NULL, 10));
	pthread_mutex_unlock(&service.lock);
	return error;
}

void freeaddrinfo(struct addrinfo *ai)
{
	free(ai);
}

static void answer(struct answer *a, int error, const char *host)
{
	pthread_mutex_lock(&service.lock);
	*a = (struct answer){ .ready = true, .error = error, .host = host };
	pthread_cond_broadcast(&service.changed);
	pthread_mutex_unlock(&service.lock);
}

static void await_asked(unsigned calls)
{
	struct timespec end;
	int rc = 0;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += SUPPORT_DEADLINE_MS / 1000;
	pthread_mutex_lock(&service.lock);
	while (service.asked < calls && rc == 0)
		rc = pthread_cond_timedwait(&service.changed, &service.lock, &end);
	pthread_mutex_unlock(&service.lock);
	assert_int_equal(rc, 0);
}

static int forget_answers(void **state)
{
	(void)state;
	pthread_mutex_lock(&service.lock);
	service.ipv6.ready = service.ipv4.ready = false;
	service.asked = service.most = 0;
	pthread_mutex_unlock(&service.lock);
	return 0;
}

/* No thread may be left to the next test. */
static int await_threads(void **state)
{
	uint64_t deadline = loop_now() + SUPPORT_DEADLINE_MS;

	(void)state;
	answer(&service.ipv6, EAI_NONAME, NULL);
	answer(&service.ipv4, EAI_NONAME, NULL);
	while (!resolve_join_threads() && loop_now() < deadline)
		sched_yield();
	return resolve_join_threads() ? 0 : -1;
}

/* --- a lookup --- */

struct asker {
	struct loop *loop;
	struct task task;
	struct dial_lookup *lookup;
	struct happy_eyeballs *race;
	enum opening_result status;
	bool more;
	bool done;
	struct err err;
};

static void ask(void *arg)
{
	struct asker *a = arg;

	a->more = dial_lookup_feed(a->lookup, a->race);
	a->status = dial_lookup_status(a->lookup, &a->err);
	a->done = a->status != OPENING_AGAIN;
}

static void begin(struct asker *a, int family)
{
	*a = (struct asker){ .loop = loop_new(), .status = OPENING_AGAIN };
	task_init(&a->task, a->loop, ask, a);
	a->race = happy_eyeballs_new(a->loop, "x:1", "", 0, NULL, &a->task);
	a->lookup = dial_lookup_new(a->loop, "name.example", 80, family, &a->task);
}

static void end(struct asker *a)
{
	dial_lookup_free(a->lookup);
	happy_eyeballs_free(a->race);
	task_cancel(&a->task);
	loop_free(a->loop);
}

static void check_ends(struct asker *a, enum opening_result want)
{
	assert_true(support_run_until(a->loop, &a->done, SUPPORT_DEADLINE_MS));
	assert_int_equal(a->status, want);
}

static void check_waits(struct asker *a)
{
	assert_false(support_run_until(a->loop, &a->done, SHORT_MS));
}

static void test_ipv6_goes_at_once(void **state)
{
	struct asker a;

	(void)state;
	begin(&a, AF_UNSPEC);
	answer(&service.ipv6, 0, "::1");
	check_ends(&a, OPENING_DONE);
	assert_true(a.more);
	end(&a);
}

static void test_ipv4_waits_a_little(void **state)
{
	uint64_t before = loop_now();
	struct asker a;

	(void)state;
	begin(&a, AF_UNSPEC);
	answer(&service.ipv4, 0, "127.0.0.1");
	check_ends(&a, OPENING_DONE);
	assert_in_range(loop_now() - before, HEAD_START_MS - SUPPORT_EARLY_MS, SUPPORT_DEADLINE_MS);
	assert_true(a.more);
	end(&a);
}

static bool has_all(void *arg)
{
	return !((const struct asker *)arg)->more;
}

static void test_ipv4_goes_when_there_is_no_ipv6(void **state)
{
	struct asker a;

	(void)state;
	begin(&a, AF_UNSPEC);
	answer(&service.ipv6, EAI_NONAME, NULL);
	check_waits(&a);
	answer(&service.ipv4, 0, "127.0.0.1");
	check_ends(&a, OPENING_DONE);
	assert_true(support_run(a.loop, has_all, &a, SUPPORT_DEADLINE_MS));
	end(&a);
}

static void test_one_family(void **state)
{
	struct asker a;

	(void)state;
	begin(&a, AF_INET);
	answer(&service.ipv4, 0, "127.0.0.1");
	check_ends(&a, OPENING_DONE);
	assert_false(a.more);
	assert_int_equal(service.asked, 1);
	end(&a);
}

static void check_failure(int family, int ipv6, int ipv4, const char *want)
{
	struct asker a;

	begin(&a, family);
	answer(&service.ipv6, ipv6, NULL);
	answer(&service.ipv4, ipv4, NULL);
	check_ends(&a, OPENING_FAILED);
	assert_int_equal(a.err.kind, ERR_RESOLVE);
	assert_string_equal(a.err.text, want);
	end(&a);
	(void)forget_answers(NULL);
}

/* That the name service does not work says more than that there is no address. */
static void test_failures(void **state)
{
	const char *none = "cannot resolve name.example: name or service not known";
	const char *again = "cannot resolve name.example: temporary failure in name resolution";

	(void)state;
	if (strcmp(gai_strerror(EAI_NONAME), "Name or service not known") != 0)
		skip(); /* another libc */
	check_failure(AF_UNSPEC, EAI_NONAME, EAI_NONAME, none);
	check_failure(AF_UNSPEC, EAI_AGAIN, EAI_NONAME, again);
	check_failure(AF_UNSPEC, EAI_NONAME, EAI_AGAIN, again);
	check_failure(AF_INET, EAI_AGAIN, EAI_NONAME, none);
	check_failure(AF_INET6, EAI_NONAME, EAI_AGAIN, none);
}

static void test_dropped_while_asked(void **state)
{
	struct asker a;

	(void)state;
	begin(&a, AF_UNSPEC);
	await_asked(2);
	end(&a);
	assert_false(resolve_join_threads()); /* the threads still wait */
}

/* Those who ask for the same at the same time share the question. */
static void test_shared(void **state)
{
	struct asker askers[CROWD];

	(void)state;
	for (int i = 0; i < CROWD; i++)
		begin(&askers[i], AF_UNSPEC);
	await_asked(2);
	answer(&service.ipv6, 0, "::1");
	answer(&service.ipv4, 0, "127.0.0.1");
	for (int i = 0; i < CROWD; i++)
		check_ends(&askers[i], OPENING_DONE);
	assert_int_equal(service.asked, 2);
	for (int i = 0; i < CROWD; i++)
		end(&askers[i]);
}

/* A thread that is done may still free what it owns: the program waits for that. */
static void test_threads_are_joined(void **state)
{
	struct asker a;

	begin(&a, AF_UNSPEC);
	await_asked(2);
	end(&a);
	assert_int_equal(await_threads(state), 0);
	assert_int_equal(kept, 0);
}

/* Different names: four at a time, the rest waits, or is dropped from the queue. */
static void test_four_threads(void **state)
{
	struct resolve_query *lookups[CROWD];
	struct loop *loop = loop_new();
	struct task task;
	struct err err;

	(void)state;
	task_init(&task, loop, support_no_op, NULL);
	for (int i = 0; i < CROWD; i++) {
		char *host = alloc_printf("name%d.example", i);

		lookups[i] = resolve_start(loop, host, 80, AF_INET, &task, &err);
		assert_non_null(lookups[i]);
		free(host);
	}
	await_asked(THREADS_MAX);
	for (int i = THREADS_MAX + 1; i < CROWD; i++)
		resolve_free(lookups[i]);
	answer(&service.ipv4, 0, "127.0.0.1");
	await_asked(THREADS_MAX + 1);
	for (int i = 0; i <= THREADS_MAX; i++)
		resolve_free(lookups[i]);
	task_cancel(&task);
	loop_free(loop);
	assert_int_equal(await_threads(NULL), 0);
	assert_int_equal(service.asked, THREADS_MAX + 1);
	assert_int_equal(service.most, THREADS_MAX);
}

/* --- a dial to such a name --- */

static void call(struct caller *c, uint16_t port, uint64_t timeout_ms)
{
	*c = (struct caller){ .loop = loop_new() };
	c->address = (struct address){ .kind = ADDRESS_TCP,
				       .host_kind = HOST_NAME,
				       .host = alloc_string("name.example"),
				       .port = port };
	c->options = (struct dial_options){ .connect_timeout_ms = timeout_ms,
					    .happy_eyeballs_delay_ms = SHORT_MS };
	c->dial = dial_start(c->loop, &c->address, &c->options, "", note, c);
}

static void test_dial_timeout(void **state)
{
	uint64_t before = loop_now();
	struct caller c;

	(void)state;
	call(&c, 80, SHORT_MS);
	assert_true(support_run_until(c.loop, &c.done, SUPPORT_DEADLINE_MS));
	assert_int_equal(c.err.kind, ERR_TIMEOUT);
	assert_string_equal(c.err.text, "looking up name.example: timed out after 0.02 s "
					"(--connect-timeout)");
	assert_in_range(loop_now() - before, SHORT_MS - SUPPORT_EARLY_MS, SUPPORT_DEADLINE_MS);
	assert_int_not_equal(c.times.resolve_us, 0);
	assert_int_equal(c.times.connect_us, 0);
	finish(&c);
}

static void test_dial_cancelled(void **state)
{
	static const struct opening_limit limit = { 1000, "-w" };
	struct err err;
	struct caller c;

	(void)state;
	call(&c, 80, 0);
	support_run_for(c.loop, 1);
	dial_timed_out(c.dial, limit, &err);
	assert_string_equal(err.text, "looking up name.example: timed out after 1 s (-w)");
	dial_free(c.dial);
	answer(&service.ipv4, 0, "127.0.0.1");
	support_run_for(c.loop, 1);
	assert_false(c.done);
	finish(&c);
}

/* A alone is refused; what AAAA brings later is tried. */
static void test_dial_late_ipv6(void **state)
{
	struct caller c;
	struct doors d;

	(void)state;
	doors_open(&d, DOOR_OPEN, DOOR_CLOSED);
	call(&c, d.port, 0);
	answer(&service.ipv4, 0, "127.0.0.1");
	support_run_for(c.loop, HEAD_START_MS + SHORT_MS);
	assert_false(c.done);
	answer(&service.ipv6, 0, "::1");
	assert_true(support_run_until(c.loop, &c.done, SUPPORT_DEADLINE_MS));
	assert_non_null(c.transport);
	finish(&c);
	doors_close(&d);
}

/* AAAA brings nothing, and so the answer of A's address is the last word. */
static void test_dial_late_failure(void **state)
{
	struct caller c;
	struct doors d;
	char *want;

	(void)state;
	doors_open(&d, DOOR_CLOSED, DOOR_CLOSED);
	call(&c, d.port, 0);
	answer(&service.ipv4, 0, "127.0.0.1");
	support_run_for(c.loop, HEAD_START_MS + SHORT_MS);
	assert_false(c.done);
	answer(&service.ipv6, EAI_NONAME, NULL);
	assert_true(support_run_until(c.loop, &c.done, SUPPORT_DEADLINE_MS));
	want = alloc_printf("cannot connect to name.example:%u: 127.0.0.1:%u: connection refused",
			    d.port, d.port);
	assert_string_equal(c.err.text, want);
	assert_int_equal(c.err.kind, ERR_CONNECT);
	free(want);
	finish(&c);
	doors_close(&d);
}

/* A silent AAAA does not hold up what A has found. */
static void test_dial_without_ipv6(void **state)
{
	struct caller c;
	struct doors d;

	(void)state;
	doors_open(&d, DOOR_CLOSED, DOOR_OPEN);
	call(&c, d.port, 0);
	answer(&service.ipv4, 0, "127.0.0.1");
	assert_true(support_run_until(c.loop, &c.done, SUPPORT_DEADLINE_MS));
	assert_non_null(c.transport);
	assert_in_range(c.times.resolve_us, (HEAD_START_MS - SUPPORT_EARLY_MS) * 1000,
			SUPPORT_DEADLINE_MS * 1000);
	assert_int_not_equal(c.times.connect_us, 0);
	finish(&c);
	doors_close(&d);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, forget_answers, await_threads)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ipv6_goes_at_once),
		TEST(test_ipv4_waits_a_little),
		TEST(test_ipv4_goes_when_there_is_no_ipv6),
		TEST(test_one_family),
		TEST(test_failures),
		TEST(test_dropped_while_asked),
		TEST(test_shared),
		TEST(test_four_threads),
		TEST(test_threads_are_joined),
		TEST(test_dial_timeout),
		TEST(test_dial_cancelled),
		TEST(test_dial_late_ipv6),
		TEST(test_dial_late_failure),
		TEST(test_dial_without_ipv6),
	};

	if (pthread_key_create(&owned, free_late) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
