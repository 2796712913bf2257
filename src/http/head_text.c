/* SPDX-License-Identifier: ISC */
/* head_text: the head of an HTTP answer as people and scripts read it. */
#include "config.h"

#include "http/head_text.h"

#include "base/bytes.h"
#include "base/escape.h"
#include "http/http_head.h"
#include "io/stdout_writer.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char name_on[] = "\x1B[1m";
static const char name_off[] = "\x1B[0m";

static void add_string(struct stdout_writer *output, const char *text)
{
	stdout_writer_add(output, bytes_of_string(text));
}

/* The name of "Name: value", or the whole status line, in bold. */
static void add_colored(struct stdout_writer *output, const char *line)
{
	const char *colon = strncmp(line, "HTTP/", 5) == 0 ? NULL : strchr(line, ':');
	size_t len = colon != NULL ? (size_t)(colon - line) : strlen(line);

	add_string(output, name_on);
	stdout_writer_add(output, bytes_of(line, len));
	add_string(output, name_off);
	add_string(output, line + len);
}

static void add_line(struct stdout_writer *output, struct bytes line, bool terminal, bool color)
{
	char *shown;

	if (!terminal && !color) {
		stdout_writer_add(output, line);
		stdout_writer_add(output, bytes_of("\n", 1));
		return;
	}
	shown = escape_controls(line);
	if (color)
		add_colored(output, shown);
	else
		add_string(output, shown);
	add_string(output, "\n");
	free(shown);
}

void head_text_answer(struct stdout_writer *output, struct evbuffer *text, bool terminal,
		      bool color)
{
	char *line;
	size_t len;

	while ((line = evbuffer_readln(text, &len, EVBUFFER_EOL_LF)) != NULL) {
		add_line(output, bytes_of(line, len), terminal, color);
		free(line);
	}
}

bool head_text_any(const struct evbuffer *text)
{
	return evbuffer_get_length(text) > 0;
}

static bool is_named(const struct http_field *field, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(field->name, names[i]) == 0)
			return true;
	}
	return false;
}

bool head_text_fields(struct stdout_writer *output, const struct http_head *head,
		      const char *const *names, size_t count, bool terminal)
{
	for (size_t i = 0; i < head->count; i++) {
		const struct http_field *field = &head->fields[i];

		if (is_named(field, names, count))
			add_line(output, bytes_of(field->value, field->value_len), terminal, false);
	}
	return head_text_has_field(head, names, count);
}

bool head_text_has_field(const struct http_head *head, const char *const *names, size_t count)
{
	for (size_t i = 0; i < head->count; i++) {
		if (is_named(&head->fields[i], names, count))
			return true;
	}
	return false;
}
