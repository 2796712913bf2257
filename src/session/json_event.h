/* SPDX-License-Identifier: ISC */
/* json_event: one event, built key by key, as a line of JSON. */
#pragma once

/*
 * The keys appear in the order in which they are set. A text may hold bytes that
 * a peer chose: where it is not UTF-8, or holds a NUL, it becomes "base64:...".
 */

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

struct json_event;

/* A `conn` of 0 is left out. Freed by json_event_line(). */
struct json_event *json_event_new(const char *name, unsigned conn);

/* An object without a name, for json_event_set_part(). */
struct json_event *json_event_part(void);

void json_event_set_text(struct json_event *event, const char *key, struct bytes text);
void json_event_set_string(struct json_event *event, const char *key, const char *string);
void json_event_set_number(struct json_event *event, const char *key, uint64_t number);
void json_event_set_bool(struct json_event *event, const char *key, bool value);
void json_event_set_null(struct json_event *event, const char *key);

/* Microseconds, written as seconds. */
void json_event_set_seconds(struct json_event *event, const char *key, uint64_t us);

/* "data" when the bytes can be a JSON string, otherwise "base64". */
void json_event_set_data(struct json_event *event, struct bytes data);

/* `part` is handed over. */
void json_event_set_part(struct json_event *event, const char *key, struct json_event *part);

/* An empty list, and one more [name, value] at its end. */
void json_event_set_pairs(struct json_event *event, const char *key);
void json_event_add_pair(struct json_event *event, const char *key, const char *name,
			 const char *value);

/* The line without its newline; owned by the caller. Frees the event. */
char *json_event_line(struct json_event *event);
