/* SPDX-License-Identifier: ISC */
/* listener_socket: the sockets of one listener, from addresses to listen(2). */
#include "config.h"

#include "net/listener_socket.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "io/sockaddr.h"
#include "io/socket_info.h"
#include "net/address.h"
#include "net/listener_options.h"
#include "net/resolve.h"
#include "net/sd_sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Port 0: the kernel picks a port for the first socket, and the others take it too.
 * Where another process has that port for one of them (at bind(2), or at listen(2) if
 * it was only bound so far), another port is tried. The first socket of each failed
 * try stays open until the end, so that the kernel picks a new port. The sockets with
 * a fixed address stay bound meanwhile, but do not listen.
 */
enum { PORT_TRIES = 64 };

/* --- one socket --- */

/* Add a socket at the end of the set; valid until the next one. */
static struct listener_socket *add(struct listener_sockets *set, const struct address *address)
{
	struct listener_socket *s;

	set->items = alloc_resize(set->items, (set->count + 1) * sizeof(*set->items));
	s = &set->items[set->count++];
	*s = (struct listener_socket){ .address = address, .tls = address->tls, .fd = -1 };
	if (address->kind == ADDRESS_UNIX && !address->abstract)
		s->file.path = alloc_string(address->path);
	return s;
}

static void close_socket(struct listener_socket *s)
{
	socket_file_remove(&s->file);
	if (s->fd >= 0 && !s->inherited)
		close(s->fd);
	s->fd = -1;
}

static void release(struct listener_socket *s)
{
	close_socket(s);
	free(s->file.path);
}

void listener_sockets_free(struct listener_sockets *set)
{
	for (size_t i = 0; i < set->count; i++)
		release(&set->items[i]);
	free(set->items);
	socket_file_unlock(&set->locks);
	*set = (struct listener_sockets){ 0 };
}

/* The socket's own address, or the wanted one while it has none. */
static char *plain_text(const struct listener_socket *s)
{
	bool bound = s->fd >= 0 && s->wanted.addr.ss_family != AF_UNIX;
	const struct socket_address a = bound ? socket_info_own(s->fd) : s->wanted;
	char *text = sockaddr_text(&a);

	if (*text != '\0')
		return text;
	free(text);
	return alloc_printf("fd:%d", s->fd);
}

char *listener_socket_text(const struct listener_socket *s)
{
	char *plain = plain_text(s);
	char *text = alloc_printf("%s%s", s->tls ? "tls:" : "", plain);

	free(plain);
	return text;
}

/* Put "cannot listen on ADDRESS" in front of `err`. */
static bool name_socket(const struct listener_socket *s, struct err *err)
{
	char *text = listener_socket_text(s);

	(void)err_prefix(err, "cannot listen on %s", text);
	free(text);
	return false;
}

static bool fail(const struct listener_socket *s, int sys, struct err *err)
{
	(void)err_set(err, ERR_CONNECT, "%s", err_message(sys));
	err->sys = sys;
	return name_socket(s, err);
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

static bool is_known(const struct listener_sockets *set, const struct socket_address *a, bool tls)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct listener_socket *s = &set->items[i];

		if (s->wanted.len == a->len && memcmp(&s->wanted.addr, &a->addr, a->len) == 0 &&
		    s->tls == tls)
			return true;
	}
	return false;
}

/* What two addresses ask for, or two answers to one lookup, is one socket. */
static void add_wanted(struct listener_sockets *set, const struct address *address,
		       const struct socket_address *a, bool optional)
{
	struct listener_socket *s;

	if (is_known(set, a, address->tls))
		return;
	s = add(set, address);
	s->wanted = *a;
	s->optional = optional;
	s->any_port = address->kind == ADDRESS_TCP && address->port == 0;
}

static bool is_excluded(int family, int wanted)
{
	return wanted != AF_UNSPEC && family != wanted;
}

static bool expand_literal(struct listener_sockets *set, const struct address *address, int family,
			   struct err *err)
{
	struct socket_address addr;

	if (!sockaddr_literal(address->host, address->port, &addr))
		return err_set(err, ERR_USAGE, "'%s' is not an address of an interface",
			       address->host);
	if (is_excluded(addr.addr.ss_family, family))
		return err_set(err, ERR_USAGE, "'%s' is not an IPv%c address", address->host,
			       family == AF_INET ? '4' : '6');
	add_wanted(set, address, &addr, false);
	return true;
}

/* PORT and :PORT: one socket of each family. */
static bool expand_both(struct listener_sockets *set, const struct address *address, int family)
{
	bool any = address->host_kind == HOST_ANY;
	struct socket_address addr;

	if (!is_excluded(AF_INET, family) &&
	    sockaddr_literal(any ? "0.0.0.0" : "127.0.0.1", address->port, &addr))
		add_wanted(set, address, &addr, true);
	if (!is_excluded(AF_INET6, family) &&
	    sockaddr_literal(any ? "::" : "::1", address->port, &addr))
		add_wanted(set, address, &addr, true);
	return true;
}

