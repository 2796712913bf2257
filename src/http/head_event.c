/* SPDX-License-Identifier: ISC */
/* head_event: the JSON event of `liu head`. */
#include "config.h"

#include "http/head_event.h"

#include "http/http_head.h"
#include "session/event_writer.h"
#include "session/json_event.h"

static struct json_event *timing(const struct head_times *times)
{
	struct json_event *part = json_event_part();

	json_event_set_seconds(part, "resolve", times->resolve_us);
	json_event_set_seconds(part, "connect", times->connect_us);
	json_event_set_seconds(part, "tls", times->tls_us);
	json_event_set_seconds(part, "first_byte", times->first_byte_us);
	json_event_set_seconds(part, "total", times->total_us);
	return part;
}

void head_event(struct event_writer *events, const char *url, const struct http_head *head,
		const struct head_times *times)
{
	struct json_event *event = json_event_new("head", 0);

	json_event_set_string(event, "url", url);
	json_event_set_number(event, "status", (uint64_t)head->status);
	json_event_set_string(event, "reason", head->reason);
	json_event_set_string(event, "version", head->version);
	json_event_set_pairs(event, "headers");
	for (size_t i = 0; i < head->count; i++)
		json_event_add_pair(event, "headers", head->fields[i].name, head->fields[i].value);
	json_event_set_part(event, "timing", timing(times));
	event_writer_add(events, event);
}
