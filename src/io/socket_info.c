/* SPDX-License-Identifier: ISC */
/* socket_info: what a connected socket says about itself. */
#include "config.h"

#include "io/socket_info.h"

#include "base/alloc.h"
#include "io/sockaddr.h"

#include <event2/buffer.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MICROSECONDS = 1000 * 1000 };

struct socket_address socket_info_peer(int fd)
{
	struct socket_address peer = { .len = sizeof(peer.addr) };

	if (getpeername(fd, (struct sockaddr *)&peer.addr, &peer.len) != 0)
		peer.len = 0;
	return peer;
}

struct socket_address socket_info_own(int fd)
{
	struct socket_address own = { .len = sizeof(own.addr) };

	if (getsockname(fd, (struct sockaddr *)&own.addr, &own.len) != 0)
		own.len = 0;
	return own;
}

static sa_family_t family(int fd)
{
	return socket_info_own(fd).addr.ss_family; /* AF_UNSPEC when that fails */
}

bool socket_info_is_inet(int fd, const struct socket_address *peer)
{
	sa_family_t of = peer->len > 0 ? peer->addr.ss_family : family(fd);

	return of == AF_INET || of == AF_INET6;
}

static bool append_text(const char *text, struct evbuffer *out)
{
	return text != NULL && evbuffer_add(out, text, strlen(text)) == 0;
}

static bool append_address(const struct socket_address *a, struct evbuffer *out)
{
	char *text;
	bool appended;

	if (a->len == 0)
		return false;
	text = sockaddr_text(a);
	appended = append_text(text, out);
	free(text);
	return appended;
}

static const char *family_name(sa_family_t of)
{
	switch (of) {
	case AF_INET:
		return "inet";
	case AF_INET6:
		return "inet6";
	case AF_UNIX:
		return "unix";
	case AF_VSOCK:
		return "vsock";
	default:
		return NULL;
	}
}

static bool append_rtt(int fd, struct evbuffer *out)
{
	struct tcp_info tcp = { 0 };
	socklen_t len = sizeof(tcp);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &tcp, &len) != 0)
		return false;
	return evbuffer_add_printf(out, "%u.%06u", tcp.tcpi_rtt / MICROSECONDS,
				   tcp.tcpi_rtt % MICROSECONDS) > 0;
}

bool socket_info_append(int fd, const unsigned char *peer, socklen_t peer_len, enum info_key key,
			struct evbuffer *out)
{
	struct socket_address addr = { .len = peer_len };

	switch ((int)key) {
	case INFO_PEERNAME:
		memcpy(&addr.addr, peer, peer_len);
		return append_address(&addr, out);
	case INFO_SOCKNAME:
		addr = socket_info_own(fd);
		return append_address(&addr, out);
	case INFO_FAMILY:
		return append_text(family_name(family(fd)), out);
	case INFO_RTT:
		return append_rtt(fd, out);
	default:
		return false; /* TLS has it */
	}
}
