/* SPDX-License-Identifier: ISC */
/* listener_socket: the sockets of one listener, from addresses to listen(2). */
#include "config.h"

#include "net/listener_socket.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "io/fd_watch.h"
#include "io/sockaddr.h"
#include "net/address.h"
#include "net/listener_options.h"
#include "net/resolve.h"
#include "net/systemd_sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Port 0: the kernel picks a port for the first socket, and the others take it too. Where
 * one host is given with TLS and without, all that have TLS take another one.
 * Where another process has that port for one of them (at bind(2), or at listen(2) if
 * it was only bound so far), another port is tried. The first socket of each failed
 * try stays open until the end, so that the kernel picks a new port. The sockets with
 * a fixed address stay bound meanwhile, but do not listen.
 */
enum { PORT_TRIES = 64 };

/* --- one socket --- */

static char *text_of(const struct listener_socket *s)
{
	char *plain = sockaddr_text(&s->at);
	char *text = *plain != '\0' ? alloc_printf("%s%s", s->tls ? "tls:" : "", plain)
				    : alloc_printf("%sfd:%d", s->tls ? "tls:" : "", s->fd);

	free(plain);
	return text;
}

static bool fail(const struct listener_socket *s, int sys, struct err *err)
{
	char *text = text_of(s);

	(void)err_sys(err, ERR_CONNECT, sys, "cannot listen on %s", text);
	(void)err_append(err, "%s", sockaddr_bind_hint(&s->at, sys));
	free(text);
	return false;
}

static void close_socket(struct listener_socket *s)
{
	if (s->fd >= 0 && !s->inherited)
		close(s->fd);
	s->fd = -1;
}

void listener_sockets_free(struct listener_sockets *set)
{
	for (size_t i = 0; i < set->count; i++) {
		struct listener_socket *s = &set->items[i];

		fd_watch_free(s->watch);
		socket_file_free(&s->file);
		close_socket(s);
		free(s->text);
	}
	free(set->items);
	socket_file_unlock(&set->locks);
	*set = (struct listener_sockets){ 0 };
}

/* --- from addresses to sockets --- */

bool listener_socket_is_listening(int fd)
{
	int listening = 0;
	int type = 0;
	socklen_t len = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 && listening != 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

static bool fail_tls(const struct listener_socket *s, struct err *err)
{
	char *text = sockaddr_text(&s->at);

	(void)err_set(err, ERR_USAGE, "%s is given with TLS and without", text);
	free(text);
	return false;
}

/* Do both ask for one socket? Of port 0, those with TLS have another one. */
static bool is_same(const struct listener_socket *one, const struct listener_socket *other)
{
	if (one->inherited || other->inherited)
		return one->fd == other->fd;
	if (one->file.path != NULL && other->file.path != NULL)
		return socket_file_is_same(one->file.path, other->file.path);
	return one->port == other->port && one->at.len == other->at.len &&
	       memcmp(&one->at.addr, &other->at.addr, one->at.len) == 0;
}

/* Add a socket, which is handed over, at the end of the set, unless it is there. */
static bool add(struct listener_sockets *set, struct listener_socket *s, struct err *err)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct listener_socket *known = &set->items[i];

		if (!is_same(known, s))
			continue;
		socket_file_free(&s->file);
		return known->tls == s->tls || fail_tls(s, err);
	}
	set->items = alloc_resize(set->items, (set->count + 1) * sizeof(*set->items));
	set->items[set->count++] = *s;
	return true;
}

/* Has an interface an address of the family? */
static bool has_address(int family)
{
	struct ifaddrs *list;
	bool found = false;

	if (getifaddrs(&list) < 0)
		return true;
	for (const struct ifaddrs *i = list; i != NULL && !found; i = i->ifa_next)
		found = i->ifa_addr != NULL && i->ifa_addr->sa_family == family;
	freeifaddrs(list);
	return found;
}

/* Is the family unusable for `address`? Its loopback address cannot be bound then; where every
 * interface is meant, none of them has an address of the family. */
