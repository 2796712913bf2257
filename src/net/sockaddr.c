/* SPDX-License-Identifier: ISC */
/* sockaddr: socket addresses from literals and paths, and as text; see address.h. */
#include "config.h"

#include "net/address.h"

#include "base/alloc.h"
#include "base/err.h"
#include "net/host.h"
#include "net/vsock.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

enum { PATH_OFFSET = offsetof(struct sockaddr_un, sun_path) };

static bool store(const void *addr, socklen_t len, struct sockaddr_storage *out, socklen_t *out_len)
{
	memset(out, 0, sizeof(*out));
	memcpy(out, addr, len);
	*out_len = len;
	return true;
}

static bool literal6(const char *host, uint16_t port, struct sockaddr_storage *out,
		     socklen_t *out_len)
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
	return store(&addr, sizeof(addr), out, out_len);
}

bool address_literal(const char *host, uint16_t port, struct sockaddr_storage *out,
		     socklen_t *out_len)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port) };

	if (inet_pton(AF_INET, host, &addr.sin_addr) == 1)
		return store(&addr, sizeof(addr), out, out_len);
	return literal6(host, port, out, out_len);
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

bool address_parse_local(const char *text, struct sockaddr_storage *out, socklen_t *out_len,
			 struct err *err)
{
	const char *host;
	const char *port;
	size_t host_len;
	uint16_t number = 0;
	char *literal;
	bool ok;

	if (!cut_local(text, &host, &host_len, &port))
		return host_refuse(text, "is no ADDR[:PORT]", err);
	if (port != NULL && !host_read_port(port, &number, err))
		return false;
	literal = alloc_printf("%.*s", (int)host_len, host);
	ok = (*text != '[' || host_is_ipv6(literal)) &&
	     address_literal(literal, number, out, out_len);
	free(literal);
	return ok || host_refuse(text, "is no IP address of this machine", err);
}

static char *text4(const struct sockaddr_in *addr)
{
	char host[INET_ADDRSTRLEN];

	return alloc_printf("%s:%u", inet_ntop(AF_INET, &addr->sin_addr, host, sizeof(host)),
			    ntohs(addr->sin_port));
}

static char *text6(const struct sockaddr_in6 *addr)
{
	char host[INET6_ADDRSTRLEN];
	char name[IF_NAMESIZE];
	uint16_t port = ntohs(addr->sin6_port);

	(void)inet_ntop(AF_INET6, &addr->sin6_addr, host, sizeof(host));
	if (addr->sin6_scope_id == 0)
		return alloc_printf("[%s]:%u", host, port);
	if (if_indextoname(addr->sin6_scope_id, name) != NULL)
		return alloc_printf("[%s%%%s]:%u", host, name, port);
	return alloc_printf("[%s%%%u]:%u", host, addr->sin6_scope_id, port);
}

static char *text_unix(const struct sockaddr_un *addr, socklen_t len)
{
	size_t size = len > PATH_OFFSET ? len - PATH_OFFSET : 0;
	char *text;

	if (size == 0)
		return alloc_string("");
	if (strncmp(addr->sun_path, "//", 2) == 0) /* of which connect takes two off */
		return alloc_printf("unix://%.*s", (int)size, addr->sun_path);
	if (addr->sun_path[0] != '\0')
		return alloc_printf("unix:%.*s", (int)size, addr->sun_path);
	text = alloc_printf("unix:@%*s", (int)size - 1, "");
	for (size_t i = 1; i < size; i++) /* NULs in an abstract name are shown as '@' */
		text[strlen("unix:") + i] = addr->sun_path[i] != '\0' ? addr->sun_path[i] : '@';
	return text;
}

char *sockaddr_text(const struct sockaddr *addr, socklen_t len)
{
	struct sockaddr_storage copy; /* `addr` may be aligned or cut anyhow */
	uint32_t cid;
	uint32_t port;

	if (len < sizeof(addr->sa_family) || len > sizeof(copy))
		return alloc_string("");
	memset(&copy, 0, sizeof(copy));
	memcpy(&copy, addr, len);
	switch (copy.ss_family) {
	case AF_INET:
		return text4((const struct sockaddr_in *)&copy);
	case AF_INET6:
		return text6((const struct sockaddr_in6 *)&copy);
	case AF_UNIX:
		return text_unix((const struct sockaddr_un *)&copy, len);
	default:
		break;
	}
	if (vsock_read(&copy, &cid, &port))
		return alloc_printf("vsock:%u:%u", cid, port);
	return alloc_string("");
}

/* An abstract name has a NUL in front and none behind, a path one behind. */
bool address_sockaddr_unix(const struct address *address, struct sockaddr_storage *out,
			   socklen_t *out_len, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(address->path);

	if (len >= sizeof(addr.sun_path))
		return host_refuse(address->path, "is too long for a Unix socket: 107 bytes", err);
	memcpy(addr.sun_path + address->abstract, address->path, len);
	return store(&addr, (socklen_t)(PATH_OFFSET + len + 1), out, out_len);
}
