/* SPDX-License-Identifier: ISC */
/* certificate: keys and certificates made for one test. */
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { HALF_DAY = 12 * 60 * 60 };

struct identity {
	X509 *cert;
	EVP_PKEY *key;
};

/* What a certificate is to say. */
struct certificate {
	const char *name;  /* CN, UTF-8 */
	const char *names; /* "DNS:a.example,IP:::1", or NULL */
	int from, until;   /* days from now; half a day more for the latter */
	bool authority;
	const struct identity *issuer; /* NULL: itself */
};

static inline void certificate_extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static inline struct identity certificate_make(const struct certificate *c)
{
	struct identity made = { X509_new(), EVP_EC_gen("P-256") };
	const struct identity *issuer = c->issuer != NULL ? c->issuer : &made;
	X509_NAME *subject = X509_get_subject_name(made.cert);

	assert_non_null(made.key);
	X509_set_version(made.cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(made.cert), 1);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)c->name, -1,
				   -1, 0);
	X509_set_issuer_name(made.cert, X509_get_subject_name(issuer->cert));
	X509_time_adj_ex(X509_getm_notBefore(made.cert), c->from, 0, NULL);
	X509_time_adj_ex(X509_getm_notAfter(made.cert), c->until, HALF_DAY, NULL);
	X509_set_pubkey(made.cert, made.key);
	certificate_extend(made.cert, issuer->cert, NID_basic_constraints,
			   c->authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (c->names != NULL)
		certificate_extend(made.cert, issuer->cert, NID_subject_alt_name, c->names);
	assert_true(X509_sign(made.cert, issuer->key, EVP_sha256()) > 0);
	return made;
}

static inline void certificate_free(struct identity *identity)
{
	X509_free(identity->cert);
	EVP_PKEY_free(identity->key);
}

/* PEM files; either part of `identity` may be NULL. `mode` of fopen(3). */
static inline void certificate_write(const char *path, const char *mode,
				     const struct identity *identity)
{
	FILE *file = fopen(path, mode);

	assert_non_null(file);
	if (identity->cert != NULL)
		assert_int_equal(PEM_write_X509(file, identity->cert), 1);
	if (identity->key != NULL)
		assert_int_equal(PEM_write_PrivateKey(file, identity->key, NULL, NULL, 0, NULL,
						      NULL),
				 1);
	assert_int_equal(fclose(file), 0);
}