static bool lacks_family(const struct address *address, int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct socket_address addr;
	bool lacking;

	if (fd < 0)
		return errno == EAFNOSUPPORT;
	lacking = sockaddr_literal(family == AF_INET6 ? "::1" : "127.0.0.1", 0, &addr) &&
		  bind(fd, (struct sockaddr *)&addr.addr, addr.len) < 0 && errno == EADDRNOTAVAIL;
	close(fd);
	return lacking && (address->host_kind != HOST_ANY || !has_address(family));
}

/* The socket addresses that `address` stands for, to be freed; NULL with an error. Blocking is
 * harmless here: nothing is served yet. */
static struct socket_address *find_addresses(const struct address *address, int family,
					     size_t *count, struct err *err)
{
	struct socket_address *found = NULL;
	struct addrinfo *list;

	*count = 0;
	if (address->kind != ADDRESS_TCP || address->host_kind != HOST_NAME) {
		found = alloc_array(ADDRESS_SOCKADDRS_MAX, sizeof(*found));
		*count = address_sockaddrs(address, ADDRESS_LISTEN, family, found);
		return found;
	}
	if (resolve_now(address->host, address->port, family, &list, err) != 0)
		return NULL;
	for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next) {
		found = alloc_resize(found, (*count + 1) * sizeof(*found));
		found[(*count)++] = sockaddr_of(ai->ai_addr, ai->ai_addrlen);
	}
	freeaddrinfo(list);
	return found;
}

static void leave_out(const struct listener_socket *s)
{
	char *text = text_of(s);

	log_line(LOG_INFO, "not listening on %s: the system has no IPv%c", text,
		 s->at.addr.ss_family == AF_INET ? '4' : '6');
	free(text);
}

/* What two addresses stand for, or two answers to one lookup, is one socket. Where a port or a name
 * stands for several, those are left out whose family the system lacks. */
static bool add_new(struct listener_sockets *set, const struct address *address,
		    const struct listener_options *options, struct err *err)
{
	bool tcp = address->kind == ADDRESS_TCP;
	bool several = tcp && address->host_kind != HOST_LITERAL;
	struct listener_socket s = { .fd = -1, .tls = address->tls };
	bool file = address->kind == ADDRESS_UNIX && !address->abstract;
	struct socket_address *addrs;
	bool found = false;
	bool good = true;
	size_t count;

	if (file && !socket_file_init(&s.file, address->path, options, err))
		return false;
	addrs = find_addresses(address, options->family, &count, err);
	if (addrs == NULL)
		return false;
	if (tcp && address->port == 0)
		s.port = address->tls ? PORT_ANY_TLS : PORT_ANY;
	for (size_t i = 0; i < count && good; i++) {
		s.at = addrs[i];
		if (several && lacks_family(address, s.at.addr.ss_family)) {
			leave_out(&s);
			continue;
		}
		found = true;
		good = add(set, &s, err);
	}
	free(addrs);
	if (!good)
		return false;
	if (count == 0) /* its interface has gone */
		return err_set(err, ERR_USAGE, "'%s' is not an address of an interface",
			       address->host);
	return found || fail(&s, EAFNOSUPPORT, err);
}

static bool refuse_inherited(int fd, struct err *err)
{
	int type;
	socklen_t len = sizeof(type);

	if (fcntl(fd, F_GETFD) < 0)
		return err_sys(err, ERR_USAGE, errno, "cannot use descriptor %d", fd);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_STREAM)
		return err_set(err, ERR_USAGE, "descriptor %d is not a stream socket", fd);
	return err_set(err, ERR_USAGE,
		       "descriptor %d is not a listening socket: if it is connected, listen on "
		       "fd:%d alone",
		       fd, fd);
}

static bool add_inherited(struct listener_sockets *set, const struct address *address, int fd,
			  struct err *err)
{
	struct listener_socket s = {
		.fd = fd, .tls = address->tls, .at = sockaddr_own(fd), .inherited = true
	};

	if (!listener_socket_is_listening(fd))
		return refuse_inherited(fd, err);
	/* A command that the program starts must not keep the socket. This flag, unlike
	 * O_NONBLOCK, is not shared with other processes. */
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return add(set, &s, err);
}

/* --- sockets from a service manager --- */

