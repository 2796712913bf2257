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

enum { SHOWN_SIZE = 80 };

/* RFC 9110, 5.6.2. */
#define TOKEN_SIGNS "!#$%&'*+-.^_`|~"
#define TOKEN_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" TOKEN_SIGNS

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

	return err_set(err, ERR_USAGE, "invalid %s '%s': %s", what,
		       escape_visible(bytes_of_string(text), shown, sizeof(shown)), why);
}

/* False when `line` is not a header line. */
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

	if (bytes_has_control(line))
		return refuse(err, "header", line, "control character");
	if (!header_read(line, &header))
		return refuse(err, "header", line, "not 'Name: value', 'Name:' or 'Name;'");
	return true;
}

bool http_request_check(const struct http_request_options *options, struct err *err)
{
	const char *method = options->method;

	if (*method == '\0' || method[strspn(method, TOKEN_CHARS)] != '\0')
		return refuse(err, "method", method, "only letters, digits and " TOKEN_SIGNS);
	if (options->user_agent != NULL && bytes_has_control(options->user_agent))
		return refuse(err, "user agent", options->user_agent, "control character");
	for (size_t i = 0; i < options->header_count; i++)
		if (!header_check(options->headers[i], err))
			return false;
	return true;
}

/* Did the user give a header of that name? */
static bool user_has(const struct http_request_options *options, const char *name)
{
	struct header header;

	for (size_t i = 0; i < options->header_count; i++)
		if (header_read(options->headers[i], &header) && bytes_is_name(header.name, name))
			return true;
	return false;
}

static void add_default(struct text *out, const struct http_request_options *options,
			const char *name, const char *value)
{
	if (*value != '\0' && !user_has(options, name))
		text_addf(out, "%s: %s\r\n", name, value);
}

/* The user's lines: either those named Host, which come first, or the others. */
static void add_user(struct text *out, const struct http_request_options *options, bool host)
{
	for (size_t i = 0; i < options->header_count; i++) {
		struct header header;

		if (!header_read(options->headers[i], &header) || header.action == HEADER_REMOVE ||
		    bytes_is_name(header.name, "Host") != host)
			continue;
		text_addf(out, "%.*s:%s%s\r\n", (int)header.name.len,
			  (const char *)header.name.data, *header.value ? " " : "", header.value);
	}
}

/* IPv6 in brackets, without the zone, which means nothing to the peer (RFC 6874, 1). */
static char *host_value(const struct url *url)
{
	bool v6 = url->literal && strchr(url->host, ':') != NULL;
	struct text value = { 0 };

	if (v6)
		text_addf(&value, "[%.*s]", (int)strcspn(url->host, "%"), url->host);
	else
		text_addf(&value, "%s", url->host);
	if (url->port != (url->https ? 443 : 80))
		text_addf(&value, ":%u", url->port);
	return text_take(&value);
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

char *http_request(const struct url *url, const struct http_request_options *options)
{
	const char *agent =
		options->user_agent != NULL ? options->user_agent : "liu/" PACKAGE_VERSION;
	char *host = host_value(url);
	char *authorization = authorization_value(url);
	struct text out = { 0 };

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
	return text_take(&out);
}
