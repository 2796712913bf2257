/* SPDX-License-Identifier: ISC */
/* connection: a reader and a writer on a transport, and its orderly end. */
#include "config.h"

#include "io/connection.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/loop.h"
#include "io/transport_impl.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <stdlib.h>

/*
 * The orderly end. A close(2) while the peer still sends makes the kernel answer with a
 * reset, which takes away what the peer has not read yet. So everything queued leaves, the
 * sending half is closed, and what still comes is read and dropped until nothing can be lost
 * any more.
 *
 * `left` counts what the peer's kernel has not received: the writer's queue and, where the
 * system reports it, the socket's. Once the queue is empty no event tells that the latter
 * shrinks, so it is polled. Progress resets both the timeout and the wait for the
 * peer's silence. When the peer has ended and has everything, nothing is waited for.
 */

enum {
	SILENCE_MS = 1000,
	ASK_FIRST_MS = 1,
	ASK_LAST_MS = 64,
	CLOSING_ROOM = 64 * 1024, /* bytes to be read and dropped in one turn */
};

struct closing {
	struct timer *timer; /* NULL until there was something to wait for */
	uint64_t ask_ms;     /* until `left` is asked again */
	uint64_t moved;	     /* when `left` last shrank */
	uint64_t heard;	     /* when the peer last sent something */
	uint64_t received;   /* the transport's counter at that time */
	size_t left;
	bool shut; /* the sending half is closed */
};

struct connection *connection_new(struct transport *transport, size_t limit, size_t high,
				  size_t low, struct task *task)
{
	struct connection *c = alloc_zeroed(sizeof(*c));

	c->transport = transport;
	reader_init(&c->reader, transport->input, limit);
	writer_init(&c->writer, transport->output, high, low);
	c->task = task;
	transport_set_wake(transport, task != NULL ? task_wake_arg : NULL, task);
	return c;
}

void connection_free(struct connection *c)
{
	if (c == NULL)
		return;
	if (c->closing != NULL)
		timer_free(c->closing->timer);
	free(c->closing);
	transport_free(c->transport);
	free(c);
}

struct transport *connection_release(struct connection *c)
{
	struct transport *t = c->transport;

	transport_want(t, 0); /* until the next owner asks */
	t->received = evbuffer_get_length(t->input);
	t->sent = 0;
	c->transport = NULL;
	connection_free(c);
	return t;
}

void connection_refresh(struct connection *c)
{
	const struct transport *t = c->transport;

	if (t->read_half != READ_OPEN)
		reader_end(&c->reader, t->read_half == READ_BROKEN);
	if (t->write_error != NULL)
		writer_feed_error(&c->writer);
}

static size_t room(const struct connection *c)
{
	if (c->closing != NULL)
		return CLOSING_ROOM;
	return c->bypassed ? 0 : reader_room(&c->reader);
}

bool connection_update(struct connection *c)
{
	size_t queued = writer_queued(&c->writer);

	if (queued > 0)
		transport_flush(c->transport);
	transport_want(c->transport, room(c));
	return writer_queued(&c->writer) < queued;
}

bool connection_wakes_reader(const struct connection *c)
{
	return c->transport->room > 0;
}

bool connection_wakes_writer(const struct connection *c)
{
	return writer_queued(&c->writer) > 0 || c->transport->write_half == WRITE_DRAINING;
}

uint64_t connection_received(const struct connection *c)
{
	return c->transport->received;
}

uint64_t connection_sent(const struct connection *c)
{
	return c->transport->sent;
}

const struct err *connection_read_error(const struct connection *c)
{
	return c->transport->read_error;
}

const struct err *connection_write_error(const struct connection *c)
{
	return c->transport->write_error;
}

void connection_bypass(struct connection *c, bool on)
{
	c->bypassed = on;
	if (on)
		transport_want(c->transport, 0);
}

void connection_moved(struct connection *c, uint64_t received, uint64_t sent)
{
	c->transport->received += received;
	c->transport->sent += sent;
}

void connection_failed(struct connection *c, enum transport_half half, int sys)
{
	transport_raw_error(c->transport, half, sys);
	connection_refresh(c);
}

/* Ask for the half-close, and send as much as can leave now. */
static void end_sending(struct connection *c)
{
	c->writer.ended = true;
	if (!c->cut)
		transport_shut(c->transport);
	transport_flush(c->transport);
	connection_refresh(c);
}

enum stream_status connection_write_eof(struct connection *c)
{
	end_sending(c);
	if (c->transport->write_error != NULL)
		return STREAM_ERROR;
	return c->transport->write_half == WRITE_SHUT ? STREAM_OK : STREAM_AGAIN;
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void tell_unsent(struct err *err, uint64_t bytes)
{
	if (bytes > 0)
		(void)err_append(err, " with %" PRIu64 " byte%s unsent", bytes, plural(bytes));
}

/* The stream is broken. That is a failure when bytes are lost, or when the peer said
 * why it wants no more (a TLS alert). */
static enum stream_status close_broken(const struct connection *c, const struct err *why,
				       struct err *err)
{
	uint64_t lost = c->writer.dropped + transport_unsent(c->transport);

