/* SPDX-License-Identifier: ISC */
/* http_head: the head of an HTTP response, read line by line. */
#include "config.h"

#include "http/http_head.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/escape.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SHOWN_SIZE = 80 };

static enum http_head_status fail(struct err *err, const char *what, struct bytes line)
{
	char shown[SHOWN_SIZE];

	(void)err_set(err, ERR_IO, "%s: '%s'", what, escape_visible(line, shown, sizeof(shown)));
	return HTTP_HEAD_FAIL;
}

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t';
}

static struct bytes trimmed(struct bytes b)
{
	while (b.len > 0 && is_blank(b.data[b.len - 1]))
		b.len--;
	while (b.len > 0 && is_blank(b.data[0]))
		b = bytes_of(b.data + 1, b.len - 1);
	return b;
}

static bool has_byte(struct bytes b, char byte)
{
	return memchr(b.data, byte, b.len) != NULL;
}

static bool within_limits(const struct http_head *head, struct bytes content, struct err *err)
{
	if (content.len > HTTP_LINE_MAX)
		return err_set(err, ERR_LIMIT_OVERRUN, "a header line is longer than %d bytes",
			       HTTP_LINE_MAX);
	if (head->bytes > HTTP_HEAD_MAX)
		return err_set(err, ERR_LIMIT_OVERRUN, "the headers are longer than %d bytes",
			       HTTP_HEAD_MAX);
	return true;
}

/* Does `content` begin with "HTTP/1.d ddd", and then a space or nothing? */
static bool is_status_line(struct bytes content)
{
	static const char form[] = "HTTP/1.d ddd";
	size_t len = strlen(form);

	if (content.len < len || has_byte(content, '\0') || has_byte(content, '\r'))
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = content.data[i];

		if (form[i] == 'd' ? c < '0' || c > '9' : c != (unsigned char)form[i])
			return false;
	}
	return content.data[len - 3] != '0' && (content.len == len || content.data[len] == ' ');
}

/* "HTTP/1.1 200 OK"; the reason may be missing, with its space or without. */
static enum http_head_status read_status(struct http_head *head, struct bytes line,
					 struct bytes content, struct err *err)
{
	size_t version = strlen("HTTP/1.d"), status = strlen("HTTP/1.d ddd");

	if (!is_status_line(content))
		return fail(err, "the response is not HTTP", line);
	head->version = bytes_string(bytes_of(content.data, version));
	for (size_t i = version + 1; i < status; i++)
		head->status = head->status * 10 + (content.data[i] - '0');
	head->reason = bytes_string(trimmed(bytes_of(content.data + status, content.len - status)));
	head->has_status = true;
	return HTTP_HEAD_MORE;
}

/* RFC 9112, 5.2: a line that begins with a space continues the line before it. */
static enum http_head_status read_fold(struct http_head *head, struct bytes line,
				       struct bytes content, struct err *err)
{
	struct http_field *last;
	size_t at;

	if (head->count == 0)
		return fail(err, "folded line without a header before it", line);
	content = trimmed(content);
	if (content.len == 0)
		return HTTP_HEAD_MORE;
	last = &head->fields[head->count - 1];
	at = last->value_len > 0 ? last->value_len + 1 : 0;
	last->value_len = at + content.len;
	last->value = alloc_resize(last->value, last->value_len + 1);
	if (at > 0)
		last->value[at - 1] = ' ';
	memcpy(last->value + at, content.data, content.len);
	last->value[last->value_len] = '\0';
	return HTTP_HEAD_MORE;
}

static enum http_head_status read_field(struct http_head *head, struct bytes line,
					struct bytes content, struct err *err)
{
	const unsigned char *colon = memchr(content.data, ':', content.len);
	struct bytes name, value;
	struct http_field *field;

	if (colon == NULL)
		return fail(err, "header line without a colon", line);
	name = trimmed(bytes_of(content.data, (size_t)(colon - content.data)));
	value = trimmed(bytes_of(colon + 1, content.len - (size_t)(colon + 1 - content.data)));
	if (name.len == 0)
		return fail(err, "header line without a name", line);
	if (head->count == HTTP_FIELDS_MAX) {
		(void)err_set(err, ERR_LIMIT_OVERRUN, "more than %d headers", HTTP_FIELDS_MAX);
		return HTTP_HEAD_FAIL;
	}
	head->fields = alloc_resize(head->fields, (head->count + 1) * sizeof(*head->fields));
	field = &head->fields[head->count++];
	field->name = bytes_string(name);
	field->value = bytes_string(value);
	field->value_len = value.len;
	return HTTP_HEAD_MORE;
}

enum http_head_status http_head_line(struct http_head *head, struct bytes line, struct err *err)
{
	struct bytes content = bytes_without_newline(line);

	head->bytes += line.len;
	if (!within_limits(head, content, err))
		return HTTP_HEAD_FAIL;
	if (!head->has_status)
		return read_status(head, line, content, err);
	if (content.len == 0)
		return HTTP_HEAD_DONE;
	if (has_byte(content, '\0'))
		return fail(err, "NUL in a header line", line);
	if (has_byte(content, '\r'))
		return fail(err, "bare CR in a header line", line);
	if (is_blank(content.data[0]))
		return read_fold(head, line, content, err);
	return read_field(head, line, content, err);
}

bool http_field_is_named(const struct http_field *field, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(field->name, names[i]) == 0)
			return true;
	}
	return false;
}

bool http_head_has(const struct http_head *head, const char *const *names, size_t count)
{
	for (size_t i = 0; i < head->count; i++) {
		if (http_field_is_named(&head->fields[i], names, count))
			return true;
	}
	return false;
}

void http_head_free(struct http_head *head)
{
	for (size_t i = 0; i < head->count; i++) {
		free(head->fields[i].name);
		free(head->fields[i].value);
	}
	free(head->fields);
	free(head->version);
	free(head->reason);
	*head = (struct http_head){ 0 };
}
