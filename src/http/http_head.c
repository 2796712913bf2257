/* SPDX-License-Identifier: ISC */
/* http_head: the head of an HTTP answer, read line by line. */
#include "config.h"

#include "http/http_head.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/escape.h"

#include <stdlib.h>
#include <string.h>

enum {
	SHOWN_SIZE = 80,
	STATUS_DIGITS = 3,
};

static enum http_answer fail(struct err *err, const char *what, struct bytes line)
{
	char shown[SHOWN_SIZE];

	(void)err_set(err, ERR_IO, "%s: '%s'", what, escape_visible(line, shown, sizeof(shown)));
	return HTTP_FAIL;
}

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t';
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static struct bytes without_end(struct bytes line)
{
	if (line.len > 0 && line.data[line.len - 1] == '\n')
		line.len--;
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

static struct bytes trimmed(struct bytes b)
{
	while (b.len > 0 && is_blank(b.data[b.len - 1]))
		b.len--;
	while (b.len > 0 && is_blank(b.data[0]))
		b = bytes_of(b.data + 1, b.len - 1);
	return b;
}

/* A string of bytes without NUL. */
static char *string_of(struct bytes b)
{
	return alloc_printf("%.*s", (int)b.len, (const char *)b.data);
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

/* "HTTP/1.1 200 OK"; the reason may be missing, with its space or without. */
static enum http_answer read_status(struct http_head *head, struct bytes line, struct bytes content,
				    struct err *err)
{
	static const char form[] = "HTTP/1.d ddd";
	size_t len = strlen(form);

	if (content.len < len || memchr(content.data, '\0', content.len) != NULL ||
	    memchr(content.data, '\r', content.len) != NULL)
		return fail(err, "the answer is not HTTP", line);
	for (size_t i = 0; i < len; i++) {
		bool match = form[i] == 'd' ? is_digit(content.data[i])
					    : content.data[i] == (unsigned char)form[i];
		if (!match)
			return fail(err, "the answer is not HTTP", line);
	}
	if (content.data[len - STATUS_DIGITS] == '0' ||
	    (content.len > len && content.data[len] != ' '))
		return fail(err, "the answer is not HTTP", line);
	head->version = string_of(bytes_of(content.data, strlen("HTTP/1.d")));
	head->status = (content.data[len - 3] - '0') * 100 + (content.data[len - 2] - '0') * 10 +
		       (content.data[len - 1] - '0');
	head->reason = string_of(trimmed(bytes_of(content.data + len, content.len - len)));
	head->has_status = true;
	return HTTP_MORE;
}

/* RFC 9112, 5.2: a line that begins with a space goes on with the one before. */
static enum http_answer read_fold(struct http_head *head, struct bytes line, struct bytes content,
				  struct err *err)
{
	struct http_field *last;
	size_t at;

	if (head->count == 0)
		return fail(err, "a folded line without a header before it", line);
	content = trimmed(content);
	if (content.len == 0)
		return HTTP_MORE;
	last = &head->fields[head->count - 1];
	at = last->value_len > 0 ? last->value_len + 1 : 0;
	last->value = alloc_resize(last->value, at + content.len + 1);
	if (at > 0)
		last->value[at - 1] = ' ';
	memcpy(last->value + at, content.data, content.len);
	last->value_len = at + content.len;
	last->value[last->value_len] = '\0';
	return HTTP_MORE;
}

static enum http_answer read_field(struct http_head *head, struct bytes line, struct bytes content,
				   struct err *err)
{
	const unsigned char *colon = memchr(content.data, ':', content.len);
	struct bytes name, value;
	struct http_field *field;

	if (colon == NULL)
		return fail(err, "a header line without a colon", line);
	name = trimmed(bytes_of(content.data, (size_t)(colon - content.data)));
	value = trimmed(bytes_of(colon + 1, content.len - (size_t)(colon + 1 - content.data)));
	if (name.len == 0)
		return fail(err, "a header line without a name", line);
	if (head->count == HTTP_FIELDS_MAX) {
		(void)err_set(err, ERR_LIMIT_OVERRUN, "more than %d headers", HTTP_FIELDS_MAX);
		return HTTP_FAIL;
	}
	head->fields = alloc_resize(head->fields, (head->count + 1) * sizeof(*head->fields));
	field = &head->fields[head->count++];
	field->name = string_of(name);
	field->value = string_of(value);
	field->value_len = value.len;
	return HTTP_MORE;
}

enum http_answer http_head_line(struct http_head *head, struct bytes line, struct err *err)
{
	struct bytes content = without_end(line);

	head->bytes += line.len;
	if (!within_limits(head, content, err))
		return HTTP_FAIL;
	if (!head->has_status)
		return read_status(head, line, content, err);
	if (content.len == 0)
		return HTTP_DONE;
	if (memchr(content.data, '\0', content.len) != NULL)
		return fail(err, "a NUL in a header line", line);
	if (memchr(content.data, '\r', content.len) != NULL)
		return fail(err, "a bare CR in a header line", line);
	if (is_blank(content.data[0]))
		return read_fold(head, line, content, err);
	return read_field(head, line, content, err);
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
