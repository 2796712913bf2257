/* SPDX-License-Identifier: ISC */
/* event_writer: writes what the steps read to standard output, raw or as JSON lines. */
#include "config.h"

#include "session/event_writer.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/escape.h"
#include "base/log.h"
#include "io/connection.h"
#include "io/fd_writer.h"

#include <event2/buffer.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct event_writer *event_writer_new(struct fd_writer *output, bool json)
{
	struct event_writer *events = alloc_zeroed(sizeof(*events));

	events->output = output;
	events->json = json;
	events->scratch = evbuffer_new();
	if (json)
		json_set_alloc_funcs(alloc_memory, free); /* must precede all other calls */
	return events;
}

void event_writer_free(struct event_writer *events)
{
	if (events == NULL)
		return;
	evbuffer_free(events->scratch);
	free(events);
}

/* --- JSON --- */

/* json_object_set_new() does nothing for a value that is NULL: the key is left out. */

static json_t *new_event(const char *name, uint64_t conn)
{
	json_t *event = json_object();

	json_object_set_new(event, "event", json_string(name));
	json_object_set_new(event, "conn", conn != 0 ? json_integer(conn) : NULL);
	return event;
}

void event_writer_add(struct event_writer *events, json_t *event)
{
	char *line = json_dumps(event, JSON_COMPACT | JSON_REAL_PRECISION(9));

	fd_writer_add(events->output, bytes_of_string(line));
	fd_writer_add(events->output, bytes_of("\n", 1));
	free(line);
	json_decref(event);
}

static json_t *base64(struct bytes b, const char *prefix)
{
	char *text = bytes_base64(b);
	json_t *string = json_sprintf("%s%s", prefix, text);

	free(text);
	return string;
}

/* A peer may have chosen the text: "base64:..." where it is not UTF-8, or holds a NUL. */
static json_t *text_of(struct bytes text)
{
	return bytes_is_utf8(text) ? json_stringn((const char *)text.data, text.len)
				   : base64(text, "base64:");
}

json_t *event_writer_seconds(uint64_t us)
{
	/* jansson would write 8e-05. */
	if (us < 100)
		us = us < 50 ? 0 : 100;
	return json_real((double)us / 1e6);
}

static struct bytes contents(struct evbuffer *buffer)
{
	size_t len = evbuffer_get_length(buffer);

	return bytes_of(len > 0 ? evbuffer_pullup(buffer, -1) : (const void *)"", len);
}

/* Under `text_key` when the bytes can be a JSON string, otherwise under `base64_key`. */
static void set_bytes(json_t *event, const char *text_key, const char *base64_key, struct bytes b)
{
	if (bytes_is_utf8(b))
		json_object_set_new(event, text_key, json_stringn((const char *)b.data, b.len));
	else
		json_object_set_new(event, base64_key, base64(b, ""));
}

static void set_text(json_t *event, const char *key, const char *text)
{
	json_object_set_new(event, key, text != NULL ? text_of(bytes_of_string(text)) : NULL);
}

static void set_error(json_t *event, const struct err *err)
{
	const char *symbol =
		err->kind == ERR_IO && err->sys != 0 ? strerrorname_np(err->sys) : NULL;
	char *message = escape_controls(bytes_of_string(err->text)); /* as on standard error */

	json_object_set_new(event, "error", json_string(err_name(err->kind)));
	json_object_set_new(event, "errno", json_string(symbol));
	if (err->kind == ERR_COMMAND)
		json_object_set_new(event, "status", json_integer(err->status));
	json_object_set_new(event, "message", json_string(message));
	free(message);
}

static void set_number(json_t *event, const char *key, uint64_t number)
{
	json_object_set_new(event, key, json_integer((json_int_t)number));
}

