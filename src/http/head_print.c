/* SPDX-License-Identifier: ISC */
/* head_print: the head of an HTTP response as people and scripts read it. */
#include "config.h"

#include "http/head_print.h"

#include "base/escape.h"
#include "http/step_head.h"
#include "io/fd_writer.h"
#include "session/client.h"
#include "session/event_writer.h"

#include <event2/buffer.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BOLD  "\x1B[1m"
#define PLAIN "\x1B[0m"

/* Bold: the name of "Name: value", or the whole status line. */
static void add_visible(struct evbuffer *to, struct bytes line, bool color)
{
	char *shown = escape_controls(line);
	size_t bold = strncmp(shown, "HTTP/", 5) == 0 ? strlen(shown) : strcspn(shown, ":");

	if (color)
		(void)evbuffer_add_printf(to, BOLD "%.*s" PLAIN "%s", (int)bold, shown,
					  shown + bold);
	else
		(void)evbuffer_add(to, shown, strlen(shown));
	free(shown);
}

static void add_line(struct fd_writer *output, struct bytes line, bool color)
{
	struct evbuffer *to = fd_writer_queue(output);

	if (color || fd_writer_is_terminal(output))
		add_visible(to, line, color);
	else
		(void)evbuffer_add(to, line.data, line.len);
	(void)evbuffer_add(to, "\n", 1);
	fd_writer_added(output);
}

void head_print_lines(struct fd_writer *output, const struct step_head *step, bool color)
{
	const char *line = step->text.data;
	const char *end = line + step->text.len;

	while (line < end) {
		size_t len =
			(size_t)((const char *)memchr(line, '\n', (size_t)(end - line)) - line);

		add_line(output, bytes_of(line, len), color);
		line += len + 1;
	}
}

void head_print_field(struct fd_writer *output, const struct step_head *step, const char *name,
		      bool named)
{
	for (size_t i = 0; i < step->head.count; i++) {
		const struct http_field *field = &step->head.fields[i];
		struct text line = { 0 };

		if (strcasecmp(field->name, name) != 0)
			continue;
		if (named)
			text_addf(&line, "%s: ", field->name);
		text_add(&line, bytes_of(field->value.data, field->value.len));
		add_line(output, bytes_of(line.data, line.len), false);
		free(line.data);
	}
}

/* A text of the server's; where it is not UTF-8 it is read as Latin-1. */
static json_t *text(const char *string)
{
	struct text utf8 = { 0 };
	json_t *value;

	if (bytes_is_utf8(bytes_of_string(string)))
		return json_string(string);
	for (const unsigned char *c = (const unsigned char *)string; *c != '\0'; c++) {
		const char pair[] = { (char)(0xC0 | *c >> 6), (char)(0x80 | (*c & 0x3F)) };

		text_add(&utf8, *c < 0x80 ? bytes_of(c, 1) : bytes_of(pair, 2));
	}
	value = json_stringn(utf8.data, utf8.len);
	free(utf8.data);
	return value;
}

static json_t *fields(const struct http_head *head)
{
	json_t *pairs = json_array();

	for (size_t i = 0; i < head->count; i++)
		json_array_append_new(pairs, json_pack("[o, o]", text(head->fields[i].name),
						       text(head->fields[i].value.data)));
	return pairs;
}

static json_t *timing(const struct client_times *times, uint64_t first_byte_us)
{
	json_t *object = json_object();

	json_object_set_new(object, "resolve", event_writer_seconds(times->dial.resolve_us));
	json_object_set_new(object, "connect", event_writer_seconds(times->dial.connect_us));
	if (times->dial.tls_us > 0) /* https */
		json_object_set_new(object, "tls", event_writer_seconds(times->dial.tls_us));
	json_object_set_new(object, "first_byte", event_writer_seconds(first_byte_us));
	json_object_set_new(object, "total", event_writer_seconds(times->total_us));
	return object;
}

void head_print_event(struct event_writer *events, const char *url, const struct step_head *step,
		      const struct client_times *times)
{
	const struct http_head *head = &step->head;
	json_t *event = json_object();

	json_object_set_new(event, "event", json_string("head"));
	json_object_set_new(event, "url", text(url));
	json_object_set_new(event, "status", json_integer(head->status));
	json_object_set_new(event, "reason", text(head->reason));
	json_object_set_new(event, "version", text(head->version));
	json_object_set_new(event, "headers", fields(head));
	json_object_set_new(event, "timing", timing(times, step->first_byte_us));
	event_writer_add(events, event);
}
