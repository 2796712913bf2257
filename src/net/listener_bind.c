/* SPDX-License-Identifier: ISC */
/* listener_bind: bind every socket, on one port where that is open, then listen. */
#include "config.h"

#include "net/listener_socket.h"

#include "base/err.h"
#include "base/log.h"
#include "net/address.h"
#include "net/listener.h"
#include "net/listener_unix.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Port 0: the kernel picks a number for the first socket, the others take it
 * too. Where it is taken by somebody, for one of them (at bind(2), or at listen(2) when
 * he was only bound so far), another number is tried. The first socket of each
 * failed try is kept until the end, so that the kernel picks a number that is
 * new. The sockets with a fixed address stay bound meanwhile, but do not listen.
 */
enum { PORT_TRIES = 64 };

static bool set_option(int fd, int level, int name)
{
	int on = 1;

	return setsockopt(fd, level, name, &on, sizeof(on)) == 0;
}

static bool set_options(const struct listener_socket *s, const struct listener_options *options)
{
	if (s->address->kind != ADDRESS_TCP)
		return true;
	if (!options->no_reuse_addr && !set_option(s->fd, SOL_SOCKET, SO_REUSEADDR))
		return false;
	if (options->reuse_port && !set_option(s->fd, SOL_SOCKET, SO_REUSEPORT))
		return false;
	return s->addr.ss_family != AF_INET6 || set_option(s->fd, IPPROTO_IPV6, IPV6_V6ONLY);
}

/* 0, or errno; then the socket is closed. */
static int bind_socket(struct listener_socket *s, const struct listener_options *options)
{
	int sys = 0;

	s->fd = socket(s->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return errno;
	if (!set_options(s, options) ||
	    bind(s->fd, (const struct sockaddr *)&s->addr, s->len) < 0) {
		sys = errno;
		listener_socket_close(s);
	}
	return sys;
}

/* The machine has no address of the family, not even loopback's. */
static bool lacks_family(int family)
{
	struct sockaddr_in v4 = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	bool is_v6 = family == AF_INET6;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool lacking;

	if (fd < 0)
		return errno == EAFNOSUPPORT;
	lacking = bind(fd, is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
		       is_v6 ? sizeof(v6) : sizeof(v4)) < 0 &&
		  errno == EADDRNOTAVAIL;
	close(fd);
	return lacking;
}

static bool may_leave_out(const struct listener_socket *s, int sys)
{
	return s->optional && (sys == EAFNOSUPPORT || sys == EADDRNOTAVAIL) &&
	       lacks_family(s->addr.ss_family);
}

static bool has_socket(const struct listener_sockets *set, const struct address *address)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].address == address && set->items[i].fd >= 0)
			return true;
	return false;
}

/* One whose address has not one socket, since the machine lacks its families. */
static struct listener_socket *find_stranded(const struct listener_sockets *set, bool any_port)
{
	for (size_t i = 0; i < set->count; i++) {
		struct listener_socket *s = &set->items[i];

		if (s->any_port == any_port && s->fd < 0 && !has_socket(set, s->address))
			return s;
	}
	return NULL;
}

static bool bind_fixed(struct listener_sockets *set, const struct listener_options *options,
		       struct err *err)
{
	const struct listener_socket *stranded;

	for (size_t i = 0; i < set->count; i++) {
		struct listener_socket *s = &set->items[i];
		int sys;

		if (s->inherited || s->any_port)
			continue;
		if (s->address->kind == ADDRESS_UNIX) {
			if (!listener_unix_bind(set, s, options, err))
				return false;
			continue;
		}
		sys = bind_socket(s, options);
		if (sys != 0 && !may_leave_out(s, sys))
			return listener_socket_failed(s, sys, err);
	}
	stranded = find_stranded(set, false);
	return stranded == NULL || listener_socket_failed(stranded, EAFNOSUPPORT, err);
}

static void set_port(struct listener_socket *s, in_port_t port)
{
	if (s->addr.ss_family == AF_INET)
		((struct sockaddr_in *)&s->addr)->sin_port = port;
	else
		((struct sockaddr_in6 *)&s->addr)->sin6_port = port;
}

