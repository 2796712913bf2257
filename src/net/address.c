/* SPDX-License-Identifier: ISC */
/* address: the ADDRESS of the command line. */
#include "config.h"

#include "net/address.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/escape.h"
#include "base/idn.h"
#include "base/number.h"
#include "io/sockaddr.h"

#include <arpa/inet.h>
#include <limits.h>
#include <linux/vm_sockets.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/*
 * What stands before the first colon decides: a scheme, with its own reader, or else
 * TCP or a path. `tls:` stands in front of any of them. A reader takes the text
 * after the scheme and fills parse->address; it names the whole word in what it
 * refuses, and the port when that alone is wrong.
 *
 * getaddrinfo(3) hands a name to inet_aton(3) first, for which 127.1, 0x7f.1 and
 * 2130706433 are 127.0.0.1. A host whose last label is a number is never a name
 * (WHATWG URL, "ends in a number"), so it must be four decimal numbers.
 */

#define DIGITS	   "0123456789"
#define HEX_DIGITS DIGITS "abcdefABCDEF"
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "-_"

enum { NAME_MAX_LEN = 253, LABEL_MAX_LEN = 63, SHOWN_SIZE = 160 };

struct parse {
	const char *word;      /* the whole ADDRESS, for messages */
	const char *port_word; /* the word after it, when it is to be taken; else NULL */
	enum address_use use;
	struct address address;
	struct err *err;
};

typedef bool (*reader_fn)(struct parse *p, const char *text);

/* "'WORD' WHY" */
static bool refuse_word(const char *word, const char *why, struct err *err)
{
	char shown[SHOWN_SIZE];

	return err_set(err, ERR_USAGE, "'%s' %s",
		       escape_visible(bytes_of_string(word), shown, sizeof(shown)), why);
}

static bool refuse_port(const char *word, const char *why, struct err *err)
{
	char shown[SHOWN_SIZE];

	return err_set(err, ERR_USAGE, "invalid port '%s'%s",
		       escape_visible(bytes_of_string(word), shown, sizeof(shown)), why);
}

static bool refuse(const struct parse *p, const char *why)
{
	return refuse_word(p->word, why, p->err);
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
	char *digits = alloc_printf("%.*s", (int)len, text);
	struct err ignored;
	uint64_t number;
	bool ok = number_count(digits, "number", 0, max, &number, &ignored);

	if (ok)
		*out = (uint32_t)number;
	free(digits);
	return ok;
}

static bool is_digits(const char *text)
{
	return *text != '\0' && text[strspn(text, DIGITS)] == '\0';
}

/* --- HOST and PORT --- */

static bool label_is_number(const char *label, size_t len)
{
	if (len >= 2 && strncasecmp(label, "0x", 2) == 0)
		return strspn(label + 2, HEX_DIGITS) == len - 2;
	return len > 0 && strspn(label, DIGITS) == len;
}

/* Labels of letters, digits, '-' and '_'; the last dot may be the root. */
static bool check_name(const char *name, struct err *err)
{
	const char *label = name;
	bool number = false;
	size_t len = strlen(name);
	bool rooted = len > 0 && name[len - 1] == '.';

	if (len - rooted > NAME_MAX_LEN)
		return refuse_word(name, "is too long for a host name", err);
	do {
		len = strspn(label, NAME_CHARS);
		if (len == 0 || len > LABEL_MAX_LEN || (label[len] != '.' && label[len] != '\0'))
			return refuse_word(name, "is not a host name", err);
		number = label_is_number(label, len);
		label += len;
		if (*label == '.')
			label++;
	} while (*label != '\0');
	if (number)
		return refuse_word(name, "is not an IPv4 address: four numbers from 0 to 255", err);
	return true;
}

static bool set_ipv6(struct parse *p, const char *host)
{
	struct socket_address addr;

	if (!sockaddr_is_ipv6(host))
		return refuse_word(host, "is not an IPv6 address", p->err);
	if (!sockaddr_literal(host, 0, &addr))
		return refuse_word(host, "does not name an interface of this machine", p->err);
	p->address.host_kind = HOST_LITERAL;
	p->address.host = alloc_string(host);
	return true;
}