static void step_as_json(struct event_writer *events, const struct step_event *step)
{
	json_t *event = new_event("step", step->conn);

	set_number(event, "index", step->index);
	json_object_set_new(event, "step", json_string(step->step));
	json_object_set_new(event, "ok", json_boolean(step->error == NULL));
	json_object_set_new(event, "key", json_string(step->key));
	if (step->error != NULL)
		set_error(event, step->error);
	if (step->tried)
		json_object_set_new(event, "tried", json_true());
	if (step->expected > 0)
		set_number(event, "expected", step->expected);
	if (step->limit > 0) {
		set_number(event, "limit", step->limit);
		set_number(event, "consumed", (uint64_t)step->limit + 1);
	}
	if (step->has_bytes)
		set_number(event, "bytes", step->bytes);
	if (step->no_data) {
		json_object_set_new(event, "data", json_null());
	} else if (step->data != NULL) {
		set_bytes(event, "data", "base64", contents(step->data));
		evbuffer_drain(step->data, evbuffer_get_length(step->data));
	}
	if (step->separator != NULL)
		set_bytes(event, "separator", "separator_base64", *step->separator);
	if (step->more)
		json_object_set_new(event, "more", json_true());
	event_writer_add(events, event);
}

static void add_hex(struct event_writer *events, struct evbuffer *data)
{
	struct bytes b = contents(data);
	char *digits = bytes_hex(b);

	fd_writer_add(events->output, bytes_of(digits, 2 * b.len));
	evbuffer_drain(data, b.len);
	free(digits);
}

void event_writer_step(struct event_writer *events, const struct step_event *step)
{
	if (events->json) {
		step_as_json(events, step);
		return;
	}
	if (step->data != NULL && step->hex)
		add_hex(events, step->data);
	else if (step->data != NULL)
		fd_writer_add_buffer(events->output, step->data);
	if (step->newline)
		fd_writer_add(events->output, bytes_of("\n", 1));
}

void event_writer_listening(struct event_writer *events, const char *address)
{
	json_t *event;

	if (!events->json)
		return;
	event = new_event("listening", 0);
	set_text(event, "address", address);
	event_writer_add(events, event);
}

/* A fact of the stream; null when it has none. */
static json_t *fact(const struct connection *connection, enum info_key key)
{
	char *text = transport_fact(connection->transport, key);
	json_t *value = text != NULL ? text_of(bytes_of_string(text)) : json_null();

	free(text);
	return value;
}

static json_t *tls_facts(const struct connection *connection)
{
	json_t *version = fact(connection, INFO_TLS_VERSION);
	json_t *tls;

	if (json_is_null(version))
		return version;
	tls = json_object();
	json_object_set_new(tls, "version", version);
	json_object_set_new(tls, "cipher", fact(connection, INFO_CIPHER));
	json_object_set_new(tls, "alpn", fact(connection, INFO_ALPN));
	json_object_set_new(tls, "server_name", fact(connection, INFO_SERVER_NAME));
	json_object_set_new(tls, "peercert_sha256", fact(connection, INFO_PEERCERT_SHA256));
	json_object_set_new(tls, "peercert_pin", fact(connection, INFO_PEERCERT_PIN));
	return tls;
}

void event_writer_open(struct event_writer *events, uint64_t conn, const char *address,
		       const struct connection *connection)
{
	json_t *event;

	if (!events->json)
		return;
	event = new_event("open", conn);
	set_text(event, "address", address);
	json_object_set_new(event, "peername", fact(connection, INFO_PEERNAME));
	json_object_set_new(event, "sockname", fact(connection, INFO_SOCKNAME));
	json_object_set_new(event, "tls", tls_facts(connection));
	event_writer_add(events, event);
}

void event_writer_close(struct event_writer *events, uint64_t conn, uint64_t sent,
			uint64_t received, uint64_t duration_us)
{
	json_t *event;

	if (!events->json)
		return;
	event = new_event("close", conn);
	set_number(event, "sent", sent);
	set_number(event, "received", received);
	json_object_set_new(event, "duration", event_writer_seconds(duration_us));
	event_writer_add(events, event);
}

void event_writer_error(struct event_writer *events, uint64_t conn, const char *name,
			const struct err *err)
{
	json_t *event;

	if (name != NULL)
		log_line(LOG_ERROR, "%s: %s", name, err->text);
	else
		log_line(LOG_ERROR, "%s", err->text);
	if (events == NULL || !events->json)
		return;
	event = new_event("error", conn);
	set_text(event, "url", conn == 0 ? name : NULL);
	set_error(event, err);
	event_writer_add(events, event);
}
