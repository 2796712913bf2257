/* SPDX-License-Identifier: ISC */
/* http_head: the head of an HTTP response, read line by line. */
#include "config.h"

#include "http/http_head.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/escape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SHOWN_SIZE = 80, STATUS_DIGITS = 3 };

static enum http_head_status fail(struct err *err, const char *what, struct bytes line)
{
	char shown[SHOWN_SIZE];

	(void)err_set(err, ERR_IO, "%s: '%s'", what, escape_visible(line, shown, sizeof(shown)));
	return HTTP_HEAD_FAIL;
}

static bool has_byte(struct bytes b, char byte)
{
	return memchr(b.data, byte, b.len) != NULL;
}

bool http_head_begins(struct bytes start)
{
	static const char scheme[] = "HTTP/";
	size_t len = start.len < strlen(scheme) ? start.len : strlen(scheme);

	return len == 0 || memcmp(start.data, scheme, len) == 0;
}

/* "HTTP/1.1 200 OK", with any number of spaces in between; the reason may be missing, with
 * its space or without. */
static enum http_head_status read_status(struct http_head *head, struct bytes line,
					 struct bytes content, struct err *err)
{
	char *text = bytes_string(content);
	char code[4] = "";
	int end = 0;
	bool good = strlen(text) == content.len && strchr(text, '\r') == NULL &&
		    sscanf(text, "HTTP/1.%*1[0-9]%*[ ]%3[0-9]%n", code, &end) == 1 &&
		    code[0] != '0' && strlen(code) == 3 && (text[end] == '\0' || text[end] == ' ');

	if (good) {
		head->version = bytes_string(bytes_of(text, strlen("HTTP/1.d")));
		head->status = (int)strtol(code, NULL, 10);
		head->reason = bytes_string(bytes_trimmed(bytes_of_string(text + end)));
	}
	free(text);
	return good ? HTTP_HEAD_MORE : fail(err, "the response is not HTTP", line);
}

/* RFC 9112: a line that begins with a space continues the line before it (5.2); before the
 * first field it belongs to none (2.2). */
static enum http_head_status read_fold(struct http_head *head, struct bytes content)
{
	struct text *value;

	if (head->count == 0)
		return HTTP_HEAD_MORE;
	content = bytes_trimmed(content);
	value = &head->fields[head->count - 1].value;
	if (value->len > 0 && content.len > 0)
		text_add(value, bytes_of(" ", 1));
	text_add(value, content);
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
	name = bytes_trimmed(bytes_of(content.data, (size_t)(colon - content.data)));
	value = bytes_trimmed(
		bytes_of(colon + 1, content.len - (size_t)(colon + 1 - content.data)));
	if (name.len == 0)
		return fail(err, "header line without a name", line);
	if (head->count == HTTP_FIELDS_MAX) {
		(void)err_set(err, ERR_LIMIT_OVERRUN, "more than %d headers", HTTP_FIELDS_MAX);
		return HTTP_HEAD_FAIL;
	}
	head->fields = alloc_resize(head->fields, (head->count + 1) * sizeof(*head->fields));
	field = &head->fields[head->count++];
	*field = (struct http_field){ .name = bytes_string(name) };
	text_add(&field->value, value);
	return HTTP_HEAD_MORE;
}

enum http_head_status http_head_line(struct http_head *head, struct bytes line, struct err *err)
{
	struct bytes content = bytes_without_newline(line);

	head->bytes += line.len;
	if (head->bytes > HTTP_HEAD_MAX) {
		(void)err_set(err, ERR_LIMIT_OVERRUN, "the headers are longer than %d bytes",
			      HTTP_HEAD_MAX);
		return HTTP_HEAD_FAIL;
	}
	if (head->status == 0)
		return read_status(head, line, content, err);
	if (content.len == 0)
		return HTTP_HEAD_DONE;
	if (has_byte(content, '\0'))
		return fail(err, "NUL in a header line", line);
	if (has_byte(content, '\r'))
		return fail(err, "bare CR in a header line", line);
	if (content.data[0] == ' ' || content.data[0] == '\t')
		return read_fold(head, content);
	return read_field(head, line, content, err);
}

bool http_head_has(const struct http_head *head, const char *name)
{
	for (size_t i = 0; i < head->count; i++)
		if (strcasecmp(head->fields[i].name, name) == 0)
			return true;
	return false;
}

void http_head_free(struct http_head *head)
{
	for (size_t i = 0; i < head->count; i++) {
		free(head->fields[i].name);
		free(head->fields[i].value.data);
	}
	free(head->fields);
	free(head->version);
	free(head->reason);
	*head = (struct http_head){ 0 };
}

/* Read three digits at `*text`, which moves past them; 0 when they are not a status. */
static int take_status(const char **text)
{
	const char *digits = *text;

	if (strspn(digits, "0123456789") != STATUS_DIGITS || digits[0] == '0')
		return 0;
	*text += STATUS_DIGITS;
	return (int)strtol(digits, NULL, 10);
}

/* False when `ranges` are malformed. `*holds`: is `status` in one of them? */
static bool read_ranges(const char *ranges, int status, bool *holds)
{
	*holds = false;
	do {
		int low = take_status(&ranges), high = low;

		if (low != 0 && *ranges == '-') {
			ranges++;
			high = take_status(&ranges);
		}
		if (low == 0 || high < low || (*ranges != ',' && *ranges != '\0'))
			return false;
		*holds = *holds || (status >= low && status <= high);
	} while (*ranges++ != '\0');
	return true;
}

bool http_ranges_valid(const char *ranges)
{
	bool holds;

	return read_ranges(ranges, 0, &holds);
}

bool http_ranges_hold(const char *ranges, int status)
{
	bool holds;

	return read_ranges(ranges, status, &holds) && holds;
}
