/* SPDX-License-Identifier: ISC */
/* pump_end: connections, standard input and output as the ends of a pump. */
#include "config.h"

#include "session/pump_end.h"

#include "io/connection.h"
#include "io/fd_reader.h"
#include "io/fd_writer.h"

#include <event2/buffer.h>
#include <stdint.h>

/* --- a connection --- */

static enum stream_status connection_read(void *object, size_t max, struct evbuffer *into)
{
	struct connection *c = object;

	return reader_read(&c->reader, max, into);
}

static int connection_fd(void *object)
{
	const struct connection *c = object;

	return transport_raw_fd(c->transport);
}

static enum stream_status connection_room(void *object, size_t *room)
{
	struct connection *c = object;

	*room = writer_room(&c->writer);
	if (c->writer.broken)
		return STREAM_ERROR;
	return *room > 0 ? STREAM_OK : STREAM_AGAIN;
}

static void connection_write(void *object, struct evbuffer *data)
{
	struct connection *c = object;

	writer_write_buffer(&c->writer, data);
	transport_flush(c->transport);
}

static bool flush_connection(void *object)
{
	struct connection *c = object;

	transport_flush(c->transport);
	return writer_queued(&c->writer) == 0;
}

struct pump_end pump_end_connection(struct connection *c)
{
	static const struct pump_end_ops ops = {
		.raw_fd = connection_fd,
		.read = connection_read,
		.room = connection_room,
		.write = connection_write,
		.flush = flush_connection,
	};

	return (struct pump_end){ .ops = &ops, .object = c, .connection = c };
}

/* --- standard input, a file --- */

static enum stream_status input_read(void *object, size_t max, struct evbuffer *into)
{
	return fd_reader_read(object, max, into);
}

static int input_fd(void *object)
{
	return fd_reader_raw_fd(object);
}

struct pump_end pump_end_input(struct fd_reader *input)
{
	static const struct pump_end_ops ops = { .raw_fd = input_fd, .read = input_read };

	return (struct pump_end){ .ops = &ops, .object = input };
}

/* --- standard output --- */

static enum stream_status output_room(void *object, size_t *room)
{
	*room = SIZE_MAX;
	if (fd_writer_error(object) != NULL)
		return STREAM_ERROR;
	return fd_writer_above(object) ? STREAM_AGAIN : STREAM_OK;
}

static void output_write(void *object, struct evbuffer *data)
{
	fd_writer_add_buffer(object, data);
}

static void output_wait(void *object, struct task *task)
{
	fd_writer_wait(object, task);
}

static int output_fd(void *object)
{
	return fd_writer_raw_fd(object);
}

static bool output_flush(void *object)
{
	fd_writer_flush(object);
	return fd_writer_queued(object) == 0;
}

struct pump_end pump_end_output(struct fd_writer *output)
{
	static const struct pump_end_ops ops = {
		.raw_fd = output_fd,
		.room = output_room,
		.write = output_write,
		.wait = output_wait,
		.flush = output_flush,
	};

	return (struct pump_end){ .ops = &ops, .object = output };
}
