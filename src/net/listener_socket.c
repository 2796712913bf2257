/* SPDX-License-Identifier: ISC */
/* listener_socket: the sockets of one listener, their texts and their end. */
#include "config.h"

#include "net/listener_socket.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/sockaddr.h"
#include "net/address.h"
#include "net/listener_unix.h"

#include <stdlib.h>
#include <unistd.h>

struct listener_socket *listener_sockets_add(struct listener_sockets *set,
					     const struct address *address)
{
	struct listener_socket *s;

	set->items = alloc_resize(set->items, (set->count + 1) * sizeof(*set->items));
	s = &set->items[set->count++];
	*s = (struct listener_socket){ .address = address, .tls = address->tls, .fd = -1 };
	if (address->kind == ADDRESS_UNIX && !address->abstract)
		s->path = alloc_string(address->path);
	return s;
}

void listener_socket_close(struct listener_socket *s)
{
	/* The file first: as long as the socket is open its inode is not given to
	 * another file, so that the one removed is ours. */
	listener_unix_remove(s);
	if (s->fd >= 0 && !s->inherited)
		close(s->fd);
	s->fd = -1;
}

void listener_socket_release(struct listener_socket *s)
{
	listener_socket_close(s);
	free(s->path);
	s->path = NULL;
}

void listener_sockets_free(struct listener_sockets *set)
{
	for (size_t i = 0; i < set->count; i++)
		listener_socket_release(&set->items[i]);
	free(set->items);
	listener_unix_unlock(set);
	*set = (struct listener_sockets){ 0 };
}

/* The socket's own address, or the wanted one where it has none yet. */
static char *plain_text(const struct listener_socket *s)
{
	struct sockaddr_storage addr = { 0 };
	socklen_t len = sizeof(addr);
	char *text;

	if (s->fd < 0 || (s->addr.ss_family == AF_UNIX))
		return sockaddr_text((const struct sockaddr *)&s->addr, s->len);
	if (getsockname(s->fd, (struct sockaddr *)&addr, &len) < 0)
		return alloc_printf("fd:%d", s->fd);
	text = sockaddr_text((const struct sockaddr *)&addr, len);
	if (*text != '\0')
		return text;
	free(text);
	return alloc_printf("fd:%d", s->fd);
}

char *listener_socket_text(const struct listener_socket *s)
{
	char *plain = plain_text(s);
	char *text;

	if (!s->tls)
		return plain;
	text = alloc_printf("tls:%s", plain);
	free(plain);
	return text;
}

bool listener_socket_failed(const struct listener_socket *s, int sys, struct err *err)
{
	char *text = listener_socket_text(s);

	err_sys(err, ERR_CONNECT, sys, "cannot listen on %s", text);
	free(text);
	return false;
}
