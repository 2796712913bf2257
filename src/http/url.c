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
#include "base/text.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/*
 * The text is cut once into views of its parts, then each part is read. Credentials
 * end at the last '@' before the path, as in other programs. evhttp_uri_parse() ends
 * them at the first one, knows no zones and does not say what is wrong.
 */

enum { HOST_MAX = 255, SHOWN_SIZE = 200 };

#define DIGITS	     "0123456789"
#define LETTERS	     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define SCHEME_CHARS LETTERS DIGITS "+-."
#define NAME_CHARS   LETTERS DIGITS "-._"
#define ZONE_CHARS   LETTERS DIGITS "-._~"

struct parts {
	struct bytes scheme;   /* without "://"; data is NULL when there is none */
	struct bytes userinfo; /* without '@' */
	struct bytes host;     /* with its brackets */
	struct bytes port;     /* with ':' or what stands in its place */
	struct bytes target;
	char *shown; /* the text without credentials; owned */
	/* An '@' after the host where there are no credentials: it belongs to the
	 * path, or to a password that was cut at its '/'. */
	const char *late_at;
	struct err *err;
};

static bool refuse(const struct parts *p, const char *why)
{
	const char *text = p->late_at != NULL ? p->late_at : p->shown;
	char shown[SHOWN_SIZE];

	return err_set(p->err, ERR_USAGE, "invalid URL '%s%s': %s", text == p->late_at ? "..." : "",
		       escape_visible(bytes_of_string(text), shown, sizeof(shown)), why);
}

static void cut(const char *text, struct parts *p)
{
	size_t scheme = strspn(text, SCHEME_CHARS), host;
	const char *start = text, *end, *at;
	int prefix;

	if (strncmp(text + scheme, "://", 3) == 0) {
		p->scheme = bytes_of(text, scheme);
		start += scheme + 3;
	}
	prefix = (int)(start - text);
	end = start + strcspn(start, "/?#");
	at = memrchr(start, '@', (size_t)(end - start));
	if (at != NULL) {
		p->userinfo = bytes_of(start, (size_t)(at - start));
		start = at + 1;
	} else {
		p->late_at = strrchr(end, '@');
	}
	p->shown = alloc_printf("%.*s%s", prefix, text, start);
	host = strcspn(start, *start == '[' ? "]/?#" : ":/?#");
	if (start[host] == ']')
		host++;
	p->host = bytes_of(start, host);
	p->port = bytes_of(start + host, (size_t)(end - start) - host);
	p->target = bytes_of(end, strcspn(end, "#"));
}

static bool read_scheme(const struct parts *p, struct url *url)
{
	url->https = bytes_is_name(p->scheme, "https");
	if (p->scheme.data != NULL)
		return url->https || bytes_is_name(p->scheme, "http") ||
		       refuse(p, "only http and https are supported");
	if (p->port.len > 0 && (bytes_is_name(p->host, "http") || bytes_is_name(p->host, "https")))
		return refuse(p, "'//' is missing after the scheme");
	return true;
}

static bool read_port(const struct parts *p, struct url *url)
{
	char *text = bytes_string(p->port);
	uint64_t port = url->https ? 443 : 80;
	struct err ignored;
	bool good =
		text[0] == '\0' || strcmp(text, ":") == 0 ||
		(text[0] == ':' && number_count(text + 1, "port", 1, UINT16_MAX, &port, &ignored));

	free(text);
	url->port = (uint16_t)port;
	if (good)
		return true;
	return refuse(p, p->late_at == NULL
				 ? "invalid port (1 to 65535)"
				 : "invalid port (in a password write '/', '?' and '#' as %2F, %3F "
				   "and %23)");
}

/* "[V6]" or "[V6%25ZONE]", RFC 6874; a bare '%' before the zone is accepted too. */
static bool read_bracketed(const struct parts *p, struct url *url)
{
	struct in6_addr ignored;
	char *host, *zone;
	bool good;

	if (p->host.data[p->host.len - 1] != ']')
		return refuse(p, "']' is missing after the IPv6 address");
	host = bytes_string(bytes_of(p->host.data + 1, p->host.len - 2));
	zone = strchr(host, '%');
	if (zone != NULL) {
		*zone++ = '\0';
		if (strncmp(zone, "25", 2) == 0 && zone[2] != '\0')
			zone += 2;
	}
	good = inet_pton(AF_INET6, host, &ignored) == 1 &&
	       (zone == NULL || (*zone != '\0' && zone[strspn(zone, ZONE_CHARS)] == '\0'));
	if (good) {
		url->literal = true;
		url->host = zone == NULL ? alloc_string(host) : alloc_printf("%s%%%s", host, zone);
	}
	free(host);
	return good || refuse(p, "invalid IPv6 address");
}

