/* SPDX-License-Identifier: ISC */
/* json_event: one event, built key by key, as a line of JSON. */
#include "config.h"

#include "session/json_event.h"

#include "base/alloc.h"

#include <jansson.h>
#include <stdlib.h>

struct json_event {
	json_t *object;
};

struct json_event *json_event_part(void)
{
	struct json_event *event = alloc_zeroed(sizeof(*event));

	json_set_alloc_funcs(alloc_memory, free); /* must precede all other calls */
	event->object = json_object();
	return event;
}

struct json_event *json_event_new(const char *name, unsigned conn)
{
	struct json_event *event = json_event_part();

	json_event_set_string(event, "event", name);
	if (conn != 0)
		json_event_set_number(event, "conn", conn);
	return event;
}

static void set(struct json_event *event, const char *key, json_t *value)
{
	(void)json_object_set_new(event->object, key, value); /* fails for want of memory only */
}

static json_t *base64_of(struct bytes b, const char *prefix)
{
	char *text = bytes_base64(b);
	json_t *string = json_sprintf("%s%s", prefix, text);

	free(text);
	return string;
}

static json_t *text_of(struct bytes b)
{
	return bytes_is_utf8(b) ? json_stringn((const char *)b.data, b.len)
				: base64_of(b, "base64:");
}

void json_event_set_text(struct json_event *event, const char *key, struct bytes text)
{
	set(event, key, text_of(text));
}

void json_event_set_string(struct json_event *event, const char *key, const char *string)
{
	set(event, key, text_of(bytes_of_string(string)));
}

void json_event_set_number(struct json_event *event, const char *key, uint64_t number)
{
	set(event, key, json_integer((json_int_t)number));
}

void json_event_set_bool(struct json_event *event, const char *key, bool value)
{
	set(event, key, json_boolean(value));
}

void json_event_set_null(struct json_event *event, const char *key)
{
	set(event, key, json_null());
}

/* Less than a tenth of a millisecond is rounded to one or to none: jansson would
 * write it as 8e-05. */
void json_event_set_seconds(struct json_event *event, const char *key, uint64_t us)
{
	if (us < 100)
		us = us < 50 ? 0 : 100;
	set(event, key, json_real((double)us / 1e6));
}

void json_event_set_data(struct json_event *event, struct bytes data)
{
	if (bytes_is_utf8(data))
		set(event, "data",
		    json_stringn(data.len > 0 ? (const char *)data.data : "", data.len));
	else
		set(event, "base64", base64_of(data, ""));
}

void json_event_set_part(struct json_event *event, const char *key, struct json_event *part)
{
	set(event, key, part->object);
	free(part);
}

void json_event_set_pairs(struct json_event *event, const char *key)
{
	set(event, key, json_array());
}

void json_event_add_pair(struct json_event *event, const char *key, const char *name,
			 const char *value)
{
	json_t *pair = json_array();

	(void)json_array_append_new(pair, text_of(bytes_of_string(name)));
	(void)json_array_append_new(pair, text_of(bytes_of_string(value)));
	(void)json_array_append_new(json_object_get(event->object, key), pair);
}

char *json_event_line(struct json_event *event)
{
	char *line = json_dumps(event->object, JSON_COMPACT | JSON_REAL_PRECISION(9));

	json_decref(event->object);
	free(event);
	return line;
}
