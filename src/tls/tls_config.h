/* SPDX-License-Identifier: ISC */
/* tls_config: certificates, keys, trust and versions, checked once at start. */
#pragma once

/*
 * The one OpenSSL context of a role, shared by all its connections. OpenSSL is
 * touched only when one is made.
 */

#include <stddef.h>

struct bio_method_st; /* BIO_METHOD */
struct err;
struct ssl_ctx_st; /* SSL_CTX */
struct tls_settings;

struct tls_config {
	struct ssl_ctx_st *ctx;		     /* owned, as all but the settings are */
	struct bio_method_st *bio_method;    /* of its connections: see tls_bio.h */
	const struct tls_settings *settings; /* borrowed */
	char *pin; /* "sha256:HEX" of the certificate that was made; NULL: none was */
};

/* Both fail with one line: ERR_USAGE ("cannot use certificate 'x.pem': no such file or
 * directory"; all files are read here), or ERR_TLS where OpenSSL itself cannot be used. */
struct tls_config *tls_config_client(const struct tls_settings *settings, struct err *err);

/* Without a certificate in `settings` it makes a self-signed one: see tls_self_signed.h,
 * also for `names`. */
struct tls_config *tls_config_server(const struct tls_settings *settings, const char *const *names,
				     size_t name_count, struct err *err);
void tls_config_free(struct tls_config *config); /* NULL is allowed */