static bool read_host(const struct parts *p, struct url *url)
{
	struct in_addr ignored;
	struct err why;
	char *name;

	if (p->host.len == 0)
		return refuse(p, "host is missing");
	if (p->host.data[0] == '[')
		return read_bracketed(p, url);
	name = bytes_string(p->host);
	url->host = idn_to_ascii(name, &why);
	free(name);
	if (url->host == NULL)
		return refuse(p, why.text);
	if (url->host[strspn(url->host, NAME_CHARS)] != '\0')
		return refuse(p, "the host name has a character that is not allowed");
	if (strlen(url->host) > HOST_MAX)
		return refuse(p, "the host name is too long");
	url->literal = inet_pton(AF_INET, url->host, &ignored) == 1;
	return true;
}

/* The byte at the beginning of `*rest`, percent-decoded; `*rest` moves past it. -1 when
 * two digits do not follow the '%'. */
static int next_byte(struct bytes *rest)
{
	const unsigned char *at = rest->data;
	size_t taken = at[0] != '%' ? 1 : 3;
	int high, low;

	if (rest->len < taken)
		return -1;
	*rest = bytes_of(at + taken, rest->len - taken);
	if (taken == 1)
		return at[0];
	high = escape_hex_digit((char)at[1]);
	low = escape_hex_digit((char)at[2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* RFC 7617: the user name ends at the first ':' and so cannot contain one; control
 * characters are not allowed. */
static bool read_userinfo(const struct parts *p, struct url *url)
{
	struct bytes rest = p->userinfo;
	struct text decoded = { 0 };
	bool in_user = true;
	const char *wrong = NULL;

	if (rest.len == 0)
		return true;
	while (rest.len > 0 && wrong == NULL) {
		bool separates = in_user && rest.data[0] == ':';
		int byte = next_byte(&rest);

		if (byte < 0)
			wrong = "invalid '%' in the credentials";
		else if (byte < 0x20 || byte == 0x7f)
			wrong = "control character in the credentials";
		else if (in_user && byte == ':' && !separates)
			wrong = "':' in the user name";
		else
			text_addf(&decoded, "%c", byte);
		in_user = in_user && !separates;
	}
	if (in_user)
		text_addf(&decoded, ":");
	url->userinfo = text_take(&decoded);
	return wrong == NULL || refuse(p, wrong);
}

/* Bytes that are not ASCII become %HH. */
static void add_encoded(struct text *text, struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if (b.data[i] < 0x80)
			text_add(text, bytes_of(b.data + i, 1));
		else
			text_addf(text, "%%%02X", b.data[i]);
	}
}

static void read_target(const struct parts *p, struct url *url)
{
	struct text target = { 0 };

	if (p->target.len == 0 || p->target.data[0] != '/')
		text_addf(&target, "/");
	add_encoded(&target, p->target);
	url->target = text_take(&target);
}

static void read_text(const struct parts *p, struct url *url)
{
	struct bytes shown = bytes_of_string(p->shown);
	struct text text = { 0 };

	if (bytes_is_utf8(shown))
		text_add(&text, shown);
	else
		add_encoded(&text, shown);
	url->text = text_take(&text);
}

bool url_parse(const char *text, struct url *out, struct err *err)
{
	struct parts p = { .err = err };
	struct url url = { 0 };
	bool good;

	cut(text, &p);
	if (bytes_has_control(text) || strpbrk(text, " \t") != NULL)
		good = refuse(&p, "white space or control character (write %20, %0A...)");
	else
		good = read_scheme(&p, &url) && read_port(&p, &url) && read_host(&p, &url) &&
		       read_userinfo(&p, &url);
	if (good) {
		read_target(&p, &url);
		read_text(&p, &url);
		*out = url;
	} else {
		url_free(&url);
	}
	free(p.shown);
	return good;
}

void url_free(struct url *url)
{
	free(url->text);
	free(url->host);
	free(url->target);
	free(url->userinfo);
	*url = (struct url){ 0 };
}
