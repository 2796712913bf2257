/* SPDX-License-Identifier: ISC */
/* address: the ADDRESS of the command line. */
#include "config.h"

#include "net/address.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/sockaddr.h"
#include "net/host.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

/*
 * What stands before the first colon decides: a scheme, with its own reader, or else
 * TCP or a path. `tls:` stands in front of any of them. A reader takes the text
 * after the scheme and fills parse->address; it names the whole word in what it
 * refuses, and the port when that alone is wrong.
 */

struct parse {
	const char *word;      /* the whole ADDRESS, for messages */
	const char *port_word; /* the word after it, when it is to be taken; else NULL */
	enum address_use use;
	struct address address;
	struct err *err;
};

typedef bool (*reader_fn)(struct parse *p, const char *text);

static bool refuse(const struct parse *p, const char *why)
{
	return host_refuse(p->word, why, p->err);
}

/* "'WORD' WHY: BEFORE text[0..len) AFTER", with what to write instead. */
static bool refuse_hint(const struct parse *p, const char *why, const char *text, size_t len,
			const char *after)
{
	bool ipv6 = memchr(text, ':', len) != NULL;
	char *message = alloc_printf("%s: %s%.*s%s:%s", why, ipv6 ? "[" : "", (int)len, text,
				     ipv6 ? "]" : "", after);

	(void)refuse(p, message);
	free(message);
	return false;
}

/* Digits up to `max`. */
static bool read_number(const char *text, size_t len, uint32_t max, uint32_t *out)
{
	uint64_t number = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(text[i] - '0');
		if (number > max)
			return false;
	}
	*out = (uint32_t)number;
	return len > 0;
}

static bool set_port(struct parse *p, const char *port)
{
	if (*port == '\0')
		return refuse(p, "has no port");
	if (!host_read_port(port, &p->address.port, p->err))
		return false;
	if (p->address.port == 0 && p->use == ADDRESS_CONNECT)
		return refuse(p, "has port 0, to which nothing can connect");
	return true;
}

static bool set_host(struct parse *p, const char *text, size_t len)
{
	char *host;
	bool literal;
	bool ok;

	if (len == 0 || (len == 1 && *text == '*')) {
		p->address.host_kind = HOST_ANY;
		return true;
	}
	host = alloc_printf("%.*s", (int)len, text);
	ok = host_read(host, &p->address.host, &literal, p->err);
	free(host);
	if (ok)
		p->address.host_kind = literal ? HOST_LITERAL : HOST_NAME;
	return ok;
}

/* [V6]:PORT, or [V6] and the next word. */
static bool read_bracketed(struct parse *p, const char *text)
{
	size_t len = strcspn(text, "]");
	const char *port = p->port_word;

	if (text[len] == '\0' || memchr(text, ':', len) == NULL)
		return refuse(p, "is not [IPV6]:PORT");
	if (text[len + 1] == ':')
		port = text + len + 2;
	else if (text[len + 1] != '\0')
		return refuse(p, "is not [IPV6]:PORT");
	if (port == NULL)
		return refuse_hint(p, "has no port", text + 1, len - 1, "PORT");
	return set_port(p, port) && set_host(p, text + 1, len - 1);
}

/* Several colons without brackets: where does the address end? */
static bool refuse_colons(const struct parse *p, const char *text)
{
	size_t len = (size_t)(strrchr(text, ':') - text);
	char *head = alloc_printf("%.*s", (int)len, text);
	bool ipv6 = host_is_ipv6(head);

	free(head);
	if (ipv6 && text[len + 1] != '\0')
		return refuse_hint(p, "needs brackets", text, len, text + len + 1);
	if (host_is_ipv6(text))
		return refuse_hint(p, "has no port", text, strlen(text), "PORT");
	return refuse(p, "is not HOST:PORT: it has several colons");
}

static bool read_tcp(struct parse *p, const char *text)
{
	const char *colon = strrchr(text, ':');

	if (host_is_digits(text)) {
		p->address.host_kind = HOST_LOOPBACK;
		return set_port(p, text);
	}
	if (*text == '[')
		return read_bracketed(p, text);
	if (strstr(text, "://") != NULL)
		return refuse(p, "is a URL, not an address");
	if (strchr(text, '/') != NULL)
		return refuse(p, "is not HOST:PORT; a path begins with / or ./");
	if (p->port_word != NULL)
		return set_port(p, p->port_word) && set_host(p, text, strlen(text));
	if (colon == NULL)
		return refuse_hint(p, "has no port", text, strlen(text), "PORT");
	if (colon != strchr(text, ':'))
		return refuse_colons(p, text);
	return set_port(p, colon + 1) && set_host(p, text, (size_t)(colon - text));
}

static bool set_path(struct parse *p, const char *path, bool abstract)
{
	struct socket_address addr;

	p->address.kind = ADDRESS_UNIX;
	p->address.abstract = abstract;
	p->address.path = alloc_string(path);
	if (*path == '\0')
		return refuse(p, "has no name");
	return address_sockaddr_unix(&p->address, &addr, p->err);
}

