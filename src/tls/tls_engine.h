/* SPDX-License-Identifier: ISC */
/* tls_engine: one TLS connection in OpenSSL, between buffers. */
#ifndef LIU_TLS_TLS_ENGINE_H
#define LIU_TLS_TLS_ENGINE_H

/*
 * It turns records of the lower transport's input into data, and data into
 * records in its output; it never flushes, wakes or waits. Every failure is one
 * line. That the lower stream has ended or failed is its owner's to see: the
 * engine says STREAM_AGAIN then.
 */

#include "io/transport.h"
#include "tls/tls_bio.h"
#include "tls/tls_verify.h"

#include <stdbool.h>
#include <stddef.h>

struct err;
struct evbuffer;
struct ssl_st;
struct tls_config;
struct tls_first;

enum {
	TLS_RECORD_MAX = 5 + 16384 + 2048, /* on the wire (RFC 5246 section 6.2.3) */
};

struct tls_engine {
	struct ssl_st *ssl; /* owned */
	struct tls_bio bio;
	struct tls_peer *peer; /* owned; NULL for a server, which asks for nothing */
	/* What the peer sent first, to tell what it speaks if that is not TLS. Owned;
	 * NULL once hands have been shaken: most connections are long past that. */
	struct tls_first *first;
};

/* Both stay where they are until tls_engine_release(); `lower` and `config` are
 * borrowed. `name`: see transport_tls_client(). */
void tls_engine_connect(struct tls_engine *e, struct transport *lower,
			const struct tls_config *config, const char *name);
void tls_engine_accept(struct tls_engine *e, struct transport *lower,
		       const struct tls_config *config);
void tls_engine_release(struct tls_engine *e);

/* Have hands been shaken? */
bool tls_engine_is_open(const struct tls_engine *e);

/* STREAM_OK: done; STREAM_AGAIN; STREAM_ERROR (ERR_TLS). */
enum stream_status tls_engine_shake(struct tls_engine *e, struct err *err);

/* Why there is no handshake when the lower stream has ended. Always false. */
bool tls_engine_explain_end(const struct tls_engine *e, struct err *err);

/* Is there anything to decrypt, or decrypted already? */
bool tls_engine_pending(const struct tls_engine *e);

/* Append at most `max` bytes. STREAM_OK: there may be more; STREAM_AGAIN;
 * STREAM_EOF: close_notify; STREAM_ERROR (ERR_TLS: alert, bad record). Bytes may
 * have been appended in each case. */
enum stream_status tls_engine_read(struct tls_engine *e, size_t max, struct evbuffer *into,
				   struct err *err);

/* Take one record's data, which `from` has, and encrypt it. STREAM_OK,
 * STREAM_AGAIN: nothing was taken; STREAM_ERROR (ERR_TLS). */
enum stream_status tls_engine_write(struct tls_engine *e, struct evbuffer *from, struct err *err);

/* close_notify. STREAM_AGAIN when the lower queue is too long. */
enum stream_status tls_engine_close(struct tls_engine *e);

/* A fact of the connection; see transport_info(). */
bool tls_engine_info(const struct tls_engine *e, enum info_key key, struct evbuffer *out);

#endif