/* Blocking is harmless here: nothing is served yet. */
static bool expand_name(struct listener_sockets *set, const struct address *address, int family,
			struct err *err)
{
	struct addrinfo *list;

	if (resolve_now(address->host, address->port, family, &list, err) != 0)
		return false;
	for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next) {
		const struct socket_address addr = sockaddr_of(ai->ai_addr, ai->ai_addrlen);

		if (ai->ai_family == AF_INET || ai->ai_family == AF_INET6)
			add_wanted(set, address, &addr, true);
	}
	freeaddrinfo(list);
	return true;
}

static bool expand_tcp(struct listener_sockets *set, const struct address *address, int family,
		       struct err *err)
{
	switch (address->host_kind) {
	case HOST_NAME:
		return expand_name(set, address, family, err);
	case HOST_LITERAL:
		return expand_literal(set, address, family, err);
	case HOST_LOOPBACK:
	case HOST_ANY:
		break;
	}
	return expand_both(set, address, family);
}

static bool expand_unix(struct listener_sockets *set, const struct address *address,
			const struct listener_options *options, struct err *err)
{
	struct socket_address addr;

	if (address->abstract && (options->has_unix_mode || options->unix_owner != NULL))
		return err_set(err, ERR_USAGE,
			       "unix:@%s is not a file: it has no mode and no owner",
			       address->path);
	(void)sockaddr_unix(address->path, address->abstract, &addr); /* it has been read */
	add_wanted(set, address, &addr, false);
	return true;
}

static bool expand_vsock(struct listener_sockets *set, const struct address *address,
			 struct err *err)
{
	struct socket_address addr;

	if (!vsock_fill(address->cid, address->vsock_port, &addr))
		return err_set(err, ERR_CONNECT,
			       "cannot listen on vsock:%u: the system has no AF_VSOCK",
			       (unsigned)address->vsock_port);
	add_wanted(set, address, &addr, false);
	return true;
}

static bool add_inherited(struct listener_sockets *set, const struct address *address, int fd,
			  struct err *err)
{
	struct listener_socket *s;

	for (size_t i = 0; i < set->count; i++) {
		if (set->items[i].fd != fd)
			continue;
		return set->items[i].tls == address->tls ||
		       err_set(err, ERR_USAGE, "descriptor %d is given with TLS and without", fd);
	}
	if (fcntl(fd, F_GETFD) < 0)
		return err_sys(err, ERR_USAGE, errno, "cannot use descriptor %d", fd);
	if (!listener_socket_is_listening(fd))
		return err_set(err, ERR_USAGE, "descriptor %d is not a listening socket", fd);
	s = add(set, address);
	s->fd = fd;
	s->inherited = true;
	/* A command that the program starts must not keep the socket. This flag, unlike
	 * O_NONBLOCK, is not shared with other processes. */
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return true;
}

static bool expand_sd(struct listener_sockets *set, const struct address *address, struct err *err)
{
	size_t count = sd_sockets_count();
	bool found = false;

	if (count == 0)
		return err_set(err, ERR_USAGE, "no sockets were passed to this process for sd:");
	for (size_t i = 0; i < count; i++) {
		if (address->name != NULL && !sd_sockets_is_named(i, address->name))
			continue;
		if (!add_inherited(set, address, SD_SOCKETS_FIRST + (int)i, err))
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
	switch (address->kind) {
	case ADDRESS_TCP:
		return expand_tcp(set, address, options->family, err);
	case ADDRESS_UNIX:
		return expand_unix(set, address, options, err);
	case ADDRESS_VSOCK:
		return expand_vsock(set, address, err);
	case ADDRESS_SD:
		return expand_sd(set, address, err);
	case ADDRESS_FD:
		break;
	}
	return add_inherited(set, address, address->fd, err);
}

/* --- bind and listen --- */

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
	return s->wanted.addr.ss_family != AF_INET6 || set_option(s->fd, IPPROTO_IPV6, IPV6_V6ONLY);
}

/* 0, or errno; then the socket is closed. */
static int bind_socket(struct listener_socket *s, const struct listener_options *options)
{
	int sys = 0;

	s->fd = socket(s->wanted.addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return errno;
	if (!set_options(s, options) ||
	    bind(s->fd, (const struct sockaddr *)&s->wanted.addr, s->wanted.len) < 0) {
		sys = errno;
		close_socket(s);
	}
	return sys;
}

/* Has the system no address of the family, not even loopback? */
static bool lacks_family(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct socket_address addr;
	bool lacking;

	if (fd < 0)
		return errno == EAFNOSUPPORT;
	lacking = sockaddr_literal(family == AF_INET6 ? "::1" : "127.0.0.1", 0, &addr) &&
		  bind(fd, (struct sockaddr *)&addr.addr, addr.len) < 0 && errno == EADDRNOTAVAIL;
	close(fd);
	return lacking;
}

static bool may_leave_out(const struct listener_socket *s, int sys)
{
	return s->optional && (sys == EAFNOSUPPORT || sys == EADDRNOTAVAIL) &&
	       lacks_family(s->wanted.addr.ss_family);
}

static bool has_socket(const struct listener_sockets *set, const struct address *address)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].address == address && set->items[i].fd >= 0)
			return true;
	return false;
}

