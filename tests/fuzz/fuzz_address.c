/* SPDX-License-Identifier: ISC */
/* fuzz_address: words as ADDRESS, with and without a word for the port. */
#include "config.h"

#include "base/err.h"
#include "io/sockaddr.h"
#include "net/address.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first line is ADDRESS, the second, if there is one, the word after it. */

/* An invariant that an assert would not check in a build without asserts. */
static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool same_string(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* PORT alone is shown as the name that it means: only the host differs then. */
static bool same(const struct address *a, const struct address *b)
{
	if (a->kind != b->kind || b->tls || a->port != b->port)
		return false;
	if (a->kind == ADDRESS_TCP && a->host_kind == HOST_LOOPBACK)
		return b->host_kind == HOST_NAME;
	return a->host_kind == b->host_kind && same_string(a->host, b->host) &&
	       same_string(a->path, b->path) && a->abstract == b->abstract &&
	       same_string(a->name, b->name) && a->fd == b->fd && a->cid == b->cid &&
	       a->vsock_port == b->vsock_port;
}

/* What address_text() gives means the same address, without TLS. */
static void check_text(const struct address *address, enum address_use use)
{
	char *text = address_text(address);
	struct address again;
	struct err err;

	require(text != NULL);
	require(address_parse(text, NULL, use, &again, &err));
	require(same(address, &again));
	address_free(&again);
	free(text);
}

static void check_fields(const struct address *a, enum address_use use)
{
	struct socket_address found[ADDRESS_SOCKADDRS_MAX];
	size_t count;
	char *text;

	if (a->kind == ADDRESS_TCP && use == ADDRESS_CONNECT)
		require(a->port != 0);
	if (a->kind == ADDRESS_FD || a->kind == ADDRESS_SD ||
	    (a->kind == ADDRESS_TCP && a->host_kind == HOST_NAME))
		return;
	count = address_sockaddrs(a, use, AF_UNSPEC, found);
	require(count > 0 && count <= ADDRESS_SOCKADDRS_MAX);
	for (size_t i = 0; i < count; i++) {
		text = sockaddr_text(&found[i]);
		require(text[0] != '\0');
		free(text);
	}
}

static void check(const char *word, const char *next, enum address_use use)
{
	struct address address;
	struct err err = { .kind = ERR_OK };

	if (!address_parse(word, next, use, &address, &err)) {
		require(err.kind == ERR_USAGE && err.text[0] != '\0');
		return;
	}
	check_text(&address, use);
	check_fields(&address, use);
	address_free(&address);
}

static void check_local(const char *word)
{
	struct socket_address addr;
	struct err err = { .kind = ERR_OK };

	if (address_parse_local(word, &addr, &err))
		require(addr.addr.ss_family == AF_INET || addr.addr.ss_family == AF_INET6);
	else
		require(err.kind == ERR_USAGE && err.text[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char *next;

	require(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	next = strchr(text, '\n');
	if (next != NULL)
		*next++ = '\0';
	check(text, next, ADDRESS_CONNECT);
	check(text, next, ADDRESS_LISTEN);
	check_local(text);
	free(text);
	return 0;
}
