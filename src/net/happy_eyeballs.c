/* SPDX-License-Identifier: ISC */
/* happy_eyeballs: the first of several socket addresses that connects (Happy Eyeballs). */
#include "config.h"

#include "net/happy_eyeballs.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/loop.h"
#include "net/dial_attempt.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

/*
 * An address waits in the queue of its family until it is tried. Other
 * implementations got three things wrong: look at all attempts that have finished
 * before a new one begins; the first success closes all others in the same turn,
 * even those that have connected too; decide nothing inside a libevent callback.
 */

enum { QUEUE_IPV6, QUEUE_IPV4, QUEUES }; /* other families use the first */

struct happy_eyeballs {
	struct loop *loop;
	struct task *task;
	struct timer *timer; /* runs from one attempt to the next */
	uint64_t delay_ms;
	const struct socket_address *local; /* NULL: the system chooses */
	struct dial_attempts waiting[QUEUES];
	struct dial_attempts tried; /* in the order of trying */
	int turn;		    /* the queue that is next */
	bool failed;		    /* one has failed since the last was begun: do not wait */
	bool skipped;		    /* an address did not match the local one */
	int won;		    /* -1, or the socket */
	int won_error;
};

struct happy_eyeballs *happy_eyeballs_new(struct loop *loop, uint64_t delay_ms,
					  const struct socket_address *local, struct task *task)
{
	struct happy_eyeballs *race = alloc_zeroed(sizeof(*race));

	race->loop = loop;
	race->task = task;
	race->timer = timer_new(task);
	race->delay_ms = delay_ms;
	race->local = local != NULL && local->len > 0 ? local : NULL;
	for (int i = 0; i < QUEUES; i++)
		TAILQ_INIT(&race->waiting[i]);
	TAILQ_INIT(&race->tried);
	race->won = -1;
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
	for (int i = 0; i < QUEUES; i++)
		free_attempts(&race->waiting[i]);
	free_attempts(&race->tried);
	if (race->won >= 0)
		close(race->won);
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
	struct dial_attempts *queue =
		&race->waiting[a->addr.ss_family == AF_INET ? QUEUE_IPV4 : QUEUE_IPV6];
	struct dial_attempt *attempt;

	if (race->local != NULL && race->local->addr.ss_family != a->addr.ss_family) {
		race->skipped = true;
		return;
	}
	if (holds(queue, a) || holds(&race->tried, a))
		return;
	attempt = dial_attempt_new(race->loop, a, race->task);
	TAILQ_INSERT_TAIL(queue, attempt, link);
}

/* Look at the attempts that are under way. */
static void check_pending(struct happy_eyeballs *race)
{
	struct dial_attempt *attempt;

	TAILQ_FOREACH (attempt, &race->tried, link) {
		if (attempt->state != DIAL_ATTEMPT_PENDING)
			continue;
		dial_attempt_check(attempt);
		race->failed |= attempt->state == DIAL_ATTEMPT_FAILED;
	}
}

static bool is_pending(const struct happy_eyeballs *race)
{
	const struct dial_attempt *attempt;

	TAILQ_FOREACH (attempt, &race->tried, link)
		if (attempt->state == DIAL_ATTEMPT_PENDING)
			return true;
	return false;
}

static struct dial_attempt *connected(const struct happy_eyeballs *race)
{
	struct dial_attempt *attempt;

	TAILQ_FOREACH (attempt, &race->tried, link)
		if (attempt->state == DIAL_ATTEMPT_CONNECTED)
			return attempt;
	return NULL;
}

/* The next to try, out of its queue; NULL when none waits. */
static struct dial_attempt *take_next(struct happy_eyeballs *race)
{
	struct dial_attempt *attempt;

	if (TAILQ_EMPTY(&race->waiting[race->turn]))
		race->turn = !race->turn;
	attempt = TAILQ_FIRST(&race->waiting[race->turn]);
	if (attempt == NULL)
		return NULL;
	TAILQ_REMOVE(&race->waiting[race->turn], attempt, link);
	race->turn = !race->turn;
	return attempt;
}

static bool is_due(const struct happy_eyeballs *race)
{
	return race->failed || timer_expired(race->timer) || !is_pending(race);
}

static void begin_next(struct happy_eyeballs *race)
{
	struct dial_attempt *attempt;

	while (is_due(race) && connected(race) == NULL && (attempt = take_next(race)) != NULL) {
		TAILQ_INSERT_TAIL(&race->tried, attempt, link);
		timer_start(race->timer, race->delay_ms);
		dial_attempt_begin(attempt, race->local);
		race->failed = attempt->state == DIAL_ATTEMPT_FAILED;
	}
}

static void win(struct happy_eyeballs *race, struct dial_attempt *winner)
{
	struct dial_attempt *attempt;

	race->won = dial_attempt_take(winner);
	race->won_error = winner->sys;
	TAILQ_FOREACH (attempt, &race->tried, link)
		dial_attempt_close(attempt);
	timer_stop(race->timer);
}

enum happy_eyeballs_status happy_eyeballs_run(struct happy_eyeballs *race, bool more)
{
	struct dial_attempt *winner;

	check_pending(race);
	begin_next(race);
	winner = connected(race);
	if (winner != NULL) {
		win(race, winner);
		return HAPPY_EYEBALLS_WON;
	}
	return more || is_pending(race) ? HAPPY_EYEBALLS_AGAIN : HAPPY_EYEBALLS_LOST;
}

int happy_eyeballs_take(struct happy_eyeballs *race, int *error)
{
	int fd = race->won;

	assert(fd >= 0);
	race->won = -1;
	*error = race->won_error;
	return fd;
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

static const char *reason(const struct dial_attempt *attempt)
{
	return attempt->reason != NULL ? attempt->reason : "no answer";
}

/* Do not repeat an address that is the target itself. */
static bool is_alone(const struct happy_eyeballs *race, const char *target)
{
	const struct dial_attempt *first = TAILQ_FIRST(&race->tried);

	return first != NULL && TAILQ_NEXT(first, link) == NULL && strcmp(first->text, target) == 0;
}

void happy_eyeballs_describe(const struct happy_eyeballs *race, const char *target, char *buf,
			     size_t size)
{
	const struct dial_attempt *attempt;
	bool named = !is_alone(race, target);
	bool leave_out = has_other_reason(race);
	size_t used = 0;
	int n;

	buf[0] = '\0';
	TAILQ_FOREACH (attempt, &race->tried, link) {
		if (leave_out && dial_attempt_lacks_family(attempt))
			continue;
		n = snprintf(buf + used, size - used, "%s%s%s%s", used > 0 ? "; " : "",
			     named ? attempt->text : "", named ? ": " : "", reason(attempt));
		if (n < 0 || (size_t)n >= size - used)
			return;
		used += (size_t)n;
	}
}

void happy_eyeballs_error(const struct happy_eyeballs *race, const char *target, struct err *err)
{
	const struct dial_attempt *last = TAILQ_LAST(&race->tried, dial_attempts);
	char text[ERR_TEXT_SIZE];

	if (last == NULL) {
		(void)err_set(err, ERR_CONNECT, "cannot connect to %s: no %saddress", target,
			      race->skipped ? "matching local " : "");
		return;
	}
	happy_eyeballs_describe(race, target, text, sizeof(text));
	(void)err_set(err, ERR_CONNECT, "cannot connect to %s: %s", target, text);
	err->sys = last->sys;
}
