/* SPDX-License-Identifier: ISC */
/* tls_lower: the transport below TLS: what is asked of it, and what it says. */
#include "config.h"

#include "tls/tls_lower.h"

#include "io/transport.h"
#include "tls/tls_engine.h"

#include <event2/buffer.h>

enum {
	QUEUE_MARK = 64 * 1024,	    /* encrypted bytes waiting: no more */
	PATIENCE = 2,		    /* runs of the task; there is a poll between them */
	LATE_MAX = 8 * 1024 * 1024, /* more than any kernel keeps for us */
};

static size_t queued(const struct tls_lower *l)
{
	return evbuffer_get_length(l->transport->output);
}

static size_t arrived(const struct tls_lower *l)
{
	return evbuffer_get_length(l->transport->input);
}

void tls_lower_init(struct tls_lower *l, struct transport *transport)
{
	*l = (struct tls_lower){ .transport = transport };
}

void tls_lower_release(struct tls_lower *l)
{
	transport_free(l->transport);
}

bool tls_lower_ended(const struct tls_lower *l)
{
	return l->transport->ended && arrived(l) == 0;
}

bool tls_lower_full(const struct tls_lower *l)
{
	return queued(l) >= QUEUE_MARK;
}

void tls_lower_ask(struct tls_lower *l, size_t room)
{
	size_t waiting = arrived(l);

	if (room > 0 && room < TLS_RECORD_MAX)
		room = TLS_RECORD_MAX;
	room = waiting < room ? room - waiting : 0;
	if (l->transport->room != room)
		transport_want(l->transport, room);
}

void tls_lower_drop(struct tls_lower *l)
{
	(void)evbuffer_drain(l->transport->input, arrived(l));
}

void tls_lower_mark_data(struct tls_lower *l)
{
	l->data_end = l->transport->sent + queued(l);
}

size_t tls_lower_unsent(const struct tls_lower *l)
{
	uint64_t reached = l->transport->sent - transport_unsent(l->transport);

	return l->data_end > reached ? (size_t)(l->data_end - reached) : 0;
}

bool tls_lower_may_say_why(struct tls_lower *l)
{
	uint64_t now = l->transport->received;

	if (!l->write_failed)
		l->failed_at = now;
	if (!l->write_failed || (l->heard != now && now - l->failed_at < LATE_MAX))
		l->patience = PATIENCE;
	l->write_failed = true;
	l->heard = now;
	return l->patience > 0;
}

void tls_lower_count_run(struct tls_lower *l)
{
	if (l->patience > 0)
		l->patience--;
}
