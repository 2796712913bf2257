/* SPDX-License-Identifier: ISC */
/* tls_engine: one TLS connection in OpenSSL, over a transport. */
#pragma once

/*
 * Turns records in the lower transport's input into data, and data into records
 * in its output. It never flushes, wakes or waits. OpenSSL never sees the end of
 * the lower stream or an error of it, only "no bytes yet", so that its state
 * stays whole and the other direction goes on: transport_tls looks at the lower
 * transport itself. Every failure is one line of text.
 */

#include "io/transport.h"
#include "tls/tls_verify.h"

#include <stdbool.h>
#include <stddef.h>

struct bio_method_st; /* BIO_METHOD */
struct err;
struct evbuffer;
struct ssl_ctx_st; /* SSL_CTX */
struct ssl_st;	   /* SSL */
struct tls_first;

struct tls_engine {
	struct ssl_st *ssl;	 /* owned */
	struct transport *lower; /* owned */
	struct tls_peer peer;	 /* what a client expects of it */
	struct tls_first *first; /* owned; what the peer sent first; NULL after the handshake */
	bool queued;		 /* bytes were added to lower->output since this was cleared */
};

/* The BIO of all engines of a context. Owned by the caller: BIO_meth_free(). */
struct bio_method_st *tls_engine_bio_method(void);

/* `lower` is handed over; the context and the method are borrowed. The engine must
 * not move until tls_engine_release(). */
void tls_engine_init(struct tls_engine *e, struct transport *lower, struct ssl_ctx_st *ctx,
		     const struct bio_method_st *method);
void tls_engine_release(struct tls_engine *e);

/* Choose the role before the handshake. `name`: see transport_tls_client(). */
void tls_engine_connect(struct tls_engine *e, const char *name);
void tls_engine_accept(struct tls_engine *e);

/* STREAM_OK: done; STREAM_AGAIN; STREAM_ERROR (ERR_TLS). */
enum stream_status tls_engine_handshake(struct tls_engine *e, struct err *err);

/* Say why the handshake failed although OpenSSL still waits: the lower stream has
 * ended or failed. */
void tls_engine_explain_end(const struct tls_engine *e, struct err *err);

/* Is there anything to decrypt, or decrypted already? No while the lower queue is
 * far too long: what is read may need an answer (key updates, from a peer that does
 * not read). */
bool tls_engine_readable(const struct tls_engine *e);

/* Append at most `max` bytes. STREAM_OK: there may be more; STREAM_AGAIN;
 * STREAM_EOF: close_notify; STREAM_ERROR (ERR_TLS: alert, bad record). Bytes may
 * have been appended in each case. */
enum stream_status tls_engine_read(struct tls_engine *e, size_t max, struct evbuffer *into,
				   struct err *err);

/* Take one record's data from `from`, which is not empty, and encrypt it. STREAM_OK;
 * STREAM_AGAIN: nothing was taken, the lower queue is long enough; STREAM_ERROR
 * (ERR_TLS). */
enum stream_status tls_engine_write(struct tls_engine *e, struct evbuffer *from, struct err *err);

/* Queue close_notify. STREAM_AGAIN when the lower queue is too long. */
enum stream_status tls_engine_close(struct tls_engine *e);

/* A fact of the connection; see transport_info(). Not before the handshake is done. */
bool tls_engine_info(const struct tls_engine *e, enum info_key key, struct evbuffer *out);
