/* SPDX-License-Identifier: ISC */
/* http_request: the request that `liu head` sends. */
#include "config.h"

#include "http/http_request.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/escape.h"
#include "base/text.h"
#include "http/url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SHOWN_SIZE = 80 };

/* RFC 9110, 5.6.2. */
#define TOKEN_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~"

enum header_action { HEADER_REPLACE, HEADER_REMOVE, HEADER_EMPTY };

/* A header line of the command line. */
struct header {
	struct bytes name;
	const char *value;
	enum header_action action;
};

static bool refuse(struct err *err, const char *what, const char *text, const char *why)
{
	char shown[SHOWN_SIZE];

	return err_set(err, ERR_USAGE, "bad %s '%s': %s", what,
		       escape_visible(bytes_of_string(text), shown, sizeof(shown)), why);
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7f)
			return true;
	return false;
}

/* False when it is no header line. */
static bool header_read(const char *line, struct header *out)
{
	size_t name = strspn(line, TOKEN_CHARS);
	const char *value;

	if (name == 0 || (line[name] != ':' && line[name] != ';'))
		return false;
	value = line + name + 1 + strspn(line + name + 1, " \t");
	if (line[name] == ';' && *value != '\0')
		return false;
	out->name = bytes_of(line, name);
	out->value = value;
	if (line[name] == ';')
		out->action = HEADER_EMPTY;
	else
		out->action = *value == '\0' ? HEADER_REMOVE : HEADER_REPLACE;
	return true;
}

static bool header_check(const char *line, struct err *err)
{
	struct header header;

	if (has_control(line))
		return refuse(err, "header", line, "a control character in it");
	if (!header_read(line, &header))
		return refuse(err, "header", line, "not of the form 'Name: value'");
	return true;
}

bool http_request_check(const struct http_request_options *options, struct err *err)
{
	const char *method = options->method;

	if (*method == '\0' || method[strspn(method, TOKEN_CHARS)] != '\0')
		return refuse(err, "method", method, "only letters, digits and -._ and the like");
	if (options->user_agent != NULL && has_control(options->user_agent))
		return refuse(err, "user agent", options->user_agent, "a control character in it");
	for (size_t i = 0; i < options->header_count; i++)
		if (!header_check(options->headers[i], err))
			return false;
	return true;
}

static bool is_named(const struct header *header, const char *name)
{
	return header->name.len == strlen(name) &&
	       strncasecmp((const char *)header->name.data, name, header->name.len) == 0;
}

/* Does a header line of the user speak of `name`? */
static bool user_has(const struct http_request_options *options, const char *name)
{
	struct header header;

	for (size_t i = 0; i < options->header_count; i++)
		if (header_read(options->headers[i], &header) && is_named(&header, name))
			return true;
	return false;
}

static void add_default(struct text *out, const struct http_request_options *options,
			const char *name, const char *value)
{
	if (*value != '\0' && !user_has(options, name))
		text_addf(out, "%s: %s\r\n", name, value);
}

/* The user's lines; those named Host by themselves, for they come first. */
static void add_user(struct text *out, const struct http_request_options *options, bool host)
{
	for (size_t i = 0; i < options->header_count; i++) {
		struct header header;

		if (!header_read(options->headers[i], &header) || header.action == HEADER_REMOVE ||
		    is_named(&header, "Host") != host)
			continue;
		text_addf(out, "%.*s:%s%s\r\n", (int)header.name.len,
			  (const char *)header.name.data, *header.value ? " " : "", header.value);
	}
}

/* Host: brackets for IPv6, whose zone means nothing to the peer (RFC 6874, 1). */
static char *host_value(const struct url *url)
{
	bool v6 = url->literal && strchr(url->host, ':') != NULL;
	int len = (int)(v6 ? strcspn(url->host, "%") : strlen(url->host));
	const char *open = v6 ? "[" : "";
	const char *close = v6 ? "]" : "";

	if (url->port == (url->https ? 443 : 80))
		return alloc_printf("%s%.*s%s", open, len, url->host, close);
	return alloc_printf("%s%.*s%s:%u", open, len, url->host, close, url->port);
}

static char *authorization_value(const struct url *url)
{
	char *base64, *value;

	if (url->userinfo == NULL)
		return alloc_string("");
	base64 = bytes_base64(bytes_of_string(url->userinfo));
	value = alloc_printf("Basic %s", base64);
	free(base64);
	return value;
}

struct bytes http_request(const struct url *url, const struct http_request_options *options)
{
	const char *agent =
		options->user_agent != NULL ? options->user_agent : "liu/" PACKAGE_VERSION;
	char *host = host_value(url);
	char *authorization = authorization_value(url);
	struct text out = { 0 };
	size_t len;

	text_addf(&out, "%s %s HTTP/1.%c\r\n", options->method, url->target,
		  options->http10 ? '0' : '1');
	add_default(&out, options, "Host", host);
	add_user(&out, options, true);
	add_default(&out, options, "User-Agent", agent);
	add_default(&out, options, "Accept", "*/*");
	add_default(&out, options, "Authorization", authorization);
	add_default(&out, options, "Connection", "close");
	add_user(&out, options, false);
	text_addf(&out, "\r\n");
	free(host);
	free(authorization);
	len = out.len;
	return bytes_of(text_take(&out), len);
}
