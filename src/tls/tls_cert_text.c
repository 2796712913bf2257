/* SPDX-License-Identifier: ISC */
/* tls_cert_text: what a certificate says, as text that is safe to show. */
#include "config.h"

#include "tls/tls_cert_text.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/escape.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HEX_SIZE = 2 * EVP_MAX_MD_SIZE + 1 };

static void hex(const unsigned char *data, size_t len, char out[HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[data[i] >> 4];
		out[2 * i + 1] = digits[data[i] & 15];
	}
	out[2 * len] = '\0';
}

char *tls_cert_text_pin(const X509 *cert)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	char digits[HEX_SIZE];
	unsigned char *der = NULL;
	int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);

	/* Should it fail, the pin has no digits, and no --pin allows it. */
	if (size > 0)
		(void)EVP_Digest(der, (size_t)size, digest, &len, EVP_sha256(), NULL);
	OPENSSL_free(der);
	hex(digest, len, digits);
	return alloc_printf("sha256:%s", digits);
}

/* What was printed into a memory BIO, made safe; frees it. */
static char *bio_text(BIO *bio)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);
	char *text = escape_controls(bytes_of(data, len > 0 ? (size_t)len : 0));

	BIO_free(bio);
	return text;
}

char *tls_cert_text_name(const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());

	/* UTF-8 stays as it is; escape_controls() does what must be done. */
	(void)X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
	return bio_text(bio);
}

/* The last common name, which is the most specific; NULL without one. */
static char *common_name(const X509_NAME *name)
{
	int found = -1;
	unsigned char *utf8 = NULL;

	for (int i = -1; (i = X509_NAME_get_index_by_NID(name, NID_commonName, i)) >= 0;)
		found = i;
	if (found < 0)
		return NULL;
	const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, found);
	int len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));

	if (len < 0)
		return NULL;
	char *text = escape_controls(bytes_of(utf8, (size_t)len));
	OPENSSL_free(utf8);
	return text;
}

char *tls_cert_text_common_name(const X509_NAME *name)
{
	char *text = common_name(name);

	return text ? text : tls_cert_text_name(name);
}

/* NULL for a kind of name that TLS does not check. */
static char *alternative_name(const GENERAL_NAME *name)
{
	char text[INET6_ADDRSTRLEN];

	if (name->type == GEN_DNS) {
		return escape_controls(bytes_of(ASN1_STRING_get0_data(name->d.dNSName),
						(size_t)ASN1_STRING_length(name->d.dNSName)));
	}
	if (name->type != GEN_IPADD)
		return NULL;
	int len = ASN1_STRING_length(name->d.iPAddress);
	int family = len == 4 ? AF_INET : AF_INET6;

	if (len != 4 && len != 16)
		return NULL;
	if (!inet_ntop(family, ASN1_STRING_get0_data(name->d.iPAddress), text, sizeof(text)))
		return NULL;
	return alloc_string(text);
}

static void names_add(char ***names, size_t *count, char *name)
{
	if (!name)
		return;
	*names = alloc_resize(*names, (*count + 1) * sizeof(**names));
	(*names)[(*count)++] = name;
}

char **tls_cert_text_names(const X509 *cert, size_t *count)
{
	GENERAL_NAMES *alternatives = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	char **names = NULL;

	*count = 0;
	for (int i = 0; i < sk_GENERAL_NAME_num(alternatives); i++)
		names_add(&names, count, alternative_name(sk_GENERAL_NAME_value(alternatives, i)));
	GENERAL_NAMES_free(alternatives);
	if (*count == 0)
		names_add(&names, count, common_name(X509_get_subject_name(cert)));
	return names;
}

void tls_cert_text_names_free(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

static char *format_time(const ASN1_TIME *time)
{
	struct tm tm;
	char text[64];

	if (!ASN1_TIME_to_tm(time, &tm) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		return alloc_string("?");
	return alloc_string(text);
}

char *tls_cert_text_date(const ASN1_TIME *time)
{
	char *text = format_time(time);

	text[strcspn(text, "T")] = '\0';
	return text;
}

/* Whole days until it ends, rounded down: -1 from the moment it has. */
static char *days_left(const X509 *cert)
{
	int days = 0;
	int seconds = 0;

	if (!ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert)))
		return NULL;
	return alloc_printf("%d", seconds < 0 ? days - 1 : days);
}

static char *fingerprint(const X509 *cert)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	char digits[HEX_SIZE];

	if (!X509_digest(cert, EVP_sha256(), digest, &len))
		return NULL;
	hex(digest, len, digits);
	return alloc_string(digits);
}

static char *pem(const X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL;

	(void)PEM_write_bio_X509(bio, cert);
	long len = BIO_get_mem_data(bio, &data);
	while (len > 0 && data[len - 1] == '\n')
		len--;
	char *text = alloc_printf("%.*s", (int)len, len > 0 ? data : "");
	BIO_free(bio);
	return text;
}

static char *name_lines(const X509 *cert)
{
	size_t count = 0;
	char **names = tls_cert_text_names(cert, &count);
	char *lines = alloc_string(count > 0 ? names[0] : "");

	for (size_t i = 1; i < count; i++) {
		char *longer = alloc_printf("%s\n%s", lines, names[i]);

		free(lines);
		lines = longer;
	}
	tls_cert_text_names_free(names, count);
	return lines;
}

static char *fact(const X509 *cert, enum info_key key)
{
	switch (key) {
	case INFO_PEERCERT:
		return pem(cert);
	case INFO_PEERCERT_SUBJECT:
		return tls_cert_text_name(X509_get_subject_name(cert));
	case INFO_PEERCERT_ISSUER:
		return tls_cert_text_name(X509_get_issuer_name(cert));
	case INFO_PEERCERT_NAMES:
		return name_lines(cert);
	case INFO_PEERCERT_NOT_AFTER:
		return format_time(X509_get0_notAfter(cert));
	case INFO_PEERCERT_DAYS_LEFT:
		return days_left(cert);
	case INFO_PEERCERT_SHA256:
		return fingerprint(cert);
	case INFO_PEERCERT_PIN:
		return tls_cert_text_pin(cert);
	case INFO_PEERNAME:
	case INFO_SOCKNAME:
	case INFO_FAMILY:
	case INFO_RTT:
	case INFO_TLS_VERSION:
	case INFO_CIPHER:
	case INFO_ALPN:
	case INFO_SERVER_NAME:
	case INFO_KEYS:
		break;
	}
	return NULL;
}

bool tls_cert_text_append(const X509 *cert, enum info_key key, struct evbuffer *out)
{
	char *text = fact(cert, key);

	if (!text)
		return false;
	(void)evbuffer_add(out, text, strlen(text));
	free(text);
	return true;
}
