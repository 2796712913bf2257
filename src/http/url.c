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
#include "io/sockaddr.h"

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
	url->address.tls = bytes_is_name(p->scheme, "https");
	if (p->scheme.data != NULL)
		return url->address.tls || bytes_is_name(p->scheme, "http") ||
		       refuse(p, "only http and https are supported");
	if (p->port.len > 0 && (bytes_is_name(p->host, "http") || bytes_is_name(p->host, "https")))
		return refuse(p, "'//' is missing after the scheme");
	return true;
}

static bool read_port(const struct parts *p, struct url *url)
{
	char *text = bytes_string(p->port);
	uint64_t port = url->address.tls ? 443 : 80;
	struct err ignored;
	bool good =
		text[0] == '\0' || strcmp(text, ":") == 0 ||
		(text[0] == ':' && number_count(text + 1, "port", 1, UINT16_MAX, &port, &ignored));

	free(text);
	url->address.port = (uint16_t)port;
	if (good)
		return true;
	return refuse(p, p->late_at == NULL
				 ? "the port is not a number from 1 to 65535"
				 : "the port is not a number (in a password write '/', '?' and "
				   "'#' as %2F, %3F and %23)");
}

/* "[V6]" or "[V6%25ZONE]", RFC 6874; a bare '%' before the zone is accepted too. */
static bool read_bracketed(const struct parts *p, struct url *url)
{
	char *host, *zone;

	if (p->host.data[p->host.len - 1] != ']')
		return refuse(p, "']' is missing after the IPv6 address");
	host = url->address.host = bytes_string(bytes_of(p->host.data + 1, p->host.len - 2));
	zone = strchrnul(host, '%');
	if (strncmp(zone, "%25", 3) == 0 && zone[3] != '\0')
		memmove(zone + 1, zone + 3, strlen(zone + 3) + 1);
	if (!sockaddr_is_ipv6(host) ||
	    (*zone == '%' && zone[1 + strspn(zone + 1, ZONE_CHARS)] != '\0'))
		return refuse(p, "the host is not an IPv6 address");
	url->address.host_kind = HOST_LITERAL;
	return true;
}

static bool read_host(const struct parts *p, struct url *url)
{
	struct in_addr ignored;
	struct err why;
	char *name, *host;

	if (p->host.len == 0)
		return refuse(p, "host is missing");
	if (p->host.data[0] == '[')
		return read_bracketed(p, url);
	name = bytes_string(p->host);
	host = url->address.host = idn_to_ascii(name, &why);
	free(name);
	if (host == NULL)
		return refuse(p, why.text);
	if (host[strspn(host, NAME_CHARS)] != '\0')
		return refuse(p, "the host name has a character that is not allowed");
	if (strlen(host) > HOST_MAX)
		return refuse(p, "the host name is too long");
	if (inet_pton(AF_INET, host, &ignored) == 1)
		url->address.host_kind = HOST_LITERAL;
	return true;
}

/* Add `part` percent-decoded. NULL, or what is wrong with it: control characters are not
 * allowed, and in a user name no ':', which would end it (RFC 7617). */
static const char *add_decoded(struct text *out, struct bytes part, bool user)
{
	for (size_t i = 0; i < part.len; i++) {
		int byte = part.data[i];

		if (byte == '%') {
			byte = part.len - i > 2 ? escape_hex_pair((const char *)part.data + i + 1)
						: -1;
			if (byte < 0)
				return "invalid '%' in the credentials";
			i += 2;
		}
		if (byte < 0x20 || byte == 0x7f)
			return "control character in the credentials";
		if (user && byte == ':')
			return "':' in the user name";
		text_addf(out, "%c", byte);
	}
	return NULL;
}

static bool read_userinfo(const struct parts *p, struct url *url)
{
	struct bytes user = p->userinfo, password = { 0 };
	const unsigned char *colon = user.len > 0 ? memchr(user.data, ':', user.len) : NULL;
	struct text decoded = { 0 };
	const char *wrong;

	if (user.len == 0)
		return true;
	if (colon != NULL) {
		user.len = (size_t)(colon - user.data);
		password = bytes_of(colon + 1, p->userinfo.len - user.len - 1);
	}
	wrong = add_decoded(&decoded, user, true);
	text_addf(&decoded, ":");
	if (wrong == NULL)
		wrong = add_decoded(&decoded, password, false);
	url->userinfo = text_take(&decoded);
	return wrong == NULL || refuse(p, wrong);
}

/* `prefix` and the bytes, of which those that are not ASCII become %HH. */
static char *encoded(const char *prefix, struct bytes b)
{
	struct text text = { 0 };

	text_addf(&text, "%s", prefix);
	for (size_t i = 0; i < b.len; i++)
		text_addf(&text, b.data[i] < 0x80 ? "%c" : "%%%02X", b.data[i]);
	return text_take(&text);
}

bool url_parse(const char *text, struct url *out, struct err *err)
{
	struct parts p = { .err = err };
	struct url url = { .address.kind = ADDRESS_TCP, .address.host_kind = HOST_NAME };
	struct bytes shown;
	bool good, rooted;

	cut(text, &p);
	shown = bytes_of_string(p.shown);
	rooted = p.target.len > 0 && p.target.data[0] == '/';
	url.text = bytes_is_utf8(shown) ? bytes_string(shown) : encoded("", shown);
	url.target = encoded(rooted ? "" : "/", p.target);
	if (bytes_has_control(text) || strpbrk(text, " \t") != NULL)
		good = refuse(&p, "white space or control character (write %20, %0A...)");
	else if (*text != '\0' && text[strspn(text, "0123456789")] == '\0')
		good = refuse(&p, "a number alone is not a host, did you mean localhost:PORT?");
	else
		good = read_scheme(&p, &url) && read_port(&p, &url) && read_host(&p, &url) &&
		       read_userinfo(&p, &url);
	free(p.shown);
	if (good)
		*out = url;
	else
		url_free(&url);
	return good;
}

void url_free(struct url *url)
{
	address_free(&url->address);
	free(url->text);
	free(url->target);
	free(url->userinfo);
	*url = (struct url){ 0 };
}
