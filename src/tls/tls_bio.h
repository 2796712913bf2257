/* SPDX-License-Identifier: ISC */
/* tls_bio: OpenSSL over the two buffers of a transport. */
#pragma once

/*
 * OpenSSL never sees the end of the stream or an error of it, only "no bytes yet", so
 * that its state stays whole and the other direction goes on. Nothing is flushed.
 */

struct bio_method_st; /* BIO_METHOD */
struct ssl_st;	      /* SSL */
struct transport;

enum { TLS_BIO_QUEUE_MAX = 96 * 1024 }; /* bytes in the transport's output; then "not yet" */

/* For all connections of a context. Owned by the caller: BIO_meth_free(). */
struct bio_method_st *tls_bio_method(void);

/* Both are borrowed until `ssl` is freed. */
void tls_bio_set(struct ssl_st *ssl, const struct bio_method_st *method,
		 struct transport *transport);
