/* SPDX-License-Identifier: ISC */
/* tls_config: certificates, keys, trust and versions, checked once at start. */
#pragma once

/*
 * The one OpenSSL context of a role, shared by all its connections. OpenSSL is
 * touched only when one is made.
 */

#include <stdbool.h>
#include <stddef.h>

struct bio_method_st; /* BIO_METHOD */
struct err;
struct ssl_ctx_st; /* SSL_CTX */
struct tls_settings;

struct tls_config;

/* Both fail with one line: ERR_USAGE ("cannot use certificate 'x.pem': no such file or
 * directory"; all files are read here), or ERR_TLS where OpenSSL itself cannot be used.
 * `settings` is borrowed. */
struct tls_config *tls_config_client(const struct tls_settings *settings, struct err *err);

/* Without a certificate in `settings` it makes a self-signed one: see tls_self_signed.h,
 * also for `names`. */
struct tls_config *tls_config_server(const struct tls_settings *settings, const char *const *names,
				     size_t name_count, struct err *err);
void tls_config_free(struct tls_config *config); /* NULL is allowed */

/* The pin of the certificate that was made, "sha256:HEX"; borrowed. NULL: none was. */
const char *tls_config_pin(const struct tls_config *config);

/* For transport_tls. */
struct ssl_ctx_st *tls_config_ctx(const struct tls_config *config);
const struct tls_settings *tls_config_settings(const struct tls_config *config);
const struct bio_method_st *tls_config_bio_method(const struct tls_config *config);
