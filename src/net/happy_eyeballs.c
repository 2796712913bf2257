/* SPDX-License-Identifier: ISC */
/* happy_eyeballs: the first of several socket addresses that connects (Happy Eyeballs). */
#include "config.h"

#include "net/happy_eyeballs.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "io/loop.h"
#include "net/dial_attempt.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/*
 * Other implementations got three things wrong: look at all attempts that have finished
 * before a new one begins; the first success closes all others in the same turn,
 * even those that have connected too; decide nothing inside a libevent callback.
 */

struct happy_eyeballs {
	struct loop *loop;
	struct task *task;
	const char *target;
	const char *prefix;  /* in the log */
	struct timer *timer; /* runs from one attempt to the next, unless it fails */
	uint64_t delay_ms;
	const struct socket_address *local; /* NULL: the system chooses */
	struct dial_attempts waiting;
	struct dial_attempts tried; /* in the order of trying */
	bool ipv4_next;
};

struct happy_eyeballs *happy_eyeballs_new(struct loop *loop, const char *target, const char *prefix,
					  uint64_t delay_ms, const struct socket_address *local,
					  struct task *task)
{
	struct happy_eyeballs *race = alloc_zeroed(sizeof(*race));

	race->loop = loop;
	race->task = task;
	race->target = target;
	race->prefix = prefix;
	race->timer = timer_new(task);
	race->delay_ms = delay_ms;
	race->local = local != NULL && local->len > 0 ? local : NULL;
	TAILQ_INIT(&race->waiting);
	TAILQ_INIT(&race->tried);
	return race;
}

static void free_attempts(struct dial_attempts *list)
{
	struct dial_attempt *attempt;

	while ((attempt = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, attempt, link);
		dial_attempt_free(attempt);
	}
}

void happy_eyeballs_free(struct happy_eyeballs *race)
{
	if (race == NULL)
		return;
	free_attempts(&race->waiting);
	free_attempts(&race->tried);
	timer_free(race->timer);
	free(race);
}

static bool holds(const struct dial_attempts *list, const struct socket_address *a)
{
	const struct dial_attempt *attempt;

	TAILQ_FOREACH (attempt, list, link)
		if (attempt->to.len == a->len && memcmp(&attempt->to.addr, &a->addr, a->len) == 0)
			return true;
	return false;
}

void happy_eyeballs_add(struct happy_eyeballs *race, const struct socket_address *a)
{
	struct dial_attempt *attempt;

	if (race->local != NULL && race->local->addr.ss_family != a->addr.ss_family)
		return;
	if (holds(&race->waiting, a) || holds(&race->tried, a))
		return;
	attempt = dial_attempt_new(race->loop, a, race->prefix, race->task);
	TAILQ_INSERT_TAIL(&race->waiting, attempt, link);
}

/* The first attempt in this state, or NULL. */
static struct dial_attempt *find(const struct happy_eyeballs *race, enum dial_attempt_state state)
{
	struct dial_attempt *attempt;

	TAILQ_FOREACH (attempt, &race->tried, link)
		if (attempt->state == state)
			break;
	return attempt;
}

/* Look at the attempts that are under way. After a failure the next one does not wait. */
static void check_pending(struct happy_eyeballs *race)
{
	struct dial_attempt *attempt;

	TAILQ_FOREACH (attempt, &race->tried, link) {
		if (attempt->state != DIAL_ATTEMPT_PENDING)
			continue;
		dial_attempt_check(attempt);
		if (attempt->state == DIAL_ATTEMPT_FAILED)
			timer_stop(race->timer);
	}
}

/* The next to try: of the family whose turn it is, or else the first; NULL when none waits. */
static struct dial_attempt *take_next(struct happy_eyeballs *race)
{
	struct dial_attempt *attempt;

	TAILQ_FOREACH (attempt, &race->waiting, link)
		if ((attempt->to.addr.ss_family == AF_INET) == race->ipv4_next)
			break;
	if (attempt == NULL)
		attempt = TAILQ_FIRST(&race->waiting);
	if (attempt == NULL)
		return NULL;
	TAILQ_REMOVE(&race->waiting, attempt, link);
	race->ipv4_next = attempt->to.addr.ss_family != AF_INET;
	return attempt;
}

static void begin_next(struct happy_eyeballs *race)
{
	struct dial_attempt *attempt;

	while (!timer_pending(race->timer) && find(race, DIAL_ATTEMPT_CONNECTED) == NULL &&
	       (attempt = take_next(race)) != NULL) {
		TAILQ_INSERT_TAIL(&race->tried, attempt, link);
		dial_attempt_begin(attempt, race->local);
		if (attempt->state != DIAL_ATTEMPT_FAILED)
			timer_start(race->timer, race->delay_ms);
	}
}

/* Did an attempt fail for another reason than that the system lacks its family? */
static bool has_other_reason(const struct happy_eyeballs *race)
{
	const struct dial_attempt *attempt;

	TAILQ_FOREACH (attempt, &race->tried, link)
		if (!dial_attempt_lacks_family(attempt))
			return true;
	return false;
}

/* Do not repeat an address that is the target itself. */
static bool is_alone(const struct happy_eyeballs *race)
{
	const struct dial_attempt *first = TAILQ_FIRST(&race->tried);

	return first != NULL && TAILQ_NEXT(first, link) == NULL &&
	       strcmp(first->text, race->target) == 0;
}

char *happy_eyeballs_describe(const struct happy_eyeballs *race)
{
	const struct dial_attempt *attempt;
	bool named = !is_alone(race);
	bool leave_out = has_other_reason(race);
	struct text text = { 0 };

	TAILQ_FOREACH (attempt, &race->tried, link) {
		if (leave_out && dial_attempt_lacks_family(attempt))
			continue;
		(void)text_addf(&text, "%s%s%s%s", text.len > 0 ? "; " : "",
				named ? attempt->text : "", named ? ": " : "",
				attempt->reason != NULL ? attempt->reason : "no answer");
	}
	return text_take(&text);
}

static enum opening_result fail(const struct happy_eyeballs *race, struct err *err)
{
	const struct dial_attempt *last = TAILQ_LAST(&race->tried, dial_attempts);
	char *text = last != NULL ? happy_eyeballs_describe(race)
				  : alloc_printf("no %saddress",
						 race->local != NULL ? "matching local " : "");

	(void)err_set(err, ERR_CONNECT, "cannot connect to %s: %s", race->target, text);
	err->sys = last != NULL ? last->sys : 0;
	free(text);
	return OPENING_FAILED;
}

/* What the socket says of its peer comes first: to connect to 0.0.0.0 is to connect to
 * 127.0.0.1. */
static struct happy_eyeballs_winner take_winner(struct dial_attempt *attempt)
{
	struct happy_eyeballs_winner winner = { .fd = attempt->fd,
						.error = attempt->sys,
						.peer = sockaddr_peer(attempt->fd) };

	if (winner.peer.len == 0)
		winner.peer = attempt->to;
	attempt->fd = -1;
	return winner;
}

enum opening_result happy_eyeballs_run(struct happy_eyeballs *race, bool more,
				       struct happy_eyeballs_winner *winner, struct err *err)
{
	struct dial_attempt *first;

	check_pending(race);
	begin_next(race);
	first = find(race, DIAL_ATTEMPT_CONNECTED);
	if (first == NULL && (more || find(race, DIAL_ATTEMPT_PENDING) != NULL))
		return OPENING_AGAIN;
	if (first == NULL)
		return fail(race, err);
	*winner = take_winner(first);
	free_attempts(&race->tried);
	timer_stop(race->timer);
	return OPENING_DONE;
}