/* The port in network order; 0 when it is not known. */
static in_port_t bound_port(const struct listener_socket *s)
{
	struct sockaddr_storage addr = { 0 };
	socklen_t len = sizeof(addr);

	if (getsockname(s->fd, (struct sockaddr *)&addr, &len) < 0)
		return 0;
	return addr.ss_family == AF_INET ? ((struct sockaddr_in *)&addr)->sin_port
					 : ((struct sockaddr_in6 *)&addr)->sin6_port;
}

static int listen_socket(const struct listener_socket *s, const struct listener_options *options)
{
	if (s->inherited || s->fd < 0)
		return 0;
	return listen(s->fd, options->backlog) < 0 ? errno : 0;
}

/* One try with one number. 0, or errno with the one that failed in `*failed`. */
static int try_port(struct listener_sockets *set, const struct listener_options *options,
		    struct listener_socket **failed)
{
	in_port_t port = 0;
	int sys;

	for (size_t i = 0; i < set->count; i++) {
		struct listener_socket *s = &set->items[i];

		if (!s->any_port)
			continue;
		set_port(s, port);
		*failed = s;
		sys = bind_socket(s, options);
		if (sys != 0 && !may_leave_out(s, sys))
			return sys;
		if (sys == 0 && port == 0)
			port = bound_port(s);
	}
	*failed = find_stranded(set, true);
	if (*failed != NULL)
		return EAFNOSUPPORT;
	for (size_t i = 0; i < set->count; i++) {
		*failed = &set->items[i];
		sys = set->items[i].any_port ? listen_socket(&set->items[i], options) : 0;
		if (sys != 0)
			return sys;
	}
	return 0;
}

/* Close them all but the first, which is not the set's any more: its descriptor, or
 * -1 when none is open. */
static int give_up_port(struct listener_sockets *set)
{
	int first = -1;

	for (size_t i = 0; i < set->count; i++) {
		struct listener_socket *s = &set->items[i];

		if (!s->any_port)
			continue;
		if (first < 0) {
			first = s->fd;
			s->fd = -1;
		}
		listener_socket_close(s);
	}
	return first;
}

static bool bind_any_port(struct listener_sockets *set, const struct listener_options *options,
			  struct err *err)
{
	struct listener_socket *failed = NULL;
	int kept[PORT_TRIES];
	int tries = 0;
	int sys;

	do {
		sys = try_port(set, options, &failed);
		if (sys != 0)
			kept[tries++] = give_up_port(set);
	} while (sys == EADDRINUSE && tries < PORT_TRIES);
	while (tries > 0)
		if (kept[--tries] >= 0)
			close(kept[tries]);
	return sys == 0 || listener_socket_failed(failed, sys, err);
}

/* Remove those that were left out. */
static void drop_lacking(struct listener_sockets *set)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		const struct listener_socket *s = &set->items[i];
		char *text;

		if (s->fd >= 0) {
			set->items[kept++] = *s;
			continue;
		}
		text = listener_socket_text(s);
		log_line(LOG_INFO, "not listening on %s: this machine has no IPv%c", text,
			 s->addr.ss_family == AF_INET ? '4' : '6');
		free(text);
		listener_socket_release(&set->items[i]);
	}
	set->count = kept;
}

static bool listen_all(struct listener_sockets *set, const struct listener_options *options,
		       struct err *err)
{
	for (size_t i = 0; i < set->count; i++) {
		struct listener_socket *s = &set->items[i];
		int sys = s->any_port ? 0 : listen_socket(s, options);

		if (sys != 0)
			return listener_socket_failed(s, sys, err);
	}
	listener_unix_unlock(set);
	return true;
}

bool listener_bind(struct listener_sockets *set, const struct listener_options *options,
		   struct err *err)
{
	if (!bind_fixed(set, options, err) || !bind_any_port(set, options, err))
		return false;
	drop_lacking(set);
	return listen_all(set, options, err);
}
