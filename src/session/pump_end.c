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

static enum stream_status connection_source_read(void *end, size_t max, struct evbuffer *into)
{
	struct connection *c = end;

	return reader_read(&c->reader, max, into);
}

static int connection_end_fd(void *end)
{
	return connection_raw_fd(end);
}

static bool connection_source_is_ahead(void *end)
{
	struct connection *c = end;

	return c->reader.ended || reader_buffered(&c->reader) > 0;
}

static void connection_source_bypass(void *end, bool on)
{
	connection_bypass(end, on);
}

static void connection_source_moved(void *end, size_t bytes)
{
	connection_moved(end, bytes, 0);
}

static void connection_source_failed(void *end, int sys)
{
	connection_failed(end, TRANSPORT_READ, sys);
}

struct pump_source pump_source_connection(struct connection *c)
{
	static const struct pump_source_ops ops = {
		.read = connection_source_read,
		.raw_fd = connection_end_fd,
		.is_ahead = connection_source_is_ahead,
		.bypass = connection_source_bypass,
		.moved = connection_source_moved,
		.failed = connection_source_failed,
	};

	return (struct pump_source){ &ops, c };
}

static size_t connection_dest_room(void *end)
{
	struct connection *c = end;

	return writer_room(&c->writer);
}

static bool connection_dest_is_broken(void *end)
{
	struct connection *c = end;

	return c->writer.broken;
}

static void connection_dest_write(void *end, struct evbuffer *data)
{
	struct connection *c = end;

	writer_write_buffer(&c->writer, data);
	connection_flush(c);
}

static bool connection_dest_flush(void *end)
{
	struct connection *c = end;

	connection_flush(c);
	return writer_queued(&c->writer) == 0;
}

static void connection_dest_moved(void *end, size_t bytes)
{
	connection_moved(end, 0, bytes);
}

static void connection_dest_failed(void *end, int sys)
{
	connection_failed(end, TRANSPORT_WRITE, sys);
}

struct pump_dest pump_dest_connection(struct connection *c)
{
	static const struct pump_dest_ops ops = {
		.room = connection_dest_room,
		.is_broken = connection_dest_is_broken,
		.write = connection_dest_write,
		.raw_fd = connection_end_fd,
		.flush = connection_dest_flush,
		.moved = connection_dest_moved,
		.failed = connection_dest_failed,
	};

	return (struct pump_dest){ &ops, c };
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
	static const struct pump_source_ops ops = { .read = input_read, .raw_fd = input_fd };

	return (struct pump_source){ &ops, input };
}

/* --- standard output --- */

static size_t output_room(void *end)
{
	return stdout_writer_above(end) ? 0 : SIZE_MAX;
}

static bool output_is_broken(void *end)
{
	return stdout_writer_error(end) != NULL;
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
		.is_broken = output_is_broken,
		.write = output_write,
		.wait = output_wait,
		.raw_fd = output_fd,
		.flush = output_flush,
	};

	return (struct pump_dest){ &ops, output };
}

/* --- CR LF --- */

static void add_crs(struct pump_crlf *crlf, struct evbuffer *data, struct evbuffer *into)
{
	size_t len = evbuffer_get_length(data);
	const unsigned char *text = evbuffer_pullup(data, -1);
	size_t from = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n' && !crlf->after_cr) {
			evbuffer_add(into, text + from, i - from);
			evbuffer_add(into, "\r", 1);
			from = i;
		}
		crlf->after_cr = text[i] == '\r';
	}
	evbuffer_add(into, text + from, len - from);
}

static enum stream_status crlf_read(void *end, size_t max, struct evbuffer *into)
{
	struct pump_crlf *crlf = end;
	struct evbuffer *data = evbuffer_new();
	enum stream_status status = crlf->source.ops->read(crlf->source.end, max, data);

	add_crs(crlf, data, into);
	evbuffer_free(data);
	return status;
}

struct pump_source pump_source_crlf(struct pump_crlf *crlf)
{
	static const struct pump_source_ops ops = { .read = crlf_read };

	return (struct pump_source){ &ops, crlf };
}
