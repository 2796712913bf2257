/* SPDX-License-Identifier: ISC */
/* listener_expand: which sockets an address asks for. */
#include "config.h"

#include "net/listener_socket.h"

#include "base/err.h"
#include "base/number.h"
#include "io/vsock.h"
#include "net/address.h"
#include "net/listener.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SD_FIRST_FD = 3, SD_MAX = 1024 };

static bool is_known(const struct listener_sockets *set, const struct address *address,
		     const struct sockaddr *addr, socklen_t len)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct listener_socket *s = &set->items[i];

		if (s->len == len && memcmp(&s->addr, addr, len) == 0 && s->tls == address->tls)
			return true;
	}
	return false;
}

/* What is asked for twice, also by two addresses or two answers for one name,
 * is one socket. */
static void add_wanted(struct listener_sockets *set, const struct address *address,
		       const struct sockaddr *addr, socklen_t len, bool optional)
{
	struct listener_socket *s;

	if (is_known(set, address, addr, len))
		return;
	s = listener_sockets_add(set, address);
	memcpy(&s->addr, addr, len);
	s->len = len;
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
	struct sockaddr_storage addr;
	socklen_t len;

	if (!address_literal(address->host, address->port, &addr, &len))
		return err_set(err, ERR_USAGE, "'%s' is no address of an interface", address->host);
	if (is_excluded(addr.ss_family, family))
		return err_set(err, ERR_USAGE, "'%s' is no IPv%c address", address->host,
			       family == AF_INET ? '4' : '6');
	add_wanted(set, address, (struct sockaddr *)&addr, len, false);
	return true;
}

/* PORT and :PORT: one socket of each family. */
static bool expand_both(struct listener_sockets *set, const struct address *address, int family)
{
	bool any = address->host_kind == HOST_ANY;
	struct sockaddr_in v4 = {
		.sin_family = AF_INET,
		.sin_port = htons(address->port),
		.sin_addr.s_addr = htonl(any ? INADDR_ANY : INADDR_LOOPBACK),
	};
	struct sockaddr_in6 v6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(address->port),
		.sin6_addr = any ? in6addr_any : in6addr_loopback,
	};

	if (!is_excluded(AF_INET, family))
		add_wanted(set, address, (struct sockaddr *)&v4, sizeof(v4), true);
	if (!is_excluded(AF_INET6, family))
		add_wanted(set, address, (struct sockaddr *)&v6, sizeof(v6), true);
	return true;
}

static bool lookup_failed(const struct address *address, int gai, struct err *err)
{
	const char *message = gai_strerror(gai);

	if (gai == EAI_SYSTEM)
		return err_sys(err, ERR_RESOLVE, errno, "cannot resolve %s", address->host);
	return err_set(err, ERR_RESOLVE, "cannot resolve %s: %c%s", address->host,
		       tolower((unsigned char)*message), message + 1);
}

/* Here and now: nothing is served yet that could be held up. */
static bool expand_name(struct listener_sockets *set, const struct address *address, int family,
			struct err *err)
{
	struct addrinfo hints = {
		.ai_family = family,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
	};
	struct addrinfo *list = NULL;
	char port[sizeof("65535")];
	int gai;

	(void)snprintf(port, sizeof(port), "%u", (unsigned)address->port);
	gai = getaddrinfo(address->host, port, &hints, &list);
	if (gai != 0)
		return lookup_failed(address, gai, err);
	for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next)
		if (ai->ai_family == AF_INET || ai->ai_family == AF_INET6)
			add_wanted(set, address, ai->ai_addr, ai->ai_addrlen, true);
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
			struct err *err)
{
	struct sockaddr_storage addr = { 0 };
	socklen_t len;

	if (!address_sockaddr_unix(address, &addr, &len, err))
		return false;
	add_wanted(set, address, (struct sockaddr *)&addr, len, false);
	return true;
}

static bool expand_vsock(struct listener_sockets *set, const struct address *address,
			 struct err *err)
{
	struct sockaddr_storage addr;
	socklen_t len;

	if (!vsock_fill(address->cid, address->vsock_port, &addr, &len))
		return err_set(err, ERR_CONNECT, "cannot listen on vsock:%u: this system has none",
			       (unsigned)address->vsock_port);
	add_wanted(set, address, (struct sockaddr *)&addr, len, false);
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
		       err_set(err, ERR_USAGE, "descriptor %d is wanted with TLS and without", fd);
	}
	if (fcntl(fd, F_GETFD) < 0)
		return err_sys(err, ERR_USAGE, errno, "cannot use descriptor %d", fd);
	if (!listener_is_listening(fd))
		return err_set(err, ERR_USAGE, "descriptor %d is no socket that listens", fd);
	s = listener_sockets_add(set, address);
	s->fd = fd;
	s->inherited = true;
	/* This flag, unlike O_NONBLOCK, is our process's alone: a command that we
	 * start must not keep the socket. */
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return true;
}

/* How many sockets the service manager has passed to this very process. */
static size_t sd_count(void)
{
	const char *pid = getenv("LISTEN_PID");
	const char *fds = getenv("LISTEN_FDS");
	struct err ignored;
	uint64_t number;

	if (pid == NULL || fds == NULL ||
	    !number_count(pid, "process", 1, INT32_MAX, &number, &ignored) ||
	    number != (uint64_t)getpid() ||
	    !number_count(fds, "count", 0, SD_MAX, &number, &ignored))
		return 0;
	return (size_t)number;
}

/* The name that begins at `names`, which is left at the next one's begin. */
static bool next_name_is(const char **names, const char *wanted)
{
	size_t len = strcspn(*names, ":");
	bool same = strlen(wanted) == len && strncmp(*names, wanted, len) == 0;

	*names += len + ((*names)[len] == ':');
	return same;
}

static bool expand_sd(struct listener_sockets *set, const struct address *address, struct err *err)
{
	const char *names = getenv("LISTEN_FDNAMES");
	size_t count = sd_count();
	bool found = false;

	if (count == 0)
		return err_set(err, ERR_USAGE, "no sockets were passed to this process for sd:");
	if (names == NULL)
		names = "";
	for (size_t i = 0; i < count; i++) {
		bool named = address->name == NULL || next_name_is(&names, address->name);

		if (named && !add_inherited(set, address, SD_FIRST_FD + (int)i, err))
			return false;
		found = found || named;
	}
	return found || err_set(err, ERR_USAGE,
				"no socket of the name '%s' was passed for sd:", address->name);
}

bool listener_expand(struct listener_sockets *set, const struct address *address, int family,
		     struct err *err)
{
	switch (address->kind) {
	case ADDRESS_TCP:
		return expand_tcp(set, address, family, err);
	case ADDRESS_UNIX:
		return expand_unix(set, address, err);
	case ADDRESS_VSOCK:
		return expand_vsock(set, address, err);
	case ADDRESS_SD:
		return expand_sd(set, address, err);
	case ADDRESS_FD:
		break;
	}
	return add_inherited(set, address, address->fd, err);
}
