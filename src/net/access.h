/* SPDX-License-Identifier: ISC */
/* access: which peers a listener serves, by blocks of IP addresses. */
#pragma once

/*
 * An IPv4 peer of an IPv6 socket (::ffff:192.0.2.1) counts as IPv4, and so does a block
 * that is written in this form. Peers without an IP address are always served: the mode
 * of a socket file decides about them.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

struct err;
struct socket_address;

/* A CIDR block. */
struct access_block {
	struct in6_addr first; /* an IPv4 address in its IPv6 form */
	unsigned prefix;       /* bits of that which count */
	bool ipv4;
};

struct access_list {
	struct access_block *items; /* owned */
	size_t count;
};

struct access {
	struct access_list allow, deny;
};

/* Add a block: ADDRESS/PREFIX, or an address alone. ERR_USAGE, naming the word, also where
 * bits are set after the prefix: it may have been mistyped. */
bool access_add(struct access_list *list, const char *text, struct err *err);

/* The option that refuses the peer, "--deny" or "--allow"; NULL: it may connect. */
const char *access_refusal(const struct access *access, const struct socket_address *peer);

void access_free(struct access *access);
