/* SPDX-License-Identifier: ISC */
/* tls_bio: OpenSSL's view of a transport: bytes out of and into its two buffers. */
#ifndef LIU_TLS_TLS_BIO_H
#define LIU_TLS_TLS_BIO_H

/*
 * It moves bytes and judges nothing: an end or an error below is "no bytes yet"
 * to OpenSSL, so that its state stays whole and the other direction goes on.
 * transport_tls looks at the lower transport itself.
 */

#include <stdbool.h>
#include <stddef.h>

struct bio_method_st;
struct ssl_st;
struct transport;

struct tls_bio {
	struct transport *lower; /* borrowed */
	bool queued;		 /* bytes were added to its output since this was cleared */
};

/* Does the lower queue take no more? OpenSSL reads no further then, since what it
 * reads may need an answer (key updates, from a peer that does not read). */
bool tls_bio_full(const struct tls_bio *bio);

/* The method, shared by all connections of a context: BIO_meth_free(). */
struct bio_method_st *tls_bio_method(void);

/* Let `ssl` read and write through `bio`, which outlives it. */
void tls_bio_attach(struct tls_bio *bio, const struct bio_method_st *method, struct ssl_st *ssl);

#endif
