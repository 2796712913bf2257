/* SPDX-License-Identifier: ISC */
/* dial_lookup: the lookups of a name for both families, side by side. */
#include "config.h"

#include "net/dial_lookup.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/loop.h"
#include "io/sockaddr.h"
#include "net/happy_eyeballs.h"
#include "net/resolve.h"

#include <stdlib.h>
#include <sys/socket.h>

enum {
	RESOLUTION_DELAY_MS = 50, /* how long A waits for AAAA */
};

struct family_lookup {
	struct resolve_query *query; /* NULL: it is answered, or was not asked */
	bool found;
	int error; /* of getaddrinfo(3) */
	struct err err;
};

struct dial_lookup {
	struct family_lookup ipv6, ipv4;
	struct timer *head_start; /* runs while A has come alone */
};

static void ask(struct family_lookup *f, struct loop *loop, const char *host, uint16_t port,
		int family, struct task *task)
{
	f->query = resolve_start(loop, host, port, family, task, &f->err);
	if (f->query == NULL)
		f->error = EAI_SYSTEM;
}

struct dial_lookup *dial_lookup_new(struct loop *loop, const char *host, uint16_t port, int family,
				    struct task *task)
{
	struct dial_lookup *lookup = alloc_zeroed(sizeof(*lookup));

	lookup->head_start = timer_new(task);
	if (family != AF_INET)
		ask(&lookup->ipv6, loop, host, port, AF_INET6, task);
	if (family != AF_INET6)
		ask(&lookup->ipv4, loop, host, port, AF_INET, task);
	return lookup;
}

void dial_lookup_free(struct dial_lookup *lookup)
{
	if (lookup == NULL)
		return;
	resolve_free(lookup->ipv6.query);
	resolve_free(lookup->ipv4.query);
	timer_free(lookup->head_start);
	free(lookup);
}

static void feed(struct family_lookup *f, struct happy_eyeballs *race)
{
	const struct addrinfo *found = NULL;

	if (f->query == NULL || !resolve_done(f->query))
		return;
	f->error = resolve_result(f->query, &found, &f->err);
	f->found = f->error == 0;
	for (; found != NULL; found = found->ai_next) {
		const struct socket_address a = sockaddr_of(found->ai_addr, found->ai_addrlen);

		happy_eyeballs_add(race, &a);
	}
	resolve_free(f->query);
	f->query = NULL;
}

static void give_head_start(struct timer *timer)
{
	if (!timer_pending(timer) && !timer_expired(timer))
		timer_start(timer, RESOLUTION_DELAY_MS);
}

bool dial_lookup_feed(struct dial_lookup *lookup, struct happy_eyeballs *race)
{
	feed(&lookup->ipv6, race);
	feed(&lookup->ipv4, race);
	if (lookup->ipv4.found && lookup->ipv6.query != NULL)
		give_head_start(lookup->head_start);
	return lookup->ipv6.query != NULL || lookup->ipv4.query != NULL;
}

/* Does the error say more than that the name has no such address? */
static bool says_more(int error)
{
	return error == EAI_AGAIN || error == EAI_SYSTEM || error == EAI_FAIL;
}

enum opening_result dial_lookup_status(const struct dial_lookup *lookup, struct err *err)
{
	const struct family_lookup *ipv6 = &lookup->ipv6, *ipv4 = &lookup->ipv4;
	bool over = ipv6->query == NULL && ipv4->query == NULL;

	if (ipv6->found || (ipv4->found && (over || timer_expired(lookup->head_start))))
		return OPENING_DONE;
	if (over) {
		*err = ipv4->error == 0 || says_more(ipv6->error) ? ipv6->err : ipv4->err;
		return OPENING_FAILED;
	}
	return OPENING_AGAIN;
}
