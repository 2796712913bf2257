/* SPDX-License-Identifier: ISC */
/* event_writer: writes what the steps read to standard output, raw or as JSON lines. */
#include "config.h"

#include "session/event_writer.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "io/connection.h"
#include "io/stdout_writer.h"
#include "session/json_event.h"

#include <event2/buffer.h>
#include <stdlib.h>

struct event_writer {
	struct stdout_writer *output;
	struct evbuffer *scratch;
	bool json;
};

struct event_writer *event_writer_new(struct stdout_writer *output, bool json)
{
	struct event_writer *events = alloc_zeroed(sizeof(*events));

	events->output = output;
	events->json = json;
	events->scratch = evbuffer_new();
	return events;
}

void event_writer_free(struct event_writer *events)
{
	if (events == NULL)
		return;
	evbuffer_free(events->scratch);
	free(events);
}

bool event_writer_is_json(const struct event_writer *events)
{
	return events->json;
}

struct stdout_writer *event_writer_output(const struct event_writer *events)
{
	return events->output;
}

struct evbuffer *event_writer_scratch(struct event_writer *events)
{
	return events->scratch;
}

bool event_writer_above(const struct event_writer *events)
{
	return stdout_writer_above(events->output);
}

void event_writer_wait(struct event_writer *events, struct task *task)
{
	stdout_writer_wait(events->output, task);
}

void event_writer_unwait(struct event_writer *events, struct task *task)
{
	stdout_writer_unwait(events->output, task);
}

void event_writer_add(struct event_writer *events, struct json_event *event)
{
	char *line = json_event_line(event);

	stdout_writer_add(events->output, bytes_of_string(line));
	stdout_writer_add(events->output, bytes_of("\n", 1));
	free(line);
}

static struct bytes contents(struct evbuffer *buffer)
{
	return bytes_of(evbuffer_pullup(buffer, -1), evbuffer_get_length(buffer));
}

static void set_error(struct json_event *line, const struct err *err)
{
	const char *symbol = err->kind == ERR_IO ? err_symbol(err->sys) : NULL;

	json_event_set_string(line, "error", err_name(err->kind));
	if (symbol != NULL)
		json_event_set_string(line, "errno", symbol);
}

static void step_as_json(struct event_writer *events, const struct step_event *event)
{
	struct json_event *line = json_event_new("step", event->conn);

	json_event_set_number(line, "index", event->index);
	json_event_set_string(line, "step", event->step);
	json_event_set_bool(line, "ok", event->error == NULL);
	if (event->error != NULL)
		set_error(line, event->error);
	if (event->has_expected)
		json_event_set_number(line, "expected", event->expected);
	if (event->has_limit) {
		json_event_set_number(line, "limit", event->limit);
		json_event_set_number(line, "consumed", (uint64_t)event->limit + 1);
	}
	if (event->has_bytes)
		json_event_set_number(line, "bytes", event->bytes);
	if (event->no_data) {
		json_event_set_null(line, "data");
	} else if (event->data != NULL) {
		json_event_set_data(line, contents(event->data));
		evbuffer_drain(event->data, evbuffer_get_length(event->data));
	}
	if (event->more)
		json_event_set_bool(line, "more", true);
	event_writer_add(events, line);
}

void event_writer_step(struct event_writer *events, const struct step_event *event)
{
	if (events->json) {
		step_as_json(events, event);
		return;
	}
	if (event->data != NULL)
		stdout_writer_add_buffer(events->output, event->data);
	if (event->newline)
		stdout_writer_add(events->output, bytes_of("\n", 1));
}

void event_writer_listening(struct event_writer *events, const char *address)
{
	struct json_event *line;

	if (!events->json)
		return;
	line = json_event_new("listening", 0);
	json_event_set_string(line, "address", address);
	event_writer_add(events, line);
}

/* A fact of the stream; null when it has none. */
static void set_fact(struct json_event *line, const char *name, const struct connection *connection,
		     enum info_key key)
{
	struct evbuffer *text = evbuffer_new();

	if (connection_info(connection, key, text) && evbuffer_get_length(text) > 0)
		json_event_set_text(line, name, contents(text));
	else
		json_event_set_null(line, name);
	evbuffer_free(text);
}

static struct json_event *tls_facts(const struct connection *connection)
{
	static const struct {
		const char *name;
		enum info_key key;
	} facts[] = {
		{ "version", INFO_TLS_VERSION },
		{ "cipher", INFO_CIPHER },
		{ "alpn", INFO_ALPN },
		{ "server_name", INFO_SERVER_NAME },
		{ "peercert_sha256", INFO_PEERCERT_SHA256 },
		{ "peercert_pin", INFO_PEERCERT_PIN },
	};
	struct json_event *tls = json_event_part();

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		set_fact(tls, facts[i].name, connection, facts[i].key);
	return tls;
}

static bool is_tls(const struct connection *connection)
{
	struct evbuffer *version = evbuffer_new();
	bool is = connection_info(connection, INFO_TLS_VERSION, version);

	evbuffer_free(version);
	return is;
}

void event_writer_open(struct event_writer *events, unsigned conn,
		       const struct connection *connection)
{
	struct json_event *line;

	if (!events->json)
		return;
	line = json_event_new("open", conn);
	set_fact(line, "peername", connection, INFO_PEERNAME);
	set_fact(line, "sockname", connection, INFO_SOCKNAME);
	if (is_tls(connection))
		json_event_set_part(line, "tls", tls_facts(connection));
	else
		json_event_set_null(line, "tls");
	event_writer_add(events, line);
}

void event_writer_close(struct event_writer *events, unsigned conn, uint64_t sent,
			uint64_t received, uint64_t duration_us)
{
	struct json_event *line;

	if (!events->json)
		return;
	line = json_event_new("close", conn);
	json_event_set_number(line, "sent", sent);
	json_event_set_number(line, "received", received);
	json_event_set_seconds(line, "duration", duration_us);
	event_writer_add(events, line);
}

void event_writer_error(struct event_writer *events, unsigned conn, const struct err *err)
{
	struct json_event *line;

	if (!events->json)
		return;
	line = json_event_new("error", conn);
	set_error(line, err);
	json_event_set_string(line, "message", err->text);
	event_writer_add(events, line);
}
