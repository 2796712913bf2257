/* SPDX-License-Identifier: ISC */
/* lingering_close: the orderly end of a stream. */
#include "config.h"

#include "io/lingering_close.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/loop.h"
#include "io/transport_impl.h"
#include "stream/writer.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

/*
 * `left` counts what the peer's kernel has not received: the writer's queue and,
 * where the system reports it, the socket's. No event tells that the latter shrinks,
 * so it is polled. Progress resets both the timeout and the wait for the peer's
 * silence. When the peer has ended and has everything, nothing is waited for.
 */

enum {
	SILENCE_MS = 1000,
	ASK_FIRST_MS = 1,
	ASK_LAST_MS = 64,
};

struct lingering_close {
	const struct transport *transport;
	const struct writer *writer;
	struct task *task;
	struct timer *timer; /* NULL until there was something to wait for */
	uint64_t timeout_ms; /* 0: none */
	uint64_t ask_ms;     /* until `left` is asked again */
	uint64_t moved;	     /* when `left` last shrank */
	uint64_t heard;	     /* when the peer last sent something */
	uint64_t received;   /* the transport's counter at that time */
	size_t left;
	bool shut;
};

struct lingering_close *lingering_close_new(const struct transport *transport,
					    const struct writer *writer, struct task *task,
					    uint64_t timeout_ms)
{
	struct lingering_close *l = alloc_zeroed(sizeof(*l));

	l->transport = transport;
	l->writer = writer;
	l->task = task;
	l->timeout_ms = timeout_ms;
	l->ask_ms = ASK_FIRST_MS;
	l->left = SIZE_MAX;
	return l;
}

void lingering_close_free(struct lingering_close *l)
{
	if (l == NULL)
		return;
	timer_free(l->timer);
	free(l);
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* The stream is broken. That is a failure when bytes are lost, or when the peer said
 * why it wants no more (a TLS alert). */
static enum stream_status broken(const struct lingering_close *l, const struct err *why,
				 struct err *err)
{
	uint64_t lost = l->writer->dropped + transport_unsent(l->transport);

	if (lost > 0) {
		err_set(err, why->kind, "%s with %" PRIu64 " byte%s unsent", why->text, lost,
			plural(lost));
		err->sys = why->sys;
		return STREAM_ERROR;
	}
	if (why->kind != ERR_TLS)
		return STREAM_OK;
	*err = *why;
	return STREAM_ERROR;
}

/* Is it over, whatever the time? */
static enum stream_status state(const struct lingering_close *l, struct err *err)
{
	const struct transport *t = l->transport;

	if (t->write_error != NULL)
		return broken(l, t->write_error, err);
	if (t->read_half == READ_OPEN || t->write_half != WRITE_SHUT)
		return STREAM_AGAIN;
	/* A peer that ended without close_notify may receive all the same. */
	if (t->read_error != NULL && t->read_error->kind != ERR_TLS_TRUNCATED)
		return broken(l, t->read_error, err);
	return transport_unsent(t) > 0 ? STREAM_AGAIN : STREAM_OK;
}

static void observe(struct lingering_close *l, uint64_t now)
{
	const struct transport *t = l->transport;
	size_t left = writer_queued(l->writer) + transport_unsent(t);

	if (left < l->left) {
		l->left = left;
		l->moved = now;
	}
	if (t->received != l->received) {
		l->received = t->received;
		l->heard = now;
	}
	if (t->write_half == WRITE_SHUT && !l->shut) {
		l->shut = true;
		l->ask_ms = ASK_FIRST_MS; /* it may be over in a moment */
	}
}

static uint64_t remaining(uint64_t since, uint64_t ms, uint64_t now)
{
	return now - since < ms ? ms - (now - since) : 0;
}

/* Milliseconds to wait for something to happen; 0: long enough. */
static uint64_t patience(struct lingering_close *l, uint64_t now)
{
	uint64_t wait = UINT64_MAX, quiet;

	if (l->timeout_ms > 0)
		wait = remaining(l->moved, l->timeout_ms, now);
	if (l->left > 0 || !l->shut)
		return wait;
	quiet = remaining(l->heard > l->moved ? l->heard : l->moved, SILENCE_MS, now);
	return quiet < wait ? quiet : wait;
}

static void sleep_at_most(struct lingering_close *l, uint64_t ms)
{
	if (l->timer == NULL)
		l->timer = timer_new(l->task);
	if (timer_pending(l->timer))
		return;
	if (l->left > 0) {
		ms = l->ask_ms < ms ? l->ask_ms : ms;
		l->ask_ms = l->ask_ms < ASK_LAST_MS ? 2 * l->ask_ms : ASK_LAST_MS;
	}
	if (ms < UINT64_MAX)
		timer_start(l->timer, ms);
}

enum stream_status lingering_close_run(struct lingering_close *l, struct err *err)
{
	enum stream_status status = state(l, err);
	uint64_t now, wait;

	if (status != STREAM_AGAIN)
		return status;
	now = loop_now();
	observe(l, now);
	wait = patience(l, now);
	if (wait > 0) {
		sleep_at_most(l, wait);
		return STREAM_AGAIN;
	}
	if (l->left == 0)
		return STREAM_OK;
	err_set(err, ERR_TIMEOUT, "%zu byte%s could not be sent: the peer reads nothing", l->left,
		plural(l->left));
	return STREAM_ERROR;
}
