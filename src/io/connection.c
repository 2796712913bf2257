/* SPDX-License-Identifier: ISC */
/* connection: a reader and a writer on a transport, and its orderly end. */
#include "config.h"

#include "io/connection.h"

#include "base/alloc.h"
#include "io/lingering_close.h"
#include "io/loop.h"
#include "io/transport_impl.h"

#include <event2/buffer.h>
#include <stdlib.h>

static void wake(void *arg)
{
	task_wake(arg);
}

struct connection *connection_new(struct transport *transport, size_t limit, size_t high,
				  size_t low, struct task *task)
{
	struct connection *c = alloc_zeroed(sizeof(*c));

	c->transport = transport;
	reader_init(&c->reader, transport->input, limit);
	writer_init(&c->writer, transport->output, high, low);
	connection_set_task(c, task);
	return c;
}

void connection_free(struct connection *c)
{
	if (c == NULL)
		return;
	lingering_close_free(c->closing);
	transport_free(c->transport);
	free(c);
}

void connection_set_task(struct connection *c, struct task *task)
{
	c->task = task;
	transport_set_wake(c->transport, task != NULL ? wake : NULL, task);
}

void connection_refresh(struct connection *c)
{
	const struct transport *t = c->transport;

	if (t->read_half == READ_BROKEN)
		reader_feed_error(&c->reader);
	else if (t->read_half == READ_ENDED)
		reader_feed_eof(&c->reader);
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

void connection_flush(struct connection *c)
{
	transport_flush(c->transport);
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

bool connection_info(const struct connection *c, enum info_key key, struct evbuffer *out)
{
	return transport_info(c->transport, key, out);
}

const struct err *connection_read_error(const struct connection *c)
{
	return c->transport->read_error;
}

const struct err *connection_write_error(const struct connection *c)
{
	return c->transport->write_error;
}

int connection_raw_fd(const struct connection *c)
{
	return transport_raw_fd(c->transport);
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

enum stream_status connection_close(struct connection *c, uint64_t timeout_ms, struct err *err)
{
	uint64_t dropped;

	if (c->closing == NULL)
		c->closing = lingering_close_new(c->transport, &c->writer, c->task, timeout_ms);
	end_sending(c);
	(void)reader_skip(&c->reader, UINT64_MAX, &dropped);
	return lingering_close_run(c->closing, err);
}

void connection_abort(struct connection *c)
{
	writer_feed_error(&c->writer);
	transport_abort(c->transport);
}
