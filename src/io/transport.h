/* SPDX-License-Identifier: ISC */
/* transport: a connected byte stream, plain or TLS, behind one interface. */
#pragma once

/*
 * Opaque: a connection closes over one, and the opening stages turn one into
 * another. What it is made of, and how to make one, is in io/transport_impl.h,
 * which only src/io and src/tls include.
 *
 *   transport_plain  a socket under a libevent bufferevent
 *   transport_tls    TLS over another transport
 */

#include "stream/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct evbuffer;
struct loop;
struct socket_address;
struct transport;

/* Bytes that one read takes even where the owner wants less: libevent's own read takes
 * as many (EVBUFFER_MAX_READ). */
enum { TRANSPORT_LEAST = 4096 };

/* get_extra_info's keys. */
enum info_key {
	INFO_PEERNAME,
	INFO_SOCKNAME,
	INFO_FAMILY, /* inet, inet6, unix, vsock */
	INFO_RTT,    /* seconds, decimals */
	INFO_TLS_VERSION,
	INFO_CIPHER,
	INFO_ALPN,
	INFO_SERVER_NAME,
	INFO_PEERCERT, /* PEM */
	INFO_PEERCERT_SUBJECT,
	INFO_PEERCERT_ISSUER,
	INFO_PEERCERT_NAMES,	 /* one a line */
	INFO_PEERCERT_NOT_AFTER, /* YYYY-MM-DDTHH:MM:SSZ */
	INFO_PEERCERT_DAYS_LEFT,
	INFO_PEERCERT_SHA256, /* hex digits */
	INFO_PEERCERT_PIN,    /* sha256:HEX of the SPKI */
	INFO_KEYS,
};

/* The two halves of a stream, which fail independently. */
enum transport_half {
	TRANSPORT_READ,
	TRANSPORT_WRITE,
};

/*
 * A connected stream socket. The descriptor is handed over; its flags are left
 * alone, because it may be an inherited one that blocks and that other processes
 * share: each call on it says MSG_DONTWAIT. `peer` is the address that the caller
 * knows, which a reset does not take away; NULL: getpeername(2) is asked. TCP_NODELAY
 * is set unless `nagle`.
 */
struct transport *transport_plain_new(struct loop *loop, int fd, const struct socket_address *peer,
				      bool nagle);

/* Closes at once and drops what is queued; connection_close() ends in order. NULL
 * is allowed. */
void transport_free(struct transport *t);

/* Call `wake` whenever something may have changed: bytes arrived or left, the peer
 * ended, something failed. It must only wake a task. NULL calls nothing. */
void transport_set_wake(struct transport *t, void (*wake)(void *arg), void *arg);

/* Name it in the log, and what is put over it from now on; handed over. Only LOG_DEBUG needs
 * it. */
void transport_set_name(struct transport *t, char *name);

/* STREAM_OK when the stream can be used, STREAM_AGAIN during the handshake,
 * STREAM_ERROR when it failed: `err` says why. */
enum stream_status transport_handshake(struct transport *t, struct err *err);

/* Set how many more bytes the owner can use; 0 stops reading. Call it after taking
 * bytes from the input, before the loop turns. One wake-up brings at most that many,
 * or TRANSPORT_LEAST where it is less, so be generous (256K) where bytes are passed on.
 * When all have come and nothing is said, one more wake-up may bring TRANSPORT_LEAST. */
void transport_want(struct transport *t, size_t room);

/* Send what is queued, as far as the kernel takes it now; the rest leaves by
 * itself, and `wake` is called for each step of it. */
void transport_flush(struct transport *t);

/* Close the sending half once everything queued has gone: FIN, or close_notify
 * and then FIN. Nothing may be added to the output afterwards. */
void transport_shut(struct transport *t);

/* Bytes sent that the peer's kernel has not acknowledged (SIOCOUTQ); 0 where
 * the system does not say, or they cannot be lost (Unix). */
size_t transport_unsent(const struct transport *t);

/* The peer's end of the stream. No event tells of a change while the stream is neither read
 * nor written. */
enum peer_state {
	PEER_OPEN,
	PEER_CLOSED, /* a Unix socket that is closed; also once both halves have ended */
	PEER_RESET,
};

enum peer_state transport_peer_state(const struct transport *t);

/* Let TCP ask the peer whether it still knows the connection: one that has closed it, which a
 * half-close cannot be told from, then resets it. For a peer that has ended. */
void transport_probe(struct transport *t);

/* A descriptor whose bytes are the stream's bytes and which does not block, or -1.
 * A caller that uses it reports with transport_raw_error() what it met: an errno,
 * or 0 for the peer's end of stream. */
int transport_raw_fd(const struct transport *t);
void transport_raw_error(struct transport *t, enum transport_half half, int sys);

/* Facts INFO_PEERNAME, _SOCKNAME and _FAMILY from now on: what a proxy says about the
 * connection that it passes on. For plain transports. */
void transport_set_addresses(struct transport *t, const struct socket_address *peer,
			     const struct socket_address *own);

/* Has the peer sent a byte of the stream, or before it is open any byte at all? */
bool transport_heard(const struct transport *t);

/* Append one fact as text without a newline at its end; false, and nothing
 * appended, when this stream does not have it. */
bool transport_info(const struct transport *t, enum info_key key, struct evbuffer *out);
/* The same as a string; NULL when the stream does not have it, or it is empty. Owned by
 * the caller. */
char *transport_fact(const struct transport *t, enum info_key key);
const char *info_key_name(enum info_key key); /* "peername" */
