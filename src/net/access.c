/* SPDX-License-Identifier: ISC */
/* access: which peers a listener serves, by blocks of IP addresses. */
#include "config.h"

#include "net/access.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/number.h"
#include "io/sockaddr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BITS4 = 32,
	BITS6 = 128,
	MAPPED = BITS6 - BITS4, /* bits before an IPv4 address in its IPv6 form */
	BLOCK_SIZE = INET6_ADDRSTRLEN + sizeof("/128"),
};

static struct in6_addr mapped(struct in_addr addr4)
{
	struct in6_addr addr = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

	memcpy(&addr.s6_addr[12], &addr4, sizeof(addr4));
	return addr;
}

/* --- blocks as text --- */

static bool read_address(const char *text, struct access_block *block, unsigned *bits)
{
	struct in_addr addr4;

	if (inet_pton(AF_INET, text, &addr4) == 1) {
		block->first = mapped(addr4);
		*bits = BITS4;
		return true;
	}
	*bits = BITS6;
	return inet_pton(AF_INET6, text, &block->first) == 1;
}

/* Clear the bits after the prefix; false when there was none to clear. */
static bool clear_rest(struct access_block *block)
{
	unsigned char *bytes = block->first.s6_addr;
	bool cleared = false;

	for (unsigned i = 0; i < BITS6 / 8; i++) {
		unsigned kept = block->prefix > 8 * i ? block->prefix - 8 * i : 0;
		unsigned char mask = kept >= 8 ? 0xff : (unsigned char)(0xff00 >> kept);

		cleared |= (bytes[i] & ~mask) != 0;
		bytes[i] &= mask;
	}
	return cleared;
}

static const char *block_text(const struct access_block *block, char text[BLOCK_SIZE])
{
	const unsigned char *bytes = block->first.s6_addr;
	char address[INET6_ADDRSTRLEN];

	if (block->ipv4)
		(void)inet_ntop(AF_INET, bytes + MAPPED / 8, address, sizeof(address));
	else
		(void)inet_ntop(AF_INET6, bytes, address, sizeof(address));
	(void)snprintf(text, BLOCK_SIZE, "%s/%u", address,
		       block->ipv4 ? block->prefix - MAPPED : block->prefix);
	return text;
}

static bool parse(const char *text, struct access_block *out, struct err *err)
{
	const char *slash = strchr(text, '/');
	char address[INET6_ADDRSTRLEN], meant[BLOCK_SIZE];
	uint64_t prefix;
	unsigned bits;

	if (strchr(text, ',') != NULL)
		return err_set(err, ERR_USAGE,
			       "invalid block '%s': give the option once for each block", text);
	(void)snprintf(address, sizeof(address), "%.*s", (int)strcspn(text, "/"), text);
	if (strcspn(text, "/") >= sizeof(address) || !read_address(address, out, &bits))
		return err_set(err, ERR_USAGE,
			       "invalid block '%s' (such as 10.0.0.0/8, 2001:db8::/32 or "
			       "192.0.2.1)",
			       text);
	prefix = bits;
	if (slash != NULL && !number_count(slash + 1, "prefix length", 0, bits, &prefix, err))
		return false;
	out->prefix = (unsigned)prefix + (BITS6 - bits);
	out->ipv4 = out->prefix >= MAPPED && IN6_IS_ADDR_V4MAPPED(&out->first);
	if (clear_rest(out))
		return err_set(err, ERR_USAGE, "invalid block '%s', did you mean %s?", text,
			       block_text(out, meant));
	return true;
}

bool access_add(struct access_list *list, const char *text, struct err *err)
{
	struct access_block block;

	if (!parse(text, &block, err))
		return false;
	list->items = alloc_resize(list->items, (list->count + 1) * sizeof(*list->items));
	list->items[list->count++] = block;
	return true;
}

/* --- peers --- */

/* False for a peer without an IP address. */
static bool ip_of(const struct socket_address *peer, struct in6_addr *out)
{
	switch (peer->len > 0 ? peer->addr.ss_family : AF_UNSPEC) {
	case AF_INET:
		*out = mapped(((const struct sockaddr_in *)&peer->addr)->sin_addr);
		return true;
	case AF_INET6:
		*out = ((const struct sockaddr_in6 *)&peer->addr)->sin6_addr;
		return true;
	default:
		return false;
	}
}

static bool contains(const struct access_block *block, struct in6_addr ip)
{
	struct access_block peer = { .first = ip, .prefix = block->prefix };

	if (block->ipv4 != IN6_IS_ADDR_V4MAPPED(&ip))
		return false;
	(void)clear_rest(&peer);
	return IN6_ARE_ADDR_EQUAL(&peer.first, &block->first);
}

static bool listed(const struct access_list *list, struct in6_addr ip)
{
	for (size_t i = 0; i < list->count; i++)
		if (contains(&list->items[i], ip))
			return true;
	return false;
}

const char *access_refusal(const struct access *access, const struct socket_address *peer)
{
	struct in6_addr ip;

	if (!ip_of(peer, &ip))
		return NULL;
	if (listed(&access->deny, ip))
		return "--deny";
	return access->allow.count > 0 && !listed(&access->allow, ip) ? "--allow" : NULL;
}

void access_free(struct access *access)
{
	free(access->allow.items);
	free(access->deny.items);
}
