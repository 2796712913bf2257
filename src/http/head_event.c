/* SPDX-License-Identifier: ISC */
/* head_event: the JSON event of `liu head`. */
#include "config.h"

#include "http/head_event.h"

#include "http/http_head.h"
#include "session/event_writer.h"

#include <jansson.h>

static json_t *text(const char *string)
{
	return event_writer_text(bytes_of_string(string));
}

static json_t *fields(const struct http_head *head)
{
	json_t *pairs = json_array();

	for (size_t i = 0; i < head->count; i++)
		json_array_append_new(pairs, json_pack("[o, o]", text(head->fields[i].name),
						       text(head->fields[i].value)));
	return pairs;
}

static json_t *timing(const struct head_times *times)
{
	json_t *object = json_object();

	json_object_set_new(object, "resolve", event_writer_seconds(times->resolve_us));
	json_object_set_new(object, "connect", event_writer_seconds(times->connect_us));
	json_object_set_new(object, "tls", event_writer_seconds(times->tls_us));
	json_object_set_new(object, "first_byte", event_writer_seconds(times->first_byte_us));
	json_object_set_new(object, "total", event_writer_seconds(times->total_us));
	return object;
}

void head_event(struct event_writer *events, const char *url, const struct http_head *head,
		const struct head_times *times)
{
	json_t *event = json_object();

	json_object_set_new(event, "event", json_string("head"));
	json_object_set_new(event, "url", text(url));
	json_object_set_new(event, "status", json_integer(head->status));
	json_object_set_new(event, "reason", text(head->reason));
	json_object_set_new(event, "version", text(head->version));
	json_object_set_new(event, "headers", fields(head));
	json_object_set_new(event, "timing", timing(times));
	event_writer_add(events, event);
}
