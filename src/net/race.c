/* SPDX-License-Identifier: ISC */
/* race: the first of several socket addresses that connects (Happy Eyeballs). */
#include "config.h"

#include "net/race.h"

#include "base/alloc.h"
#include "base/err.h"
#include "net/attempt.h"
#include "net/loop.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

/*
 * An address waits in the queue of its family, then is tried. The traps that
 * other implementations fell into: attempts that are over are all looked at before a
 * new one begins, the first success ends everything in the same turn, also
 * for those that have connected too, and nothing is decided inside a libevent
 * callback.
 */

enum { QUEUE_IPV6, QUEUE_IPV4, QUEUES }; /* a family that is neither is put in the first */

struct race {
	struct loop *loop;
	struct task *task;
	struct timer *timer; /* runs from one attempt to the next */
	uint64_t delay_ms;
	const struct sockaddr_storage *local;
	socklen_t local_len;
	struct attempts waiting[QUEUES];
	struct attempts tried; /* in the order of trying */
	int turn;	       /* the queue that is next */
	bool hurry;	       /* one has failed since the last was begun */
	bool skipped;	       /* an address did not match the local one */
	int won;	       /* -1, or the socket */
};

struct race *race_new(struct loop *loop, uint64_t delay_ms, const struct sockaddr_storage *local,
		      socklen_t local_len, struct task *task)
{
	struct race *race = alloc_zeroed(sizeof(*race));

	race->loop = loop;
	race->task = task;
	race->timer = timer_new(task);
	race->delay_ms = delay_ms;
	race->local = local;
	race->local_len = local_len;
	for (int i = 0; i < QUEUES; i++)
		TAILQ_INIT(&race->waiting[i]);
	TAILQ_INIT(&race->tried);
	race->won = -1;
	return race;
}

static void free_attempts(struct attempts *list)
{
	struct attempt *attempt;

	while ((attempt = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, attempt, link);
		attempt_free(attempt);
	}
}

void race_free(struct race *race)
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

static bool holds(const struct attempts *list, const struct sockaddr *addr, socklen_t len)
{
	const struct attempt *attempt;

	TAILQ_FOREACH(attempt, list, link)
	if (attempt->len == len && memcmp(&attempt->addr, addr, len) == 0)
		return true;
	return false;
}

void race_add(struct race *race, const struct sockaddr *addr, socklen_t len)
{
	struct attempts *queue =
		&race->waiting[addr->sa_family == AF_INET ? QUEUE_IPV4 : QUEUE_IPV6];
	struct attempt *attempt;

	if (race->local_len > 0 && race->local->ss_family != addr->sa_family) {
		race->skipped = true;
		return;
	}
	if (holds(queue, addr, len) || holds(&race->tried, addr, len))
		return;
	attempt = attempt_new(race->loop, addr, len, race->task);
	TAILQ_INSERT_TAIL(queue, attempt, link);
}

/* What has come of those that are under way. */
static void reap(struct race *race)
{
	struct attempt *attempt;

	TAILQ_FOREACH(attempt, &race->tried, link)
	{
		if (attempt->state != ATTEMPT_PENDING)
			continue;
		attempt_check(attempt);
		race->hurry |= attempt->state == ATTEMPT_FAILED;
	}
}

static bool is_pending(const struct race *race)
{
	const struct attempt *attempt;

	TAILQ_FOREACH(attempt, &race->tried, link)
	if (attempt->state == ATTEMPT_PENDING)
		return true;
	return false;
}

static struct attempt *connected(const struct race *race)
{
	struct attempt *attempt;

	TAILQ_FOREACH(attempt, &race->tried, link)
	if (attempt->state == ATTEMPT_CONNECTED)
		return attempt;
	return NULL;
}

/* The next to try, out of its queue; NULL when none waits. */
static struct attempt *take_next(struct race *race)
{
	struct attempt *attempt;

	if (TAILQ_EMPTY(&race->waiting[race->turn]))
		race->turn = !race->turn;
	attempt = TAILQ_FIRST(&race->waiting[race->turn]);
	if (attempt == NULL)
		return NULL;
	TAILQ_REMOVE(&race->waiting[race->turn], attempt, link);
	race->turn = !race->turn;
	return attempt;
}

static bool is_due(const struct race *race)
{
	return race->hurry || timer_expired(race->timer) || !is_pending(race);
}

static void begin_next(struct race *race)
{
	const struct sockaddr *local =
		race->local_len > 0 ? (const struct sockaddr *)race->local : NULL;
	struct attempt *attempt;

	while (is_due(race) && connected(race) == NULL && (attempt = take_next(race)) != NULL) {
		TAILQ_INSERT_TAIL(&race->tried, attempt, link);
		timer_start(race->timer, race->delay_ms);
		attempt_begin(attempt, local, race->local_len);
		race->hurry = attempt->state == ATTEMPT_FAILED;
	}
}

static void win(struct race *race, struct attempt *winner)
{
	struct attempt *attempt;

	race->won = attempt_take(winner);
	TAILQ_FOREACH(attempt, &race->tried, link)
	attempt_close(attempt);
	timer_stop(race->timer);
}

enum race_status race_run(struct race *race, bool more)
{
	struct attempt *winner;

	reap(race);
	begin_next(race);
	winner = connected(race);
	if (winner != NULL) {
		win(race, winner);
		return RACE_WON;
	}
	return more || is_pending(race) ? RACE_AGAIN : RACE_LOST;
}

int race_take(struct race *race)
{
	int fd = race->won;

	assert(fd >= 0);
	race->won = -1;
	return fd;
}

/* Are there attempts that say more than that a family is missing? */
static bool has_tale(const struct race *race)
{
	const struct attempt *attempt;

	TAILQ_FOREACH(attempt, &race->tried, link)
	if (!attempt_is_lack(attempt))
		return true;
	return false;
}

static const char *reason(const struct attempt *attempt)
{
	return attempt->reason != NULL ? attempt->reason : "no answer";
}

/* The address need not be said twice when it is what was asked for. */
static bool is_alone(const struct race *race, const char *target)
{
	const struct attempt *first = TAILQ_FIRST(&race->tried);

	return first != NULL && TAILQ_NEXT(first, link) == NULL && strcmp(first->text, target) == 0;
}

void race_describe(const struct race *race, const char *target, char *buf, size_t size)
{
	const struct attempt *attempt;
	bool named = !is_alone(race, target);
	bool leave_out = has_tale(race);
	size_t used = 0;
	int n;

	buf[0] = '\0';
	TAILQ_FOREACH(attempt, &race->tried, link)
	{
		if (leave_out && attempt_is_lack(attempt))
			continue;
		n = snprintf(buf + used, size - used, "%s%s%s%s", used > 0 ? "; " : "",
			     named ? attempt->text : "", named ? ": " : "", reason(attempt));
		if (n < 0 || (size_t)n >= size - used)
			return;
		used += (size_t)n;
	}
}

void race_error(const struct race *race, const char *target, struct err *err)
{
	const struct attempt *last = TAILQ_LAST(&race->tried, attempts);
	char tale[ERR_TEXT_SIZE];

	if (last == NULL) {
		(void)err_set(err, ERR_CONNECT, "cannot connect to %s: no %saddress", target,
			      race->skipped ? "matching local " : "");
		return;
	}
	race_describe(race, target, tale, sizeof(tale));
	(void)err_set(err, ERR_CONNECT, "cannot connect to %s: %s", target, tale);
	err->sys = last->sys;
}

const char *race_latest(const struct race *race)
{
	const struct attempt *last = TAILQ_LAST(&race->tried, attempts);

	return last != NULL ? last->text : NULL;
}