static bool read_unix(struct parse *p, const char *text)
{
	if (*text != '@')
		return set_path(p, text, false);
#ifdef __linux__
	return set_path(p, text + 1, true);
#else
	return refuse(p, "is an abstract name, which the system lacks");
#endif
}

static bool read_fd(struct parse *p, const char *text)
{
	uint32_t fd;

	if (!read_number(text, strlen(text), INT_MAX, &fd))
		return refuse(p, "is not fd:N");
	p->address.kind = ADDRESS_FD;
	p->address.fd = (int)fd;
	return true;
}

static bool read_sd(struct parse *p, const char *text)
{
	if (p->use == ADDRESS_CONNECT)
		return refuse(p, "is only for listening");
	p->address.kind = ADDRESS_SD;
	p->address.name = *text != '\0' ? alloc_string(text) : NULL;
	return true;
}

static bool read_vsock(struct parse *p, const char *text)
{
	struct address *a = &p->address;
	const char *colon = strchr(text, ':');
	const char *port = colon != NULL ? colon + 1 : text;
	bool ok = read_number(port, strlen(port), UINT32_MAX - 1, &a->vsock_port);

	if (!vsock_supported())
		return refuse(p, "needs AF_VSOCK, which the system lacks");
	a->kind = ADDRESS_VSOCK;
	a->cid = VSOCK_CID_ANY;
	if (colon != NULL)
		ok = ok && read_number(text, (size_t)(colon - text), UINT32_MAX - 1, &a->cid);
	else if (p->use == ADDRESS_CONNECT)
		ok = false;
	if (!ok && p->use == ADDRESS_CONNECT)
		return refuse(p, "is not vsock:CID:PORT");
	if (!ok)
		return refuse(p, "is not vsock:PORT or vsock:CID:PORT");
	if (a->vsock_port == 0 && p->use == ADDRESS_CONNECT)
		return refuse(p, "has port 0, to which nothing can connect");
	return true;
}

static const struct scheme {
	const char *name; /* with its colon */
	reader_fn read;	  /* NULL: tls, whose rest is an address again */
} schemes[] = {
	{ "tcp:", read_tcp }, { "tls:", NULL },	  { "unix:", read_unix },
	{ "fd:", read_fd },   { "sd:", read_sd }, { "vsock:", read_vsock },
};

enum { SCHEME_COUNT = sizeof(schemes) / sizeof(schemes[0]) };

static const struct scheme *find_scheme(const char *text)
{
	for (size_t i = 0; i < SCHEME_COUNT; i++)
		if (strncasecmp(text, schemes[i].name, strlen(schemes[i].name)) == 0)
			return &schemes[i];
	return NULL;
}

static const char *after_scheme(const struct scheme *scheme, const char *text)
{
	text += strlen(scheme->name);
	return strncmp(text, "//", 2) == 0 ? text + 2 : text;
}

static bool is_path(const char *text)
{
	return *text == '/' || strncmp(text, "./", 2) == 0 || strncmp(text, "../", 3) == 0;
}

static bool read_address(struct parse *p)
{
	const char *text = p->word;
	const struct scheme *scheme = find_scheme(text);

	if (scheme != NULL && scheme->read == NULL) {
		p->address.tls = true;
		text = after_scheme(scheme, text);
		scheme = find_scheme(text);
		if (scheme != NULL && scheme->read == NULL)
			return refuse(p, "has tls: twice");
	}
	if (*text == '\0')
		return refuse(p, "is not an address");
	if (scheme != NULL)
		return scheme->read(p, after_scheme(scheme, text));
	return is_path(text) ? set_path(p, text, false) : read_tcp(p, text);
}

bool address_parse(const char *text, const char *port_word, enum address_use use,
		   struct address *out, bool *took_port, struct err *err)
{
	bool take = took_port != NULL && address_wants_port(text, port_word);
	struct parse p = {
		.word = text,
		.port_word = take ? port_word : NULL,
		.use = use,
		.err = err,
	};

	if (!read_address(&p)) {
		address_free(&p.address);
		return false;
	}
	*out = p.address;
	if (took_port != NULL)
		*took_port = take;
	return true;
}

void address_free(struct address *address)
{
	free(address->host);
	free(address->path);
	free(address->name);
	*address = (struct address){ 0 };
}

bool address_wants_port(const char *text, const char *next)
{
	size_t len = strlen(text);

	if (next == NULL || *next < '0' || *next > '9')
		return false;
	if (len == 0 || find_scheme(text) != NULL || is_path(text) || host_is_digits(text))
		return false;
	if (*text == '[')
		return text[len - 1] == ']';
	return strchr(text, ':') == NULL || host_is_ipv6(text);
}

