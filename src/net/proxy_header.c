/* SPDX-License-Identifier: ISC */
/* proxy_header: reads the header of the PROXY protocol, versions 1 and 2. */
#include "config.h"

#include "net/proxy_header.h"

#include "base/err.h"
#include "base/escape.h"
#include "base/number.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

enum {
	LINE1_MAX = 107, /* of version 1, with its CR LF */
	FIXED = 16,	 /* bytes of version 2 before the addresses */
	PATH_SIZE = 108,
	PATH_OFFSET = offsetof(struct sockaddr_un, sun_path),
	SHOWN_SIZE = 128,
};

static const char start1[] = "PROXY ";
static const char start2[] = "\r\n\r\n\0\r\nQUIT\n";

/* Does `b` begin with `start`, as far as it goes? */
static bool begins(struct bytes b, const char *start, size_t len)
{
	return memcmp(b.data, start, b.len < len ? b.len : len) == 0;
}

/* The message shows the first line, or all bytes where that is empty. */
static enum proxy_header_answer bad(struct bytes b, const char *what, struct err *err)
{
	char shown[SHOWN_SIZE];
	size_t line = 0;

	while (line < b.len && b.data[line] != '\r' && b.data[line] != '\n')
		line++;
	(void)err_set(err, ERR_PROXY, "%s '%s'", what,
		      escape_visible(bytes_of(b.data, line > 0 ? line : b.len), shown,
				     sizeof(shown)));
	return PROXY_HEADER_BAD;
}

/* --- version 1: a line --- */

static bool read_port(const char *text, uint16_t *port)
{
	uint64_t number;
	struct err ignored;

	if (text[0] == '0' && text[1] != '\0')
		return false;
	if (!number_count(text, "port", 0, UINT16_MAX, &number, &ignored))
		return false;
	*port = (uint16_t)number;
	return true;
}

static bool read_address(int family, const char *host, const char *port_text,
			 struct socket_address *out)
{
	uint16_t port;

	return read_port(port_text, &port) && strchr(host, '%') == NULL &&
	       sockaddr_literal(host, port, out) && out->addr.ss_family == family;
}

/* "TCP4 SOURCE DESTINATION PORT PORT", with one space between each. */
static bool read_fields(char *text, struct proxy_header *out)
{
	char *fields[5];
	int family;

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		fields[i] = strsep(&text, " ");
		if (fields[i] == NULL)
			return false;
	}
	family = strcmp(fields[0], "TCP4") == 0	  ? AF_INET
		 : strcmp(fields[0], "TCP6") == 0 ? AF_INET6
						  : AF_UNSPEC;
	return text == NULL && read_address(family, fields[1], fields[3], &out->source) &&
	       read_address(family, fields[2], fields[4], &out->destination);
}

static enum proxy_header_answer read1(struct bytes b, struct proxy_header *out, struct err *err)
{
	static const char unknown[] = "UNKNOWN";
	struct bytes start = bytes_of(b.data, b.len < LINE1_MAX ? b.len : LINE1_MAX);
	const unsigned char *end = memchr(start.data, '\n', start.len);
	size_t skipped = strlen(start1), len;
	char text[LINE1_MAX + 1];

	if (end == NULL && start.len < LINE1_MAX)
		return PROXY_HEADER_MORE;
	if (end == NULL || end[-1] != '\r')
		return bad(start, "bad PROXY header", err);
	len = (size_t)(end - 1 - start.data);
	memcpy(text, start.data + skipped, len - skipped);
	text[len - skipped] = '\0';
	out->len = len + strlen("\r\n");
	if (strncmp(text, unknown, strlen(unknown)) == 0 &&
	    (text[strlen(unknown)] == ' ' || text[strlen(unknown)] == '\0'))
		return PROXY_HEADER_OK;
	if (strlen(text) != len - skipped || !read_fields(text, out))
		return bad(start, "bad PROXY header", err);
	return PROXY_HEADER_OK;
}

/* --- version 2: binary --- */