static bool expand_sd(struct listener_sockets *set, const struct address *address, struct err *err)
{
	size_t count = systemd_sockets_count();
	bool found = false;

	if (count == 0)
		return err_set(err, ERR_USAGE, "no sockets were passed to this process for sd:");
	for (size_t i = 0; i < count; i++) {
		if (address->name != NULL && !systemd_sockets_is_named(i, address->name))
			continue;
		if (!add_inherited(set, address, SYSTEMD_SOCKETS_FIRST + (int)i, err))
			return false;
		found = true;
	}
	return found ||
	       err_set(err, ERR_USAGE, "no socket named '%s' was passed for sd:", address->name);
}

/* Add the sockets that `address` asks for: unbound, or inherited. */
static bool expand(struct listener_sockets *set, const struct address *address,
		   const struct listener_options *options, struct err *err)
{
	if (address->kind == ADDRESS_SD)
		return expand_sd(set, address, err);
	if (address->kind == ADDRESS_FD)
		return add_inherited(set, address, address->fd, err);
	return add_new(set, address, options, err);
}

/* --- bind and listen --- */

/* Every interface? */
static bool is_any(const struct socket_address *a)
{
	return a->addr.ss_family == AF_INET
		       ? ((const struct sockaddr_in *)&a->addr)->sin_addr.s_addr == INADDR_ANY
		       : IN6_IS_ADDR_UNSPECIFIED(
				 &((const struct sockaddr_in6 *)&a->addr)->sin6_addr);
}

/* Can two addresses not have one port? */
static bool clash(const struct socket_address *a, const struct socket_address *b)
{
	return a->addr.ss_family == b->addr.ss_family &&
	       (is_any(a) || is_any(b) || memcmp(&a->addr, &b->addr, a->len) == 0);
}

static bool need_two_ports(const struct listener_sockets *set)
{
	for (size_t i = 0; i < set->count; i++)
		for (size_t j = 0; j < set->count; j++)
			if (set->items[i].port == PORT_ANY && set->items[j].port == PORT_ANY_TLS &&
			    clash(&set->items[i].at, &set->items[j].at))
				return true;
	return false;
}

static in_port_t *port_of(struct socket_address *a)
{
	return a->addr.ss_family == AF_INET ? &((struct sockaddr_in *)&a->addr)->sin_port
					    : &((struct sockaddr_in6 *)&a->addr)->sin6_port;
}

/* Would bind(2) or listen(2) refuse the second for the first? */
static bool covers(struct listener_socket *wide, struct listener_socket *narrow)
{
	int family = wide->at.addr.ss_family;

	return (family == AF_INET || family == AF_INET6) && family == narrow->at.addr.ss_family &&
	       !wide->inherited && !narrow->inherited && wide->port == narrow->port &&
	       *port_of(&wide->at) == *port_of(&narrow->at) && is_any(&wide->at);
}

/* One port for all, unless two of them ask for one socket with TLS and without. */
static void share_port(struct listener_sockets *set)
{
	if (need_two_ports(set))
		return;
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].port == PORT_ANY_TLS)
			set->items[i].port = PORT_ANY;
}

static bool check_overlap(struct listener_sockets *set, struct err *err)
{
	for (size_t i = 0; i < set->count; i++) {
		for (size_t j = 0; j < set->count; j++) {
			char *wide, *narrow;

			if (i == j || !covers(&set->items[i], &set->items[j]))
				continue;
			wide = text_of(&set->items[i]);
			narrow = text_of(&set->items[j]);
			(void)err_set(err, ERR_USAGE, "%s is part of %s: listen on one of them",
				      narrow, wide);
			free(wide);
			free(narrow);
			return false;
		}
	}
	return true;
}

static bool set_option(int fd, int level, int name)
{
	int on = 1;

	return setsockopt(fd, level, name, &on, sizeof(on)) == 0;
}

static bool set_options(const struct listener_socket *s, const struct listener_options *options)
{
	bool ipv6 = s->at.addr.ss_family == AF_INET6;

	if (!ipv6 && s->at.addr.ss_family != AF_INET)
		return true;
	if (!options->no_reuse_addr && !set_option(s->fd, SOL_SOCKET, SO_REUSEADDR))
		return false;
	if (options->reuse_port && !set_option(s->fd, SOL_SOCKET, SO_REUSEPORT))
		return false;
	return !ipv6 || set_option(s->fd, IPPROTO_IPV6, IPV6_V6ONLY);
}