static char *tcp_text(const struct address *a)
{
	char *text;
	char *prefixed;

	switch (a->host_kind) {
	case HOST_LOOPBACK:
		return alloc_printf("localhost:%u", a->port);
	case HOST_ANY:
		return alloc_printf("*:%u", a->port);
	case HOST_NAME:
	case HOST_LITERAL:
		break;
	}
	if (strchr(a->host, ':') != NULL)
		return alloc_printf("[%s]:%u", a->host, a->port);
	text = alloc_printf("%s:%u", a->host, a->port);
	if (find_scheme(text) == NULL)
		return text;
	prefixed = alloc_printf("tcp:%s", text); /* a host that is called "unix" */
	free(text);
	return prefixed;
}

/* What follows a scheme and begins with "//" needs another "//" in front, which is
 * taken off again. */
static char *rest_text(const char *scheme, const char *rest)
{
	return alloc_printf("%s%s%s", scheme, strncmp(rest, "//", 2) == 0 ? "//" : "", rest);
}

static char *plain_text(const struct address *a)
{
	switch (a->kind) {
	case ADDRESS_TCP:
		return tcp_text(a);
	case ADDRESS_UNIX:
		return a->abstract ? alloc_printf("unix:@%s", a->path)
				   : rest_text("unix:", a->path);
	case ADDRESS_FD:
		return alloc_printf("fd:%d", a->fd);
	case ADDRESS_SD:
		return rest_text("sd:", a->name != NULL ? a->name : "");
	case ADDRESS_VSOCK:
		if (a->cid == VSOCK_CID_ANY)
			return alloc_printf("vsock:%u", a->vsock_port);
		return alloc_printf("vsock:%u:%u", a->cid, a->vsock_port);
	}
	return alloc_string("");
}

char *address_text(const struct address *address)
{
	char *plain = plain_text(address);
	char *text = alloc_printf("%s%s", address->tls ? "tls:" : "", plain);

	free(plain);
	return text;
}

const char *address_tls_name(const struct address *address)
{
	if (address->kind != ADDRESS_TCP)
		return NULL;
	switch (address->host_kind) {
	case HOST_NAME:
	case HOST_LITERAL:
		return address->host;
	case HOST_LOOPBACK:
	case HOST_ANY:
		break;
	}
	return "localhost";
}

/* --- socket addresses --- */

static bool literal6(const char *host, uint16_t port, struct socket_address *out)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	char literal[INET6_ADDRSTRLEN];
	size_t len = strcspn(host, "%");

	if (!host_is_ipv6(host))
		return false;
	memcpy(literal, host, len);
	literal[len] = '\0';
	if (inet_pton(AF_INET6, literal, &addr.sin6_addr) != 1)
		return false;
	if (host[len] == '%' && !host_zone_index(host + len + 1, &addr.sin6_scope_id))
		return false;
	*out = sockaddr_of((struct sockaddr *)&addr, sizeof(addr));
	return true;
}

bool address_literal(const char *host, uint16_t port, struct socket_address *out)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port) };

	if (inet_pton(AF_INET, host, &addr.sin_addr) != 1)
		return literal6(host, port, out);
	*out = sockaddr_of((struct sockaddr *)&addr, sizeof(addr));
	return true;
}

/* Where the host of ADDR[:PORT] ends, and where its port begins (NULL: none). */
static bool cut_local(const char *text, const char **host, size_t *host_len, const char **port)
{
	bool bracketed = *text == '[';
	const char *end;

	*host = text + bracketed;
	if (bracketed)
		end = strchr(text, ']');
	else if (host_is_ipv6(text))
		end = text + strlen(text);
	else
		end = text + strcspn(text, ":");
	if (end == NULL)
		return false;
	*host_len = (size_t)(end - *host);
	end += bracketed;
	*port = *end == ':' ? end + 1 : NULL;
	return *end == ':' || *end == '\0';
}

bool address_parse_local(const char *text, struct socket_address *out, struct err *err)
{
	const char *host;
	const char *port;
	size_t host_len;
	uint16_t number = 0;
	char *literal;
	bool ok;

	if (!cut_local(text, &host, &host_len, &port))
		return host_refuse(text, "is not ADDR[:PORT]", err);
	if (port != NULL && !host_read_port(port, &number, err))
		return false;
	literal = alloc_printf("%.*s", (int)host_len, host);
	ok = (*text != '[' || host_is_ipv6(literal)) && address_literal(literal, number, out);
	free(literal);
	return ok || host_refuse(text, "is not an IP address of this machine", err);
}

/* An abstract name has a NUL in front and none behind, a path one behind. */
bool address_sockaddr_unix(const struct address *address, struct socket_address *out,
			   struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(address->path);

	if (len >= sizeof(addr.sun_path))
		return host_refuse(address->path, "is too long for a Unix socket: 107 bytes", err);
	memcpy(addr.sun_path + address->abstract, address->path, len);
	*out = sockaddr_of((struct sockaddr *)&addr,
			   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1));
	return true;
}
