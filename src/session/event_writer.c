/* SPDX-License-Identifier: ISC */
/* event_writer: where what the steps read goes: standard output, raw or as JSON lines. */
#include "config.h"

#include "session/event_writer.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "io/stdout_writer.h"
#include "io/transport.h"
#include "session/http.h"

#include <event2/buffer.h>
#include <jansson.h>
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

/* Takes the object. Decimals are seconds to the microsecond. */
static void write_line(struct event_writer *events, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(9));

	json_decref(object);
	if (text == NULL)
		alloc_failed();
	stdout_writer_add(events->output, bytes_of_string(text));
	stdout_writer_add(events->output, bytes_of("\n", 1));
	free(text);
}

static json_t *new_event(const char *name, unsigned conn)
{
	json_t *object = json_pack("{s:s}", "event", name);

	if (object == NULL)
		alloc_failed();
	if (conn != 0)
		json_object_set_new(object, "conn", json_integer(conn));
	return object;
}

/* A string whose bytes a peer may have chosen: what is no UTF-8 is replaced. */
static json_t *safe_string(struct bytes b)
{
	json_t *string = json_stringn((const char *)b.data, b.len);
	char *text;

	if (string != NULL)
		return string;
	text = bytes_base64(b);
	string = json_sprintf("base64:%s", text);
	free(text);
	return string;
}

static void set_number(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

/* Decimals, not 8e-05, as smaller numbers than a tenth of a millisecond are
 * written: these are rounded to one or to none. */
static void set_seconds(json_t *object, const char *key, uint64_t us)
{
	if (us < 100)
		us = us < 50 ? 0 : 100;
	json_object_set_new(object, key, json_real((double)us / 1e6));
}

/* "data" when it can be a JSON string, else "base64". */
static void set_data(json_t *object, struct evbuffer *data)
{
	struct bytes b = bytes_of(evbuffer_pullup(data, -1), evbuffer_get_length(data));
	char *text;

	if (b.len == 0) {
		json_object_set_new(object, "data", json_string(""));
	} else if (bytes_is_utf8(b)) {
		json_object_set_new(object, "data", json_stringn((const char *)b.data, b.len));
	} else {
		text = bytes_base64(b);
		json_object_set_new(object, "base64", json_string(text));
		free(text);
	}
	evbuffer_drain(data, b.len);
}

static void set_error(json_t *object, const struct err *err)
{
	const char *symbol = err->kind == ERR_IO ? err_symbol(err->sys) : NULL;

	json_object_set_new(object, "error", json_string(err_name(err->kind)));
	if (symbol != NULL)
		json_object_set_new(object, "errno", json_string(symbol));
}

static void step_as_json(struct event_writer *events, const struct step_event *event)
{
	json_t *object = new_event("step", event->conn);

	set_number(object, "index", event->index);
	json_object_set_new(object, "step", json_string(event->step));
	json_object_set_new(object, "ok", json_boolean(event->error == NULL));
	if (event->error != NULL)
		set_error(object, event->error);
	if (event->has_expected)
		set_number(object, "expected", event->expected);
	if (event->has_limit) {
		set_number(object, "limit", event->limit);
		set_number(object, "consumed", (uint64_t)event->limit + 1);
	}
	if (event->has_bytes)
		set_number(object, "bytes", event->bytes);
	if (event->no_data)
		json_object_set_new(object, "data", json_null());
	else if (event->data != NULL)
		set_data(object, event->data);
	if (event->more)
		json_object_set_new(object, "more", json_true());
	write_line(events, object);
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
	json_t *object;

	if (!events->json)
		return;
	object = new_event("listening", 0);
	json_object_set_new(object, "address", safe_string(bytes_of_string(address)));
	write_line(events, object);
}

/* One fact of the stream as a JSON string, null when it has none. */
static json_t *fact(struct event_writer *events, const struct transport *transport,
		    enum info_key key)
{
	struct evbuffer *text = events->scratch;
	json_t *value;
	size_t len;

	if (!transport_info(transport, key, text) || evbuffer_get_length(text) == 0)
		return json_null();
	len = evbuffer_get_length(text);
	value = safe_string(bytes_of(evbuffer_pullup(text, -1), len));
	evbuffer_drain(text, len);
	return value;
}

static json_t *tls_facts(struct event_writer *events, const struct transport *transport)
{
	static const struct {
		const char *name;
		enum info_key key;
	} facts[] = {
		{ "cipher", INFO_CIPHER },
		{ "alpn", INFO_ALPN },
		{ "server_name", INFO_SERVER_NAME },
		{ "peercert_sha256", INFO_PEERCERT_SHA256 },
		{ "peercert_pin", INFO_PEERCERT_PIN },
	};
	json_t *version = fact(events, transport, INFO_TLS_VERSION);
	json_t *object;

	if (json_is_null(version))
		return version;
	object = json_object();
	json_object_set_new(object, "version", version);
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		json_object_set_new(object, facts[i].name, fact(events, transport, facts[i].key));
	return object;
}

void event_writer_open(struct event_writer *events, unsigned conn,
		       const struct transport *transport)
{
	json_t *object;

	if (!events->json)
		return;
	object = new_event("open", conn);
	json_object_set_new(object, "peername", fact(events, transport, INFO_PEERNAME));
	json_object_set_new(object, "sockname", fact(events, transport, INFO_SOCKNAME));
	json_object_set_new(object, "tls", tls_facts(events, transport));
	write_line(events, object);
}

void event_writer_close(struct event_writer *events, unsigned conn, uint64_t sent,
			uint64_t received, uint64_t duration_us)
{
	json_t *object;

	if (!events->json)
		return;
	object = new_event("close", conn);
	set_number(object, "sent", sent);
	set_number(object, "received", received);
	set_seconds(object, "duration", duration_us);
	write_line(events, object);
}

void event_writer_error(struct event_writer *events, unsigned conn, const struct err *err)
{
	json_t *object;

	if (!events->json)
		return;
	object = new_event("error", conn);
	set_error(object, err);
	json_object_set_new(object, "message", safe_string(bytes_of_string(err->text)));
	write_line(events, object);
}

static json_t *head_fields(const struct http_head *head)
{
	json_t *list = json_array();

	for (size_t i = 0; i < head->count; i++) {
		json_t *pair = json_array();

		json_array_append_new(pair, safe_string(bytes_of_string(head->fields[i].name)));
		json_array_append_new(pair, safe_string(bytes_of_string(head->fields[i].value)));
		json_array_append_new(list, pair);
	}
	return list;
}

void event_writer_head(struct event_writer *events, const char *url, const struct http_head *head,
		       const struct head_times *times)
{
	json_t *object, *timing;

	if (!events->json)
		return;
	object = new_event("head", 0);
	json_object_set_new(object, "url", safe_string(bytes_of_string(url)));
	json_object_set_new(object, "status", json_integer(head->status));
	json_object_set_new(object, "reason", safe_string(bytes_of_string(head->reason)));
	json_object_set_new(object, "version", safe_string(bytes_of_string(head->version)));
	json_object_set_new(object, "headers", head_fields(head));
	timing = json_object();
	set_seconds(timing, "resolve", times->resolve_us);
	set_seconds(timing, "connect", times->connect_us);
	set_seconds(timing, "tls", times->tls_us);
	set_seconds(timing, "first_byte", times->first_byte_us);
	set_seconds(timing, "total", times->total_us);
	json_object_set_new(object, "timing", timing);
	write_line(events, object);
}