static bool set_name(struct parse *p, const char *host)
{
	char *ascii = idn_to_ascii(host, p->err);
	struct in_addr addr;
	bool literal;

	if (ascii == NULL)
		return false;
	literal = inet_pton(AF_INET, ascii, &addr) == 1;
	p->address.host_kind = literal ? HOST_LITERAL : HOST_NAME;
	p->address.host = ascii;
	return literal || check_name(ascii, p->err);
}

static bool set_host(struct parse *p, const char *text, size_t len)
{
	char *host;
	bool ok;

	if (len == 0 || (len == 1 && *text == '*')) {
		p->address.host_kind = HOST_ANY;
		return true;
	}
	host = alloc_printf("%.*s", (int)len, text);
	ok = strchr(host, ':') != NULL ? set_ipv6(p, host) : set_name(p, host);
	free(host);
	return ok;
}

/* A number up to 65535 or the name of a TCP service. */
static bool read_port(const char *text, uint16_t *port, struct err *err)
{
	const struct servent *service;
	unsigned long number;

	if (!is_digits(text)) {
		service = getservbyname(text, "tcp");
		if (service == NULL)
			return refuse_port(text, ": not a number and not a known service", err);
		*port = ntohs((uint16_t)service->s_port);
		return true;
	}
	number = strtoul(text, NULL, 10); /* ULONG_MAX when it overflows */
	if (number > UINT16_MAX)
		return refuse_port(text, " (at most 65535)", err);
	*port = (uint16_t)number;
	return true;
}

static bool set_port(struct parse *p, const char *port)
{
	if (*port == '\0')
		return refuse(p, "has no port");
	if (!read_port(port, &p->address.port, p->err))
		return false;
	if (p->address.port == 0 && p->use == ADDRESS_CONNECT)
		return refuse(p, "has port 0, to which nothing can connect");
	return true;
}

/* --- ADDRESS --- */

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
	bool ipv6 = sockaddr_is_ipv6(head);

	free(head);
	if (ipv6 && text[len + 1] != '\0')
		return refuse_hint(p, "needs brackets", text, len, text + len + 1);
	if (sockaddr_is_ipv6(text))
		return refuse_hint(p, "has no port", text, strlen(text), "PORT");
	return refuse(p, "is not HOST:PORT: it has several colons");
}