/* A socket whose address has no socket at all, since the system lacks its families. */
static struct listener_socket *find_stranded(const struct listener_sockets *set, bool any_port)
{
	for (size_t i = 0; i < set->count; i++) {
		struct listener_socket *s = &set->items[i];

		if (s->any_port == any_port && s->fd < 0 && !has_socket(set, s->address))
			return s;
	}
	return NULL;
}

static bool bind_file(struct listener_sockets *set, struct listener_socket *s,
		      const struct listener_options *options, struct err *err)
{
	struct socket_file_access access = {
		.has_mode = options->has_unix_mode,
		.mode = options->unix_mode,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1,
	};

	if (options->unix_owner != NULL &&
	    !socket_file_owner(options->unix_owner, &access.uid, &access.gid, err))
		return false;
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return fail(s, errno, err);
	return socket_file_bind(&s->file, &set->locks, s->fd, &s->wanted, &access, err) ||
	       name_socket(s, err);
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
		if (s->file.path != NULL) {
			if (!bind_file(set, s, options, err))
				return false;
			continue;
		}
		sys = bind_socket(s, options);
		if (sys != 0 && !may_leave_out(s, sys))
			return fail(s, sys, err);
	}
	stranded = find_stranded(set, false);
	return stranded == NULL || fail(stranded, EAFNOSUPPORT, err);
}

static in_port_t *port_of(struct socket_address *a)
{
	return a->addr.ss_family == AF_INET ? &((struct sockaddr_in *)&a->addr)->sin_port
					    : &((struct sockaddr_in6 *)&a->addr)->sin6_port;
}

/* Let the sockets with a fixed port listen, or those without. 0, or errno with the one
 * that failed in `*failed`. */
static int listen_all(struct listener_sockets *set, const struct listener_options *options,
		      bool any_port, struct listener_socket **failed)
{
	for (size_t i = 0; i < set->count; i++) {
		struct listener_socket *s = &set->items[i];

		*failed = s;
		if (s->any_port == any_port && !s->inherited && s->fd >= 0 &&
		    listen(s->fd, options->backlog) < 0)
			return errno;
	}
	return 0;
}

/* One try with one port; answers as listen_all() does. */
static int try_port(struct listener_sockets *set, const struct listener_options *options,
		    struct listener_socket **failed)
{
	struct socket_address own;
	in_port_t port = 0; /* in network order */
	int sys;

	for (size_t i = 0; i < set->count; i++) {
		struct listener_socket *s = &set->items[i];

		if (!s->any_port)
			continue;
		*port_of(&s->wanted) = port;
		*failed = s;
		sys = bind_socket(s, options);
		if (sys != 0 && !may_leave_out(s, sys))
			return sys;
		if (sys == 0 && port == 0) {
			own = socket_info_own(s->fd);
			port = *port_of(&own);
		}
	}
	*failed = find_stranded(set, true);
	if (*failed != NULL)
		return EAFNOSUPPORT;
	return listen_all(set, options, true, failed);
}

/* Close all but the first, whose descriptor the caller owns now; -1: none was open. */
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
		close_socket(s);
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
	return sys == 0 || fail(failed, sys, err);
}

/* Remove the sockets that were left out. */
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
		log_line(LOG_INFO, "not listening on %s: the system has no IPv%c", text,
			 s->wanted.addr.ss_family == AF_INET ? '4' : '6');
		free(text);
		release(&set->items[i]);
	}
	set->count = kept;
}

static bool bind_all(struct listener_sockets *set, const struct listener_options *options,
		     struct err *err)
{
	struct listener_socket *failed;
	int sys;

	if (!bind_fixed(set, options, err) || !bind_any_port(set, options, err))
		return false;
	drop_lacking(set);
	sys = listen_all(set, options, false, &failed);
	socket_file_unlock(&set->locks);
	return sys == 0 || fail(failed, sys, err);
}

bool listener_sockets_open(struct listener_sockets *set, const struct address *addresses,
			   size_t count, const struct listener_options *options, struct err *err)
{
	bool ok = true;
	bool sd = false;

	for (size_t i = 0; i < count && ok; i++) {
		sd = sd || addresses[i].kind == ADDRESS_SD;
		ok = expand(set, &addresses[i], options, err);
	}
	if (sd)
		sd_sockets_forget();
	ok = ok && bind_all(set, options, err);
	if (!ok)
		listener_sockets_free(set);
	return ok;
}
