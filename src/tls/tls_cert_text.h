/* SPDX-License-Identifier: ISC */
/* tls_cert_text: the contents of a certificate as text. */
#pragma once

/* The caller owns each string. Control characters are made visible in all of them,
 * since the owner of the certificate chose what it says. */

#include "io/transport.h"

struct GENERAL_NAME_st;
struct X509_name_st;
struct asn1_string_st;
struct x509_st;

/* "sha256:HEX" of the public key (SPKI, RFC 5280 section 4.1), as --pin takes it. */
char *tls_cert_text_pin(const struct x509_st *cert);

/* The most specific common name of a subject or issuer, or without one the whole. */
char *tls_cert_text_common_name(const struct X509_name_st *name);

/* One of its alternative names; NULL for a kind of name that TLS does not check. */
char *tls_cert_text_name(const struct GENERAL_NAME_st *name);

/* The DNS names and IP addresses that it is for, one a line; without any, its common
 * name (RFC 6125 section 6.4.4). */
char *tls_cert_text_names(const struct x509_st *cert);

/* YYYY-MM-DD of an ASN1_TIME; "?" when it is invalid. */
char *tls_cert_text_date(const struct asn1_string_st *time);

/* The answer for a peercert key; NULL for another key. */
char *tls_cert_text_fact(const struct x509_st *cert, enum info_key key);