/* Words of socat. A host of such a name can be written tcp:NAME:PORT. */
static bool is_socat(const char *text)
{
	static const char *const words[] = {
		"TCP-LISTEN:",	 "tcp-listen:",	     "TCP4-LISTEN:",	"TCP6-LISTEN:",
		"TCP-L:",	 "TCP4-L:",	     "TCP6-L:",		"TCP-CONNECT:",
		"TCP4-CONNECT:", "TCP6-CONNECT:",    "OPENSSL-LISTEN:", "SSL-LISTEN:",
		"SSL-L:",	 "OPENSSL-CONNECT:", "SSL-CONNECT:",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(text, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

static bool read_tcp(struct parse *p, const char *text)
{
	const char *colon = strrchr(text, ':');

	if (is_digits(text)) {
		p->address.host_kind = HOST_LOOPBACK;
		return set_port(p, text);
	}
	if (*text == '[')
		return read_bracketed(p, text);
	if (text == p->word && is_socat(text))
		return refuse(p, "is an address of socat");
	if (strstr(text, "://") != NULL)
		return refuse(p, "is a URL, not an address");
	if (strchr(text, '/') != NULL)
		return refuse(p, "is not HOST:PORT; a path begins with / or ./");
	if (p->port_word != NULL)
		return set_port(p, p->port_word) && set_host(p, text, strlen(text));
	if (colon == NULL && access(text, F_OK) == 0)
		return refuse(p, "is a file (a path begins with ./), and has no port");
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
	if (strstr(path, "%n") != NULL)
		return refuse(p, "has %n, which only writefile knows");
	return sockaddr_unix(path, abstract, &addr) ||
	       refuse_word(path, "is too long for a Unix socket (at most 107 bytes)", p->err);
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
	bool connect = p->use == ADDRESS_CONNECT;
	const char *colon = strchr(text, ':');
	const char *port = colon != NULL ? colon + 1 : text;
	bool ok = read_number(port, strlen(port), UINT32_MAX - 1, &a->vsock_port);

	a->kind = ADDRESS_VSOCK;
	a->cid = VMADDR_CID_ANY;
	if (colon != NULL)
		ok = ok && read_number(text, (size_t)(colon - text), UINT32_MAX - 1, &a->cid);
	else if (connect)
		ok = false;
	if (!ok)
		return refuse(p, connect ? "is not vsock:CID:PORT"
					 : "is not vsock:PORT or vsock:CID:PORT");
	if (a->vsock_port == 0 && connect)
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
		   struct address *out, struct err *err)
{
	struct parse p = {
		.word = text,
		.port_word = address_wants_port(text, port_word) ? port_word : NULL,
		.use = use,
		.err = err,
	};

	if (!read_address(&p)) {
		address_free(&p.address);
		return false;
	}
	*out = p.address;
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
	if (len == 0 || find_scheme(text) != NULL || is_path(text) || is_digits(text))
		return false;
	if (*text == '[')
		return text[len - 1] == ']';
	return strchr(text, ':') == NULL || sockaddr_is_ipv6(text);
}

static char *tcp_text(const struct address *a)
{
	const char *host = a->host_kind == HOST_ANY	   ? "*"
			   : a->host_kind == HOST_LOOPBACK ? "localhost"
							   : a->host;
	bool ipv6 = strchr(host, ':') != NULL;
	char *text = alloc_printf("%s%s%s:%u", ipv6 ? "[" : "", host, ipv6 ? "]" : "", a->port);
	char *prefixed;

	if (find_scheme(text) == NULL && !is_socat(text))
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

char *address_text(const struct address *a)
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
		if (a->cid == VMADDR_CID_ANY)
			return alloc_printf("vsock:%u", a->vsock_port);
		return alloc_printf("vsock:%u:%u", a->cid, a->vsock_port);
	}
	return alloc_string("");
}

const char *address_tls_name(const struct address *address)
{
	if (address->kind != ADDRESS_TCP)
		return NULL;
	return address->host != NULL ? address->host : "localhost";
}

/* --- socket addresses --- */

bool address_check_family(const struct address *address, int family, struct err *err)
{
	struct socket_address addr;

	if (family == AF_UNSPEC || address->kind != ADDRESS_TCP ||
	    address->host_kind != HOST_LITERAL ||
	    !sockaddr_literal(address->host, address->port, &addr) || addr.addr.ss_family == family)
		return true;
	return err_set(err, ERR_USAGE, "'%s' is excluded by %s", address->host,
		       family == AF_INET ? "-4" : "-6");
}

bool address_parse_local(const char *text, struct socket_address *out, struct err *err)
{
	bool bracketed = *text == '[';
	const char *host = text + bracketed;
	size_t len = !bracketed && sockaddr_is_ipv6(text) ? strlen(text)
							  : strcspn(host, bracketed ? "]" : ":");
	const char *rest = host + len;
	uint16_t port = 0;
	char *literal;
	bool ok;

	if (bracketed && *rest != '\0')
		rest++;
	if ((*rest != ':' && *rest != '\0') || (bracketed && rest[-1] != ']'))
		return refuse_word(text, "is not ADDR[:PORT]", err);
	if (*rest == ':' && !read_port(rest + 1, &port, err))
		return false;
	literal = alloc_printf("%.*s", (int)len, host);
	ok = (!bracketed || sockaddr_is_ipv6(literal)) && sockaddr_literal(literal, port, out);
	free(literal);
	return ok || refuse_word(text, "is not an IP address of this machine", err);
}

/* Add the literal unless its family is not wanted. */
static size_t add_literal(const char *host, uint16_t port, int family, struct socket_address *out)
{
	return sockaddr_literal(host, port, out) &&
	       (family == AF_UNSPEC || family == out->addr.ss_family);
}

size_t address_sockaddrs(const struct address *a, enum address_use use, int family,
			 struct socket_address out[ADDRESS_SOCKADDRS_MAX])
{
	bool every = a->host_kind == HOST_ANY && use == ADDRESS_LISTEN;
	size_t count;

	if (a->kind == ADDRESS_UNIX)
		return sockaddr_unix(a->path, a->abstract, out);
	if (a->kind == ADDRESS_VSOCK) {
		*out = sockaddr_vsock(a->cid, a->vsock_port);
		return 1;
	}
	if (a->host != NULL)
		return add_literal(a->host, a->port, AF_UNSPEC, out);
	count = add_literal(every ? "0.0.0.0" : "127.0.0.1", a->port, family, out);
	return count + add_literal(every ? "::" : "::1", a->port, family, out + count);
}
