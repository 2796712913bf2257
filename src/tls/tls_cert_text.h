/* SPDX-License-Identifier: ISC */
/* tls_cert_text: what a certificate says, as text that is safe to show. */
#ifndef LIU_TLS_TLS_CERT_TEXT_H
#define LIU_TLS_TLS_CERT_TEXT_H

/* Strings are owned by the caller. A certificate's owner chose what is in it:
 * control characters are made visible in all of them. */

#include "io/transport.h"

#include <stdbool.h>
#include <stddef.h>

struct X509_name_st;
struct asn1_string_st;
struct evbuffer;
struct x509_st;

/* "sha256:HEX" of the public key (SPKI, RFC 5280 section 4.1), as --pin takes it. */
char *tls_cert_text_pin(const struct x509_st *cert);

/* A subject or issuer in RFC 2253 form, and only its common name (or, without
 * one, the whole). */
char *tls_cert_text_name(const struct X509_name_st *name);
char *tls_cert_text_common_name(const struct X509_name_st *name);

/* The DNS names and IP addresses that it is for; without any, its common name
 * (RFC 6125 section 6.4.4). Free with tls_cert_text_names_free(). */
char **tls_cert_text_names(const struct x509_st *cert, size_t *count);
void tls_cert_text_names_free(char **names, size_t count);

/* YYYY-MM-DD of an ASN1_TIME; "?" when it holds none. */
char *tls_cert_text_date(const struct asn1_string_st *time);

/* Append the answer for a peercert key, without a newline at its end; false for
 * another key. */
bool tls_cert_text_append(const struct x509_st *cert, enum info_key key, struct evbuffer *out);

#endif
