/* SPDX-License-Identifier: ISC */
/* fuzz_http: heads of responses, URLs, header lines and ranges. */
#include "config.h"

#include "base/bytes.h"
#include "base/err.h"
#include "http/http_head.h"
#include "http/http_request.h"
#include "http/url.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An invariant that an assert would not check in a build without asserts. */
static void require(bool holds)
{
	if (!holds)
		abort();
}

/* Each line in a block of exactly its size, as the sanitizers like it. */
static enum http_head_status feed_line(struct http_head *head, const uint8_t *line, size_t size)
{
	struct err err = { 0 };
	uint8_t *copy = malloc(size);
	enum http_head_status status;

	require(copy != NULL);
	memcpy(copy, line, size);
	status = http_head_line(head, bytes_of(copy, size), &err);
	free(copy);
	require((status == HTTP_HEAD_FAIL) ==
		(err.kind == ERR_IO || err.kind == ERR_LIMIT_OVERRUN));
	return status;
}

static void check_head(const uint8_t *data, size_t size)
{
	struct http_head head = { 0 };
	enum http_head_status status = HTTP_HEAD_MORE;

	while (size > 0 && status == HTTP_HEAD_MORE) {
		const uint8_t *newline = memchr(data, '\n', size);
		size_t n = newline != NULL ? (size_t)(newline - data) + 1 : size;

		status = feed_line(&head, data, n);
		data += n;
		size -= n;
	}
	require(status == HTTP_HEAD_FAIL || head.bytes <= HTTP_HEAD_MAX);
	require(head.count <= HTTP_FIELDS_MAX);
	if (head.version != NULL)
		require(head.status >= 100 && head.status <= 999 && head.reason != NULL);
	for (size_t i = 0; i < head.count; i++) {
		require(head.fields[i].name[0] != '\0');
		require(strlen(head.fields[i].value.data) == head.fields[i].value.len);
		require(strpbrk(head.fields[i].value.data, "\r\n") == NULL);
	}
	http_head_free(&head);
}

/* How many lines a request has: no option may add one. */
static size_t count_lines(const char *request)
{
	size_t count = 0;

	for (size_t i = 0; request[i] != '\0'; i++) {
		bool cr = i > 0 && request[i - 1] == '\r';

		require((request[i] == '\n') == cr);
		count += request[i] == '\n';
	}
	return count;
}

static void check_request(const struct url *url, const char *header)
{
	struct http_request_options options = {
		.method = "HEAD",
		.headers = &header,
		.header_count = header != NULL ? 1 : 0,
	};
	char *request;
	struct err err;
	size_t lines;

	if (!http_request_check(&options, &err))
		return;
	request = http_request(url, &options);
	lines = count_lines(request);
	/* The request line and the blank one, four or five defaults, the user's. */
	require(lines >= 5 && lines <= 8);
	free(request);
}

static void check_url(const char *text)
{
	struct err err = { 0 };
	struct url url;

	if (!url_parse(text, &url, &err)) {
		require(err.kind == ERR_USAGE && err.text[0] != '\0');
		return;
	}
	require(url.target[0] == '/' && url.address.host[0] != '\0' && url.address.port > 0);
	require(bytes_is_utf8(bytes_of_string(url.text)));
	require(strpbrk(url.address.host, "/?#@[]\\ \r\n") == NULL);
	require(strpbrk(url.target, "# \r\n") == NULL);
	check_request(&url, NULL);
	url_free(&url);
}

static void check_header(const char *text)
{
	struct err err;
	struct url url;

	require(url_parse("http://h/", &url, &err));
	check_request(&url, text);
	url_free(&url);
}

static void check_ranges(const char *text)
{
	bool any = false;

	for (int status = 100; status <= 999; status++)
		any = any || http_ranges_hold(text, status);
	require(any == http_ranges_valid(text));
	require(!http_ranges_hold(text, 99) && !http_ranges_hold(text, 1000));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	require(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	check_head(data, size);
	check_url(text);
	check_header(text);
	check_ranges(text);
	free(text);
	return 0;
}
