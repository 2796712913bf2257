/* SPDX-License-Identifier: ISC */
/* address: the ADDRESS of the command line. */
#pragma once

#include "io/sockaddr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

enum address_kind {
	ADDRESS_TCP,
	ADDRESS_UNIX,
	ADDRESS_FD,
	ADDRESS_SD,
	ADDRESS_VSOCK,
};

enum address_host {
	HOST_NAME,     /* `host`: a name, in ASCII form, to be looked up */
	HOST_LITERAL,  /* `host`: an IP literal, perhaps with a zone; no brackets */
	HOST_LOOPBACK, /* PORT alone: 127.0.0.1 and ::1 */
	HOST_ANY,      /* :PORT or *:PORT: every interface; to connect: loopback */
};

struct address {
	enum address_kind kind;
	bool tls;
	enum address_host host_kind; /* ADDRESS_TCP */
	char *host;		     /* owned; NULL for LOOPBACK and ANY */
	uint16_t port;
	char *path;		  /* ADDRESS_UNIX, owned: file, or the name after '@' */
	bool abstract;		  /* Linux abstract socket */
	char *name;		  /* ADDRESS_SD: owned, NULL for all */
	int fd;			  /* ADDRESS_FD */
	uint32_t cid, vsock_port; /* ADDRESS_VSOCK; cid VMADDR_CID_ANY to listen */
};

enum address_use { ADDRESS_CONNECT, ADDRESS_LISTEN };

/* Read `text`, and `port_word`, the word after it or NULL, if address_wants_port() says
 * so. ERR_USAGE on anything wrong, naming the word. Free the result with address_free(). */
bool address_parse(const char *text, const char *port_word, enum address_use use,
		   struct address *out, struct err *err);
void address_free(struct address *address);

/* ERR_USAGE for a literal of another family than that of -4 or -6; AF_UNSPEC: neither. */
bool address_check_family(const struct address *address, int family, struct err *err);

/* Does `text` look like a HOST that takes the next word as its PORT, and that word like
 * a PORT? */
bool address_wants_port(const char *text, const char *next);

/* The address as the user would write it, for messages, without "tls:": "localhost:80",
 * "[::1]:80", "unix:/run/x". The caller owns it. */
char *address_text(const struct address *a);

/* The name that TLS checks by default: host or literal, "localhost" for PORT and
 * :PORT; NULL where there is none. Borrowed from the address. */
const char *address_tls_name(const struct address *address);

/* -s ADDR[:PORT]: IP literal, IPv6 in brackets when a port follows. */
bool address_parse_local(const char *text, struct socket_address *out, struct err *err);

/*
 * The socket addresses of TCP, UNIX and VSOCK without a name to look up; returns how many. PORT and
 * :PORT are one of each family, or of `family` when that is not AF_UNSPEC. 0: the
 * interface of a literal's zone has gone.
 */
enum { ADDRESS_SOCKADDRS_MAX = 2 };
size_t address_sockaddrs(const struct address *a, enum address_use use, int family,
			 struct socket_address out[ADDRESS_SOCKADDRS_MAX]);
