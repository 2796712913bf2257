/* SPDX-License-Identifier: ISC */
/* opening_proxy_header: the stage that reads a header of the PROXY protocol. */
#include "config.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/connection.h"
#include "net/opening.h"
#include "net/proxy_header.h"

#include <event2/buffer.h>

static enum opening_result failed(const struct connection *c, enum stream_status status, size_t got,
				  struct err *err)
{
	if (status == STREAM_ERROR)
		*err = *connection_read_error(c);
	else
		(void)err_set(err, ERR_PROXY, "the peer closed after %zu byte%s", got,
			      got == 1 ? "" : "s");
	(void)err_prefix(err, "PROXY header");
	return OPENING_FAILED;
}

/* Take the whole header or nothing. */
static enum opening_result read_header(struct connection *c, struct proxy_header *header,
				       struct err *err)
{
	struct reader *r = &c->reader;
	size_t there = reader_buffered(r);
	size_t len = there < PROXY_HEADER_PEEK ? there : PROXY_HEADER_PEEK;
	struct bytes b = bytes_of(evbuffer_pullup(r->in, (ev_ssize_t)len), len);
	enum stream_status status = STREAM_AGAIN;

	switch (proxy_header_read(b, header, err)) {
	case PROXY_HEADER_BAD:
		return OPENING_FAILED;
	case PROXY_HEADER_MORE:
		status = reader_wait(r, there + 1);
		break;
	case PROXY_HEADER_OK:
		status = reader_readexactly(r, header->len, NULL);
		break;
	}
	if (status == STREAM_OK)
		return OPENING_DONE;
	return status == STREAM_AGAIN ? OPENING_AGAIN : failed(c, status, there, err);
}

static enum opening_result run(struct opening *o, void *arg, struct err *err)
{
	struct connection *c = arg;
	struct proxy_header header;
	enum opening_result result;

	connection_refresh(c);
	result = read_header(c, &header, err);
	(void)connection_update(c);
	if (result == OPENING_DONE && header.source.len > 0)
		transport_set_addresses(opening_transport(o), &header.source, &header.destination);
	return result;
}

static char *text(const void *arg)
{
	(void)arg;
	return alloc_string("PROXY header");
}

/* The opening keeps the transport; the connection was for reading from it. */
static void release(void *arg)
{
	(void)connection_release(arg);
}

void opening_add_proxy_header(struct opening *o, struct opening_limit limit)
{
	struct transport *transport = opening_transport(o);
	const struct opening_stage stage = {
		.run = run,
		.text = text,
		.free = release,
		.arg = connection_new(transport, PROXY_HEADER_PEEK, 0, 0, NULL),
		.limit = limit,
	};

	opening_set_transport(o, transport); /* its wake-ups are the opening's */
	opening_add(o, &stage);
}
