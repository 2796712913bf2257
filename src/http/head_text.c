/* SPDX-License-Identifier: ISC */
/* head_text: the head of an HTTP response as people and scripts read it. */
#include "config.h"

#include "http/head_text.h"

#include "base/bytes.h"
#include "base/escape.h"
#include "base/text.h"
#include "http/http_head.h"
#include "io/stdout_writer.h"

#include <stdlib.h>
#include <string.h>

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

void head_text_lines(struct stdout_writer *output, const struct text *text, bool terminal,
		     bool color)
{
	struct bytes rest = bytes_of(text->data, text->len);
	const unsigned char *end;

	while (rest.len > 0 && (end = memchr(rest.data, '\n', rest.len)) != NULL) {
		size_t len = (size_t)(end - rest.data);

		add_line(output, bytes_of(rest.data, len), terminal, color);
		rest = bytes_of(end + 1, rest.len - len - 1);
	}
}

void head_text_fields(struct stdout_writer *output, const struct http_head *head,
		      const char *const *names, size_t count, bool terminal)
{
	for (size_t i = 0; i < head->count; i++) {
		const struct http_field *field = &head->fields[i];

		if (http_field_is_named(field, names, count))
			add_line(output, bytes_of(field->value, field->value_len), terminal, false);
	}
}
