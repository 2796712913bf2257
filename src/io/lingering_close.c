/* SPDX-License-Identifier: ISC */
/* lingering_close: the orderly end of a stream. */
#include "config.h"

#include "io/lingering_close.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/connection.h"
#include "io/loop.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

/*
 * `left` is what the peer's kernel has not got yet: our queue and, where the
 * system says it, the socket's. Nothing tells when the latter shrinks, so it is
 * asked from time to time. While it shrinks nobody is in a hurry; the timeout and
 * the peer's silence count from when it last did. Where the peer has
 * ended and has everything there is nothing to wait for.
 */

enum {
	SILENCE_MS = 1000,
	ASK_FIRST_MS = 1,
	ASK_LAST_MS = 64,
};

struct lingering_close {
	struct connection *connection;
	struct timer *timer; /* NULL until there was something to wait for */
	uint64_t timeout_ms; /* 0: none */
	uint64_t ask_ms;     /* until `left` is asked again */
	uint64_t moved;	     /* when `left` last shrank */
	uint64_t heard;	     /* when the peer last sent something */
	uint64_t received;   /* the transport's counter at that time */
	size_t left;
	bool shut;
};

struct lingering_close *lingering_close_new(struct connection *s, uint64_t timeout_ms)
{
	struct lingering_close *c = alloc_zeroed(sizeof(*c));

	c->connection = s;
	c->timeout_ms = timeout_ms;
	c->ask_ms = ASK_FIRST_MS;
	c->left = SIZE_MAX;
	return c;
}

void lingering_close_free(struct lingering_close *c)
{
	if (c == NULL)
		return;
	timer_free(c->timer);
	free(c);
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* The stream is broken. That is a failure when bytes are lost by it, or when the
 * peer has said why it wants no more (a TLS alert). */
static enum stream_status broken(const struct lingering_close *c, const struct err *why,
				 struct err *err)
{
	const struct connection *s = c->connection;
	uint64_t lost = s->writer.dropped + transport_unsent(s->transport);

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

/* Is it over, one way or the other, without regard to the time? */
static enum stream_status state(const struct lingering_close *c, struct err *err)
{
	const struct transport *t = c->connection->transport;

	if (t->write_error != NULL)
		return broken(c, t->write_error, err);
	if (!t->ended || !t->shut_done)
		return STREAM_AGAIN;
	/* A peer that ended without close_notify may receive all the same. */
	if (t->read_error != NULL && t->read_error->kind != ERR_TLS_TRUNCATED)
		return broken(c, t->read_error, err);
	return transport_unsent(t) > 0 ? STREAM_AGAIN : STREAM_OK;
}

static void observe(struct lingering_close *c, uint64_t now)
{
	const struct transport *t = c->connection->transport;
	size_t left = writer_queued(&c->connection->writer) + transport_unsent(t);

	if (left < c->left) {
		c->left = left;
		c->moved = now;
	}
	if (t->received != c->received) {
		c->received = t->received;
		c->heard = now;
	}
	if (t->shut_done && !c->shut) {
		c->shut = true;
		c->ask_ms = ASK_FIRST_MS; /* it may be over in a moment */
	}
}

static uint64_t remaining(uint64_t since, uint64_t ms, uint64_t now)
{
	return now - since < ms ? ms - (now - since) : 0;
}

/* Milliseconds to wait for something to happen; 0: long enough. */
static uint64_t patience(struct lingering_close *c, uint64_t now)
{
	uint64_t wait = UINT64_MAX, quiet;

	if (c->timeout_ms > 0)
		wait = remaining(c->moved, c->timeout_ms, now);
	if (c->left > 0 || !c->shut)
		return wait;
	quiet = remaining(c->heard > c->moved ? c->heard : c->moved, SILENCE_MS, now);
	return quiet < wait ? quiet : wait;
}

static void sleep_at_most(struct lingering_close *c, uint64_t ms)
{
	if (c->timer == NULL)
		c->timer = timer_new(c->connection->task);
	if (timer_pending(c->timer))
		return;
	if (c->left > 0) {
		ms = c->ask_ms < ms ? c->ask_ms : ms;
		c->ask_ms = c->ask_ms < ASK_LAST_MS ? 2 * c->ask_ms : ASK_LAST_MS;
	}
	if (ms < UINT64_MAX)
		timer_start(c->timer, ms);
}

enum stream_status lingering_close_run(struct lingering_close *c, struct err *err)
{
	struct connection *s = c->connection;
	struct transport *t = s->transport;
	enum stream_status status;
	uint64_t now, wait;

	s->writer.ended = true;
	transport_shut(t);
	transport_flush(t);
	connection_refresh(s);
	(void)evbuffer_drain(t->input, evbuffer_get_length(t->input));
	status = state(c, err);
	if (status != STREAM_AGAIN)
		return status;
	now = loop_now();
	observe(c, now);
	wait = patience(c, now);
	if (wait > 0) {
		sleep_at_most(c, wait);
		return STREAM_AGAIN;
	}
	if (c->left == 0)
		return STREAM_OK;
	err_set(err, ERR_TIMEOUT, "%zu byte%s could not be sent: the peer reads nothing", c->left,
		plural(c->left));
	return STREAM_ERROR;
}
