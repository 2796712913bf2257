/* SPDX-License-Identifier: ISC */
/* sockaddr: socket addresses, and their text. */
#include "config.h"

#include "io/sockaddr.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/number.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

enum { PATH_OFFSET = offsetof(struct sockaddr_un, sun_path) };

/* --- from text --- */

struct socket_address sockaddr_of(const struct sockaddr *addr, socklen_t len)
{
	struct socket_address copy = { 0 };

	if (len > sizeof(copy.addr))
		return copy;
	memcpy(&copy.addr, addr, len);
	copy.len = len;
	return copy;
}

static bool read_ipv6(const char *text, struct in6_addr *out)
{
	char literal[INET6_ADDRSTRLEN];
	size_t len = strcspn(text, "%");

	if (len >= sizeof(literal) || (text[len] == '%' && text[len + 1] == '\0'))
		return false;
	memcpy(literal, text, len);
	literal[len] = '\0';
	return inet_pton(AF_INET6, literal, out) == 1;
}

bool sockaddr_is_ipv6(const char *text)
{
	struct in6_addr ignored;

	return read_ipv6(text, &ignored);
}

/* The interface that a zone names, 0 when there is none. */
static uint32_t zone_index(const char *zone)
{
	uint64_t index = strlen(zone) < IF_NAMESIZE ? if_nametoindex(zone) : 0;
	struct err ignored;

	if (index == 0)
		(void)number_count(zone, "zone", 1, UINT32_MAX, &index, &ignored);
	return (uint32_t)index;
}

bool sockaddr_literal(const char *host, uint16_t port, struct socket_address *out)
{
	struct sockaddr_in addr4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 addr6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	const char *zone = strchr(host, '%');

	if (inet_pton(AF_INET, host, &addr4.sin_addr) == 1) {
		*out = sockaddr_of((struct sockaddr *)&addr4, sizeof(addr4));
		return true;
	}
	if (!read_ipv6(host, &addr6.sin6_addr))
		return false;
	if (zone != NULL)
		addr6.sin6_scope_id = zone_index(zone + 1);
	if (zone != NULL && addr6.sin6_scope_id == 0)
		return false;
	*out = sockaddr_of((struct sockaddr *)&addr6, sizeof(addr6));
	return true;
}

/* An abstract name has a NUL in front and none behind, a path one behind. */
bool sockaddr_unix(const char *path, bool abstract, struct socket_address *out)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	if (len >= sizeof(addr.sun_path))
		return false;
	memcpy(addr.sun_path + abstract, path, len);
	*out = sockaddr_of((struct sockaddr *)&addr, (socklen_t)(PATH_OFFSET + len + 1));
	return true;
}

struct socket_address sockaddr_vsock(uint32_t cid, uint32_t port)
{
	const struct sockaddr_vm addr = {
		.svm_family = AF_VSOCK,
		.svm_port = port != 0 ? port : VMADDR_PORT_ANY,
		.svm_cid = cid,
	};

	return sockaddr_of((const struct sockaddr *)&addr, sizeof(addr));
}

/* --- of a socket --- */

struct socket_address sockaddr_peer(int fd)
{
	struct socket_address peer = { .len = sizeof(peer.addr) };

	if (getpeername(fd, (struct sockaddr *)&peer.addr, &peer.len) != 0)
		peer.len = 0;
	return peer;
}

struct socket_address sockaddr_own(int fd)
{
	struct socket_address own = { .len = sizeof(own.addr) };

	if (getsockname(fd, (struct sockaddr *)&own.addr, &own.len) != 0)
		own.len = 0;
	return own;
}

/* --- as text --- */

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

/* Where it is bound to any CID, the one that connects on this machine. */
static char *text_vsock(const struct sockaddr_vm *addr)
{
	bool any = addr->svm_cid == VMADDR_CID_ANY;

	return alloc_printf("vsock:%u:%u", any ? VMADDR_CID_LOCAL : addr->svm_cid,
			    addr->svm_port == VMADDR_PORT_ANY ? 0 : addr->svm_port);
}

char *sockaddr_text(const struct socket_address *a)
{
	switch (a->len > 0 ? a->addr.ss_family : AF_UNSPEC) {
	case AF_INET:
		return text4((const struct sockaddr_in *)&a->addr);
	case AF_INET6:
		return text6((const struct sockaddr_in6 *)&a->addr);
	case AF_UNIX:
		return text_unix((const struct sockaddr_un *)&a->addr, a->len);
	case AF_VSOCK:
		return text_vsock((const struct sockaddr_vm *)&a->addr);
	default:
		return alloc_string("");
	}
}

bool sockaddr_has_port(const struct socket_address *a)
{
	switch (a->addr.ss_family) {
	case AF_INET:
		return ((const struct sockaddr_in *)&a->addr)->sin_port != 0;
	case AF_INET6:
		return ((const struct sockaddr_in6 *)&a->addr)->sin6_port != 0;
	case AF_VSOCK:
		return ((const struct sockaddr_vm *)&a->addr)->svm_port != VMADDR_PORT_ANY;
	default:
		return false;
	}
}

const char *sockaddr_bind_hint(const struct socket_address *a, int sys)
{
	if (sys == EACCES && sockaddr_has_port(a))
		return " (ports below 1024 need root)";
	return sys == EADDRNOTAVAIL ? " (this machine has no such address)" : "";
}