enum {
	LOCAL = 0x20, /* version and command: the proxy speaks for itself */
	PROXY = 0x21,
	FAMILY_MAX = 3,	  /* the high half of the next byte... */
	PROTOCOL_MAX = 2, /* ... and the low one */
};

/* What may follow: two addresses, then two ports. Those of other transports are not used. */
static const struct transport_kind {
	unsigned char code;
	int family;
	size_t address, port; /* bytes of each */
} kinds[] = {
	{ 0, AF_UNSPEC, 0, 0 },
	{ 0x11, AF_INET, 4, 2 },
	{ 0x21, AF_INET6, 16, 2 },
	{ 0x31, AF_UNIX, PATH_SIZE, 0 },
};

static const struct transport_kind *find_kind(unsigned char code)
{
	for (size_t i = 1; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i].code == code)
			return &kinds[i];
	return &kinds[0];
}

/* A path ends at its first NUL; an abstract name begins with one, and ends before the NULs
 * that fill the rest. */
static size_t path_len(const unsigned char *path)
{
	size_t len = path[0] != '\0' ? strnlen((const char *)path, PATH_SIZE) : PATH_SIZE;

	while (len > 0 && path[len - 1] == '\0')
		len--;
	return len;
}

static struct socket_address address_of(int family, const unsigned char *address,
					const unsigned char *port)
{
	struct socket_address out = { .addr.ss_family = (sa_family_t)family };
	struct sockaddr_in *in = (struct sockaddr_in *)&out.addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&out.addr;
	size_t len;

	switch (family) {
	case AF_INET:
		memcpy(&in->sin_addr, address, sizeof(in->sin_addr));
		memcpy(&in->sin_port, port, sizeof(in->sin_port));
		out.len = sizeof(*in);
		break;
	case AF_INET6:
		memcpy(&in6->sin6_addr, address, sizeof(in6->sin6_addr));
		memcpy(&in6->sin6_port, port, sizeof(in6->sin6_port));
		out.len = sizeof(*in6);
		break;
	case AF_UNIX:
		len = path_len(address);
		memcpy(((struct sockaddr_un *)&out.addr)->sun_path, address, len);
		out.len = (socklen_t)(PATH_OFFSET + len);
		break;
	default:
		break;
	}
	return out;
}

static enum proxy_header_answer read2(struct bytes b, struct proxy_header *out, struct err *err)
{
	const struct transport_kind *kind;
	const unsigned char *at, *ports;
	size_t rest, needed;

	if (b.len < FIXED)
		return PROXY_HEADER_MORE;
	rest = (size_t)b.data[14] << 8 | b.data[15];
	kind = find_kind(b.data[12] == LOCAL ? 0 : b.data[13]);
	needed = 2 * (kind->address + kind->port);
	if (b.data[12] != LOCAL && (b.data[12] != PROXY || b.data[13] >> 4 > FAMILY_MAX ||
				    (b.data[13] & 0xf) > PROTOCOL_MAX || rest < needed))
		return bad(bytes_of(b.data, FIXED), "bad PROXY header", err);
	if (b.len < FIXED + needed)
		return PROXY_HEADER_MORE;
	at = b.data + FIXED;
	ports = at + 2 * kind->address;
	out->len = FIXED + rest;
	out->source = address_of(kind->family, at, ports);
	out->destination = address_of(kind->family, at + kind->address, ports + kind->port);
	return PROXY_HEADER_OK;
}

enum proxy_header_answer proxy_header_read(struct bytes b, struct proxy_header *out,
					   struct err *err)
{
	*out = (struct proxy_header){ 0 };
	if (b.len == 0)
		return PROXY_HEADER_MORE;
	if (begins(b, start1, strlen(start1)))
		return b.len < strlen(start1) ? PROXY_HEADER_MORE : read1(b, out, err);
	if (begins(b, start2, sizeof(start2) - 1))
		return read2(b, out, err);
	return bad(b, "no PROXY header: the peer sent", err);
}
