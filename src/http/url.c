/* SPDX-License-Identifier: ISC */
/* url: http and https URLs, as `liu head` takes them. */
#include "config.h"

#include "http/url.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/escape.h"
#include "base/idn.h"
#include "base/number.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * The text is cut once into views of its parts, then each part is read. Credentials
 * end at the last '@' before the path, like everywhere; what is shown is
 * the text without them.
 */

enum { HOST_MAX = 255, SHOWN_SIZE = 200 };

#define DIGITS	     "0123456789"
#define LETTERS	     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define SCHEME_CHARS LETTERS DIGITS "+-."
#define NAME_CHARS   LETTERS DIGITS "-._"
#define ZONE_CHARS   LETTERS DIGITS "-._~"

struct parts {
	struct bytes scheme; /* without "://"; empty: none was given */
	struct bytes userinfo;
	bool has_userinfo;
	struct bytes host; /* with its brackets */
	struct bytes port; /* without ':'; may be empty */
	struct bytes target;
	const char *text;
	const char *after_userinfo;
	struct err *err;
};

static char *string_of(struct bytes b)
{
	return alloc_printf("%.*s", (int)b.len, (const char *)b.data);
}

/* The text without credentials. */
static char *without_credentials(const struct parts *p)
{
	size_t scheme = p->scheme.len > 0 ? p->scheme.len + strlen("://") : 0;

	return alloc_printf("%.*s%s", (int)scheme, p->text, p->after_userinfo);
}

/* An '@' after the host: in the path, or of a password that holds a '/' and so
 * has been cut in the middle. */
static const char *late_at(const struct parts *p)
{
	return p->has_userinfo ? NULL : strrchr((const char *)p->target.data, '@');
}

static bool refuse(const struct parts *p, const char *why)
{
	const char *at = late_at(p);
	char shown[SHOWN_SIZE];
	char *text = at != NULL ? alloc_printf("...%s", at) : without_credentials(p);

	(void)err_set(p->err, ERR_USAGE, "'%s' is no URL: %s",
		      escape_visible(bytes_of_string(text), shown, sizeof(shown)), why);
	free(text);
	return false;
}

static bool is_scheme(struct bytes b, const char *name)
{
	return b.len == strlen(name) && strncasecmp((const char *)b.data, name, b.len) == 0;
}

/* --- cutting --------------------------------------------------------------- */

static void cut_host(struct parts *p, const char *start, const char *end)
{
	const char *colon = end;

	if (*start == '[') {
		const char *close = memchr(start, ']', (size_t)(end - start));

		colon = close != NULL ? close + 1 : end;
	} else {
		colon = memchr(start, ':', (size_t)(end - start));
		if (colon == NULL)
			colon = end;
	}
	p->host = bytes_of(start, (size_t)(colon - start));
	p->port = bytes_of(colon, (size_t)(end - colon));
}

static void cut(const char *text, struct parts *p)
{
	size_t scheme = strspn(text, SCHEME_CHARS);
	const char *start = text;
	const char *end, *at;

	if (strncmp(text + scheme, "://", 3) == 0) {
		p->scheme = bytes_of(text, scheme);
		start += scheme + 3;
	}
	end = start + strcspn(start, "/?#");
	at = memrchr(start, '@', (size_t)(end - start));
	p->text = text;
	p->has_userinfo = at != NULL;
	p->userinfo = bytes_of(start, at != NULL ? (size_t)(at - start) : 0);
	p->after_userinfo = at != NULL ? at + 1 : start;
	cut_host(p, p->after_userinfo, end);
	p->target = bytes_of(end, strcspn(end, "#"));
}

/* --- the parts ------------------------------------------------------------- */

static bool read_scheme(const struct parts *p, struct url *url)
{
	bool bare = p->scheme.len == 0 && strncmp(p->text, "://", 3) != 0;

	url->https = is_scheme(p->scheme, "https");
	if (bare && (is_scheme(p->host, "http") || is_scheme(p->host, "https")) && p->port.len > 0)
		return refuse(p, "'//' is missing after the scheme");
	if (bare || url->https || is_scheme(p->scheme, "http"))
		return true;
	return refuse(p, "only http and https are known");
}

static bool read_port(const struct parts *p, struct url *url)
{
	struct err ignored;
	uint64_t port;
	char *digits;
	bool ok;

	url->port = url->https ? 443 : 80;
	if (p->port.len == 0 || (p->port.len == 1 && p->port.data[0] == ':'))
		return true;
	digits = string_of(p->port);
	ok = digits[0] == ':' && number_count(digits + 1, "port", 1, UINT16_MAX, &port, &ignored);
	free(digits);
	if (!ok)
		return refuse(p, late_at(p) == NULL
					 ? "bad port"
					 : "bad port (in a password '/', '?' and '#' are "
					   "written %2F, %3F and %23)");
	url->port = (uint16_t)port;
	return true;
}

