/* SPDX-License-Identifier: ISC */
/* proxy_header: reads the header of the PROXY protocol, versions 1 and 2. */
#pragma once

/*
 * A proxy sends it before the first byte of a connection, to say whose connection it
 * passes on (haproxy's doc/proxy-protocol.txt). Nothing here knows where the bytes come
 * from.
 */

#include "base/bytes.h"
#include "io/sockaddr.h"

#include <stddef.h>

struct err;

enum proxy_header_answer {
	PROXY_HEADER_MORE, /* ask again with more bytes */
	PROXY_HEADER_OK,
	PROXY_HEADER_BAD, /* `err` says what is wrong; ERR_PROXY */
};

struct proxy_header {
	size_t len; /* of the whole, at most PROXY_HEADER_MAX */
	/* Whose connection it is, and with whom. `len` 0: the header has no address of a
	 * stream (UNKNOWN, LOCAL, UNSPEC, DGRAM), and those of the socket are right. */
	struct socket_address source, destination;
};

enum {
	PROXY_HEADER_PEEK = 16 + 2 * 108, /* bytes to peek at */
	PROXY_HEADER_MAX = 16 + 65535,
};

/*
 * `b` is the beginning of the stream. OK comes as soon as the addresses are there: the
 * rest of the header, extensions (TLVs) that are passed over, may have still to arrive.
 * The checksum among them is not compared.
 */
enum proxy_header_answer proxy_header_read(struct bytes b, struct proxy_header *out,
					   struct err *err);
