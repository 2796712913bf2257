/* SPDX-License-Identifier: ISC */
/* pump_end: what a pump takes bytes from and gives them to. */
#include "config.h"

#include "session/pump_end.h"

#include "io/connection.h"
#include "io/fd_reader.h"
#include "io/stdout_writer.h"

#include <event2/buffer.h>
#include <stdint.h>

/* --- a connection --- */

static enum stream_status connection_read(void *end, size_t max, struct evbuffer *into)
{
	struct connection *c = end;

	return reader_read(&c->reader, max, into);
}

static int connection_fd(void *end)
{
	return connection_raw_fd(end);
}

struct pump_source pump_source_connection(struct connection *c)
{
	static const struct pump_source_ops ops = { connection_read, connection_fd };

	return (struct pump_source){ &ops, c, c };
}

static enum stream_status connection_room(void *end, size_t *room)
{
	struct connection *c = end;

	*room = writer_room(&c->writer);
	if (c->writer.broken)
		return STREAM_ERROR;
	return *room > 0 ? STREAM_OK : STREAM_AGAIN;
}

static void connection_write(void *end, struct evbuffer *data)
{
	struct connection *c = end;

	writer_write_buffer(&c->writer, data);
	connection_flush(c);
}

static bool connection_empty(void *end)
{
	struct connection *c = end;

	connection_flush(c);
	return writer_queued(&c->writer) == 0;
}

struct pump_dest pump_dest_connection(struct connection *c)
{
	static const struct pump_dest_ops ops = {
		.room = connection_room,
		.write = connection_write,
		.raw_fd = connection_fd,
		.flush = connection_empty,
	};

	return (struct pump_dest){ .ops = &ops, .end = c, .connection = c };
}

/* --- standard input, a file --- */

static enum stream_status input_read(void *end, size_t max, struct evbuffer *into)
{
	return fd_reader_read(end, max, into);
}

static int input_fd(void *end)
{
	return fd_reader_raw_fd(end);
}

struct pump_source pump_source_input(struct fd_reader *input)
{
	static const struct pump_source_ops ops = { input_read, input_fd };

	return (struct pump_source){ &ops, input, NULL };
}

/* --- standard output --- */

static enum stream_status output_room(void *end, size_t *room)
{
	*room = SIZE_MAX;
	if (stdout_writer_error(end) != NULL)
		return STREAM_ERROR;
	return stdout_writer_above(end) ? STREAM_AGAIN : STREAM_OK;
}

static void output_write(void *end, struct evbuffer *data)
{
	stdout_writer_add_buffer(end, data);
}

static void output_wait(void *end, struct task *task)
{
	stdout_writer_wait(end, task);
}

static int output_fd(void *end)
{
	return stdout_writer_raw_fd(end);
}

static bool output_flush(void *end)
{
	stdout_writer_flush(end);
	return stdout_writer_queued(end) == 0;
}

struct pump_dest pump_dest_output(struct stdout_writer *output)
{
	static const struct pump_dest_ops ops = {
		.room = output_room,
		.write = output_write,
		.wait = output_wait,
		.raw_fd = output_fd,
		.flush = output_flush,
	};

	return (struct pump_dest){ .ops = &ops, .end = output };
}
