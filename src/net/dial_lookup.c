/* SPDX-License-Identifier: ISC */
/* dial_lookup: the lookups of a name for both families, side by side. */
#include "config.h"

#include "net/dial_lookup.h"

#include "base/alloc.h"
#include "base/log.h"
#include "io/loop.h"
#include "io/sockaddr.h"
#include "net/happy_eyeballs.h"
#include "net/resolve.h"

#include <stdlib.h>
#include <sys/socket.h>

enum {
	RESOLUTION_DELAY_MS = 50, /* how long A waits for AAAA */
};

struct question {
	struct lookup *lookup; /* NULL: it is not asked */
	bool answered;
	bool found;
	int error, sys;
};

struct dial_lookup {
	char *host;
	struct question ipv6, ipv4;
	struct timer *head_start; /* runs while A has come alone */
};

struct dial_lookup *dial_lookup_new(struct loop *loop, const char *host, uint16_t port, int family,
				    struct task *task)
{
	struct dial_lookup *lookup = alloc_zeroed(sizeof(*lookup));

	log_line(LOG_DETAIL, "looking up %s", host);
	lookup->host = alloc_string(host);
	lookup->head_start = timer_new(task);
	if (family != AF_INET)
		lookup->ipv6.lookup = lookup_start(loop, host, port, AF_INET6, task);
	if (family != AF_INET6)
		lookup->ipv4.lookup = lookup_start(loop, host, port, AF_INET, task);
	return lookup;
}

void dial_lookup_free(struct dial_lookup *lookup)
{
	if (lookup == NULL)
		return;
	lookup_free(lookup->ipv6.lookup);
	lookup_free(lookup->ipv4.lookup);
	timer_free(lookup->head_start);
	free(lookup->host);
	free(lookup);
}

/* True when the answer may still come. */
static bool feed(struct question *q, struct happy_eyeballs *race)
{
	const struct addrinfo *found;

	if (q->lookup == NULL || q->answered)
		return false;
	if (!lookup_done(q->lookup))
		return true;
	found = lookup_result(q->lookup, &q->error, &q->sys);
	q->answered = true;
	q->found = found != NULL;
	for (; found != NULL; found = found->ai_next) {
		const struct socket_address a = sockaddr_of(found->ai_addr, found->ai_addrlen);

		happy_eyeballs_add(race, &a);
	}
	return false;
}

bool dial_lookup_feed(struct dial_lookup *lookup, struct happy_eyeballs *race)
{
	bool more6 = feed(&lookup->ipv6, race);
	bool more4 = feed(&lookup->ipv4, race);

	return more6 || more4;
}

static bool is_over(const struct question *q)
{
	return q->lookup == NULL || q->answered;
}

static bool says_more(const struct question *q)
{
	return q->error == EAI_AGAIN || q->error == EAI_SYSTEM || q->error == EAI_FAIL;
}

/* Of two errors, the one that says more than that there is no such address. */
static const struct question *pick(const struct dial_lookup *lookup)
{
	if (lookup->ipv6.lookup == NULL)
		return &lookup->ipv4;
	if (lookup->ipv4.lookup == NULL || says_more(&lookup->ipv6))
		return &lookup->ipv6;
	return &lookup->ipv4;
}

enum opening_result dial_lookup_status(struct dial_lookup *lookup, struct err *err)
{
	const struct question *q;
	bool over = is_over(&lookup->ipv6) && is_over(&lookup->ipv4);

	if (lookup->ipv6.found)
		return OPENING_DONE;
	if (lookup->ipv4.found && (over || timer_expired(lookup->head_start)))
		return OPENING_DONE;
	if (over) {
		q = pick(lookup);
		(void)resolve_error(lookup->host, q->error, q->sys, err);
		return OPENING_FAILED;
	}
	if (lookup->ipv4.found && !timer_pending(lookup->head_start))
		timer_start(lookup->head_start, RESOLUTION_DELAY_MS);
	return OPENING_AGAIN;
}
