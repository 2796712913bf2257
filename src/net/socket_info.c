/* SPDX-License-Identifier: ISC */
/* socket_info: what a connected socket says about itself. */
#include "config.h"

#include "net/socket_info.h"

#include "base/alloc.h"
#include "net/address.h"

#include <event2/buffer.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MICROSECONDS = 1000 * 1000 };

struct socket_info {
	sa_family_t family;
	socklen_t sock_len, peer_len;
	unsigned char data[]; /* sockname, peername */
};

struct socket_info *socket_info_new(int fd)
{
	struct sockaddr_storage sock = { 0 }, peer = { 0 };
	socklen_t sock_len = sizeof(sock), peer_len = sizeof(peer);
	struct socket_info *info;

	/* A peer that has gone already has no name any more. */
	if (getsockname(fd, (struct sockaddr *)&sock, &sock_len) != 0)
		sock_len = 0;
	if (getpeername(fd, (struct sockaddr *)&peer, &peer_len) != 0)
		peer_len = 0;
	info = alloc_zeroed(sizeof(*info) + sock_len + peer_len);
	info->family = sock.ss_family;
	info->sock_len = sock_len;
	info->peer_len = peer_len;
	memcpy(info->data, &sock, sock_len);
	memcpy(info->data + sock_len, &peer, peer_len);
	return info;
}

bool socket_info_is_inet(const struct socket_info *info)
{
	return info->family == AF_INET || info->family == AF_INET6;
}

static bool append_text(const char *text, struct evbuffer *out)
{
	return text != NULL && evbuffer_add(out, text, strlen(text)) == 0;
}

static bool append_address(const unsigned char *data, socklen_t len, struct evbuffer *out)
{
	struct sockaddr_storage addr = { 0 };
	char *text;
	bool appended;

	if (len == 0)
		return false;
	memcpy(&addr, data, len);
	text = sockaddr_text((const struct sockaddr *)&addr, len);
	appended = append_text(text, out);
	free(text);
	return appended;
}

static const char *family_name(sa_family_t family)
{
	switch (family) {
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

bool socket_info_append(const struct socket_info *info, int fd, enum info_key key,
			struct evbuffer *out)
{
	switch ((int)key) {
	case INFO_PEERNAME:
		return append_address(info->data + info->sock_len, info->peer_len, out);
	case INFO_SOCKNAME:
		return append_address(info->data, info->sock_len, out);
	case INFO_FAMILY:
		return append_text(family_name(info->family), out);
	case INFO_RTT:
		return socket_info_is_inet(info) && append_rtt(fd, out);
	default:
		return false; /* TLS has it */
	}
}