/* "[V6]" or "[V6%25ZONE]", RFC 6874; a bare '%' before the zone is taken too. */
static bool read_bracketed(const struct parts *p, struct url *url)
{
	struct in6_addr ignored;
	char *host, *zone;
	bool ok;

	if (p->host.len < 2 || p->host.data[p->host.len - 1] != ']')
		return refuse(p, "']' is missing after the IPv6 address");
	host = string_of(bytes_of(p->host.data + 1, p->host.len - 2));
	zone = strchr(host, '%');
	if (zone != NULL) {
		size_t skip = strncmp(zone, "%25", 3) == 0 && zone[3] != '\0' ? 3 : 1;

		*zone++ = '\0';
		memmove(zone, zone + skip - 1, strlen(zone + skip - 1) + 1);
	}
	ok = inet_pton(AF_INET6, host, &ignored) == 1;
	if (ok && zone != NULL)
		ok = *zone != '\0' && zone[strspn(zone, ZONE_CHARS)] == '\0';
	if (ok) {
		url->literal = true;
		url->host = alloc_printf("%s%s%s", host, zone != NULL ? "%" : "",
					 zone != NULL ? zone : "");
	}
	free(host);
	return ok || refuse(p, "bad IPv6 address");
}

static bool read_host(const struct parts *p, struct url *url)
{
	struct in_addr ignored;
	struct err why;
	char *name;

	if (p->host.len == 0)
		return refuse(p, "no host");
	if (p->host.data[0] == '[')
		return read_bracketed(p, url);
	name = string_of(p->host);
	url->host = idn_to_ascii(name, &why);
	free(name);
	if (url->host == NULL)
		return refuse(p, why.text);
	if (url->host[strspn(url->host, NAME_CHARS)] != '\0')
		return refuse(p, "a character in the host name is not allowed");
	if (strlen(url->host) > HOST_MAX)
		return refuse(p, "the host name is too long");
	url->literal = inet_pton(AF_INET, url->host, &ignored) == 1;
	return true;
}

static int hex_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte of `b` at `*i`, percent-decoded; -1: "%" without two digits. */
static int next_byte(struct bytes b, size_t *i)
{
	int high, low;

	if (b.data[*i] != '%')
		return b.data[(*i)++];
	if (b.len - *i < 3)
		return -1;
	high = hex_value(b.data[*i + 1]);
	low = hex_value(b.data[*i + 2]);
	*i += 3;
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* RFC 7617: the user name ends at the first ':', so that it cannot hold one, and
 * there are no control characters. */
static bool read_userinfo(const struct parts *p, struct url *url)
{
	struct bytes b = p->userinfo;
	const unsigned char *colon = memchr(b.data, ':', b.len);
	size_t user = colon != NULL ? (size_t)(colon - b.data) : b.len;
	size_t n = 0, i = 0;

	if (b.len == 0)
		return true;
	url->userinfo = alloc_zeroed(b.len + 2); /* perhaps a ':', and the NUL */
	while (i < b.len) {
		bool in_user = i < user;
		int byte = next_byte(b, &i);

		if (byte < 0)
			return refuse(p, "bad '%' in the credentials");
		if (byte < 0x20 || byte == 0x7f)
			return refuse(p, "a control character in the credentials");
		if (in_user && byte == ':')
			return refuse(p, "a ':' in the user name");
		url->userinfo[n++] = (char)byte;
	}
	if (colon == NULL)
		url->userinfo[n] = ':';
	return true;
}

/* Bytes that are no ASCII as %HH. */
static char *percent_encoded(struct bytes b)
{
	static const char digits[] = "0123456789ABCDEF";
	char *out = alloc_zeroed(b.len * 3 + 1);
	size_t n = 0;

	for (size_t i = 0; i < b.len; i++) {
		unsigned char c = b.data[i];

		if (c < 0x80) {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '%';
		out[n++] = digits[c >> 4];
		out[n++] = digits[c & 0xf];
	}
	return out;
}

static void read_target(const struct parts *p, struct url *url)
{
	char *path = percent_encoded(p->target);

	url->target = alloc_printf("%s%s", *path == '/' ? "" : "/", path);
	free(path);
}

static void read_text(const struct parts *p, struct url *url)
{
	char *text = without_credentials(p);

	url->text = text;
	if (bytes_is_utf8(bytes_of_string(text)))
		return;
	url->text = percent_encoded(bytes_of_string(text));
	free(text);
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return true;
	return false;
}

bool url_parse(const char *text, struct url *out, struct err *err)
{
	struct parts p = { .err = err };
	struct url url = { 0 };

	cut(text, &p);
	if (has_control(text)) {
		(void)refuse(&p, "white space or a control character in it (written %20, %0A...)");
		return false;
	}
	if (!read_scheme(&p, &url) || !read_port(&p, &url) || !read_host(&p, &url) ||
	    !read_userinfo(&p, &url)) {
		url_free(&url);
		return false;
	}
	read_target(&p, &url);
	read_text(&p, &url);
	*out = url;
	return true;
}

void url_free(struct url *url)
{
	free(url->text);
	free(url->host);
	free(url->target);
	free(url->userinfo);
	*url = (struct url){ 0 };
}
