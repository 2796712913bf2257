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

static bool refuse(struct err *err, const char *what, const char *text, const char *why)
{
	char shown[SHOWN_SIZE];

	return err_set(err, ERR_USAGE, "invalid %s '%s': %s", what,
		       escape_visible(bytes_of_string(text), shown, sizeof(shown)), why);
}

static struct bytes header_name(const char *line)
{
	return bytes_of(line, strspn(line, TOKEN_CHARS));
}

/* What follows the sign after the name. */
static const char *header_value(const char *line)
{
	const char *value = line + header_name(line).len + 1;

	return value + strspn(value, " \t");
}

static bool header_check(const char *line, struct err *err)
{
	size_t name = header_name(line).len;
	bool colon = line[name] == ':';
	bool empty = line[name] == ';' && *header_value(line) == '\0';

	if (bytes_has_control(line))
		return refuse(err, "header", line, "control character");
	if (name == 0 || !(colon || empty))
		return refuse(err, "header", line, "not 'Name: value', 'Name:' or 'Name;'");
	return true;
}

static bool token_check(const char *what, const char *text, struct err *err)
{
	if (*text != '\0' && text[strspn(text, TOKEN_CHARS)] == '\0')
		return true;
	return refuse(err, what, text, "only letters, digits and " TOKEN_SIGNS);
}

bool http_name_check(const char *name, struct err *err)
{
	return token_check("header name", name, err);
}

bool http_request_check(const struct http_request_options *options, struct err *err)
{
	if (!token_check("method", options->method, err))
		return false;
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
	for (size_t i = 0; i < options->header_count; i++)
		if (bytes_is_name(header_name(options->headers[i]), name))
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
		const char *line = options->headers[i];
		struct bytes name = header_name(line);
		const char *value = header_value(line);
		bool removes = line[name.len] == ':' && *value == '\0';

		if (!removes && bytes_is_name(name, "Host") == host)
			text_addf(out, "%.*s:%s%s\r\n", (int)name.len, line, *value ? " " : "",
				  value);
	}
}

/* IPv6 in brackets, without the zone, which means nothing to the peer (RFC 6874, 1). */
static char *host_value(const struct url *url)
{
	const char *host = url->address.host;
	bool v6 = strchr(host, ':') != NULL;
	struct text value = { 0 };

	text_addf(&value, "%s%.*s%s", v6 ? "[" : "", (int)strcspn(host, "%"), host, v6 ? "]" : "");
	if (url->address.port != (url->address.tls ? 443 : 80))
		text_addf(&value, ":%u", url->address.port);
	return text_take(&value);
}

char *http_request(const struct url *url, const struct http_request_options *options)
{
	const char *agent =
		options->user_agent != NULL ? options->user_agent : "liu/" PACKAGE_VERSION;
	char *host = host_value(url);
	char *credentials =
		bytes_base64(bytes_of_string(url->userinfo != NULL ? url->userinfo : ""));
	struct text out = { 0 };

	text_addf(&out, "%s %s HTTP/1.%c\r\n", options->method, url->target,
		  options->http10 ? '0' : '1');
	add_default(&out, options, "Host", host);
	add_user(&out, options, true);
	add_default(&out, options, "User-Agent", agent);
	add_default(&out, options, "Accept", "*/*");
	if (*credentials != '\0' && !user_has(options, "Authorization"))
		text_addf(&out, "Authorization: Basic %s\r\n", credentials);
	add_default(&out, options, "Connection", "close");
	add_user(&out, options, false);
	text_addf(&out, "\r\n");
	free(host);
	free(credentials);
	return text_take(&out);
}