	if (lost == 0 && why->kind != ERR_TLS)
		return STREAM_OK;
	*err = *why;
	tell_unsent(err, lost);
	return STREAM_ERROR;
}

size_t connection_unsent(const struct connection *c)
{
	return writer_queued(&c->writer) + transport_unsent(c->transport);
}

void connection_tell_unsent(const struct connection *c, struct err *err)
{
	if (c->closing != NULL)
		tell_unsent(err, connection_unsent(c));
}

/* Is it over, whatever the time? */
static enum stream_status close_state(const struct connection *c, struct err *err)
{
	const struct transport *t = c->transport;

	if (t->write_error != NULL)
		return close_broken(c, t->write_error, err);
	if (!c->cut && (t->read_half == READ_OPEN || t->write_half != WRITE_SHUT))
		return STREAM_AGAIN;
	/* A peer that ended without close_notify may receive all the same. */
	if (t->read_error != NULL && t->read_error->kind != ERR_TLS_TRUNCATED)
		return close_broken(c, t->read_error, err);
	return connection_unsent(c) > 0 ? STREAM_AGAIN : STREAM_OK;
}

static void observe(const struct connection *c, uint64_t now)
{
	const struct transport *t = c->transport;
	struct closing *closing = c->closing;
	size_t left = connection_unsent(c);

	if (left < closing->left) {
		closing->left = left;
		closing->moved = now;
	}
	if (t->received != closing->received) {
		closing->received = t->received;
		closing->heard = now;
	}
	if (t->write_half == WRITE_SHUT && !closing->shut) {
		closing->shut = true;
		timer_stop(closing->timer); /* the wait that is left is shorter */
	}
}

static uint64_t remaining(uint64_t since, uint64_t ms, uint64_t now)
{
	return now - since < ms ? ms - (now - since) : 0;
}

/* Milliseconds to wait for something to happen; 0: long enough. */
static uint64_t time_left(const struct closing *closing, uint64_t send_ms, uint64_t linger_ms,
			  uint64_t now)
{
	uint64_t quiet, wait;

	if (closing->left > 0 || !closing->shut)
		return send_ms > 0 ? remaining(closing->moved, send_ms, now) : UINT64_MAX;
	quiet = remaining(closing->heard > closing->moved ? closing->heard : closing->moved,
			  SILENCE_MS, now);
	wait = remaining(closing->moved, linger_ms, now);
	return quiet < wait ? quiet : wait;
}

static void sleep_at_most(const struct connection *c, uint64_t ms)
{
	struct closing *closing = c->closing;

	if (closing->timer == NULL)
		closing->timer = timer_new(c->task);
	if (timer_pending(closing->timer))
		return;
	if (closing->left > 0 && writer_queued(&c->writer) == 0) {
		ms = closing->ask_ms < ms ? closing->ask_ms : ms;
		closing->ask_ms = closing->ask_ms < ASK_LAST_MS ? 2 * closing->ask_ms : ASK_LAST_MS;
	}
	if (ms < UINT64_MAX)
		timer_start(closing->timer, ms);
}

enum stream_status connection_close(struct connection *c, uint64_t send_ms, uint64_t linger_ms,
				    struct err *err)
{
	enum stream_status status;
	uint64_t now, wait;

	if (c->closing == NULL) {
		c->closing = alloc_zeroed(sizeof(*c->closing));
		*c->closing = (struct closing){ .ask_ms = ASK_FIRST_MS, .left = SIZE_MAX };
	}
	end_sending(c);
	(void)reader_read(&c->reader, UINT64_MAX, NULL);
	status = close_state(c, err);
	if (status != STREAM_AGAIN)
		return status;
	now = loop_now();
	observe(c, now);
	wait = time_left(c->closing, send_ms, linger_ms, now);
	if (wait > 0) {
		sleep_at_most(c, wait);
		return STREAM_AGAIN;
	}
	if (c->closing->left == 0)
		return STREAM_OK;
	err_set(err, ERR_TIMEOUT, "%zu byte%s could not be sent: the peer reads nothing",
		c->closing->left, plural(c->closing->left));
	return STREAM_ERROR;
}

void connection_truncate(struct connection *c)
{
	c->transport->truncate = true;
}

void connection_abort(struct connection *c)
{
	writer_feed_error(&c->writer);
	c->transport->reset = true;
}

void connection_cut(struct connection *c)
{
	c->cut = true;
	c->transport->reset = true;
}