static bool bind_file(struct listener_sockets *set, struct listener_socket *s,
		      const struct listener_options *options, struct err *err)
{
	char *text;

	if (socket_file_bind(&s->file, &set->locks, s->fd, &s->at, options, err))
		return true;
	text = text_of(s);
	(void)err_prefix(err, "cannot listen on %s", text);
	free(text);
	return false;
}

static bool bind_socket(struct listener_sockets *set, struct listener_socket *s,
			const struct listener_options *options, struct err *err)
{
	s->fd = socket(s->at.addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd >= 0 && s->file.path != NULL)
		return bind_file(set, s, options, err);
	if (s->fd < 0 || !set_options(s, options) ||
	    bind(s->fd, (const struct sockaddr *)&s->at.addr, s->at.len) < 0)
		return fail(s, errno, err);
	s->at = sockaddr_own(s->fd);
	return true;
}

static bool listen_all(struct listener_sockets *set, const struct listener_options *options,
		       enum listener_port kind, struct err *err)
{
	for (size_t i = 0; i < set->count; i++) {
		struct listener_socket *s = &set->items[i];

		if (s->port == kind && !s->inherited && listen(s->fd, options->backlog) < 0)
			return fail(s, errno, err);
	}
	return true;
}

/* One try with one port. */
static bool try_port(struct listener_sockets *set, const struct listener_options *options,
		     enum listener_port kind, struct err *err)
{
	in_port_t port = 0; /* in network order */

	for (size_t i = 0; i < set->count; i++) {
		struct listener_socket *s = &set->items[i];

		if (s->port != kind)
			continue;
		*port_of(&s->at) = port;
		if (!bind_socket(set, s, options, err))
			return false;
		port = *port_of(&s->at);
	}
	return listen_all(set, options, kind, err);
}

/* Close all but the first, whose descriptor the caller owns now. */
static int give_up_port(struct listener_sockets *set, enum listener_port kind)
{
	int first = -1;

	for (size_t i = 0; i < set->count; i++) {
		struct listener_socket *s = &set->items[i];

		if (s->port != kind)
			continue;
		if (first < 0) {
			first = s->fd;
			s->fd = -1;
		}
		close_socket(s);
	}
	return first;
}

static bool bind_any_port(struct listener_sockets *set, const struct listener_options *options,
			  enum listener_port kind, struct err *err)
{
	int kept[PORT_TRIES];
	int tries = 0;
	bool ok = try_port(set, options, kind, err);

	while (!ok && err->sys == EADDRINUSE && tries < PORT_TRIES) {
		kept[tries++] = give_up_port(set, kind);
		ok = try_port(set, options, kind, err);
	}
	while (tries > 0)
		close(kept[--tries]);
	return ok;
}

static bool bind_all(struct listener_sockets *set, const struct listener_options *options,
		     struct err *err)
{
	for (size_t i = 0; i < set->count; i++) {
		struct listener_socket *s = &set->items[i];

		if (!s->inherited && s->port == PORT_FIXED && !bind_socket(set, s, options, err))
			return false;
	}
	if (!bind_any_port(set, options, PORT_ANY, err) ||
	    !bind_any_port(set, options, PORT_ANY_TLS, err) ||
	    !listen_all(set, options, PORT_FIXED, err))
		return false;
	socket_file_unlock(&set->locks);
	return true;
}

bool listener_sockets_find(struct listener_sockets *set, const struct address *addresses,
			   size_t count, const struct listener_options *options, struct err *err)
{
	bool ok = true;
	bool sd = false;

	for (size_t i = 0; i < count && ok; i++) {
		sd = sd || addresses[i].kind == ADDRESS_SD;
		ok = expand(set, &addresses[i], options, err);
	}
	if (sd)
		systemd_sockets_forget();
	share_port(set);
	ok = ok && (options->reuse_port || check_overlap(set, err));
	if (!ok)
		listener_sockets_free(set);
	return ok;
}

bool listener_sockets_open(struct listener_sockets *set, const struct listener_options *options,
			   struct err *err)
{
	bool ok = bind_all(set, options, err);

	if (!ok)
		listener_sockets_free(set);
	for (size_t i = 0; i < set->count; i++)
		set->items[i].text = text_of(&set->items[i]);
	return ok;
}
