/* SPDX-License-Identifier: ISC */
/* tls_cert_text: the contents of a certificate as text. */
#include "config.h"

#include "tls/tls_cert_text.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/escape.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The SHA-256 of `der`, which is freed, in hexadecimal digits. */
static char *sha256(const char *prefix, unsigned char *der, int size)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	char *digits, *text;

	/* If this fails, the text has no digits, and does not match any --pin. */
	if (size > 0)
		(void)EVP_Digest(der, (size_t)size, digest, &len, EVP_sha256(), NULL);
	OPENSSL_free(der);
	digits = bytes_hex(bytes_of(digest, len));
	text = alloc_printf("%s%s", prefix, digits);
	free(digits);
	return text;
}

char *tls_cert_text_pin(const X509 *cert)
{
	unsigned char *der = NULL;
	int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);

	return sha256("sha256:", der, size);
}

static char *fingerprint(const X509 *cert)
{
	unsigned char *der = NULL;
	int size = i2d_X509(cert, &der);

	return sha256("", der, size);
}

static struct bytes bio_bytes(BIO *bio)
{
	const BUF_MEM *memory = NULL;

	(void)BIO_get_mem_ptr(bio, &memory);
	return bytes_of(memory->data, memory->length);
}

/* In RFC 2253 form, but UTF-8 stays as it is. */
static char *whole_name(const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());

	(void)X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
	char *text = escape_controls(bio_bytes(bio));
	BIO_free(bio);
	return text;
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

	return text != NULL ? text : whole_name(name);
}

static char *address(const ASN1_OCTET_STRING *ip)
{
	char text[INET6_ADDRSTRLEN];
	int len = ASN1_STRING_length(ip);

	if (len != 4 && len != 16)
		return NULL;
	(void)inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(ip), text,
			sizeof(text));
	return alloc_string(text);
}

char *tls_cert_text_name(const GENERAL_NAME *name)
{
	const ASN1_IA5STRING *dns = name->d.dNSName;

	if (name->type == GEN_IPADD)
		return address(name->d.iPAddress);
	if (name->type != GEN_DNS)
		return NULL;
	return escape_controls(
		bytes_of(ASN1_STRING_get0_data(dns), (size_t)ASN1_STRING_length(dns)));
}

static void add_line(struct text *lines, char *line)
{
	if (line != NULL)
		(void)text_addf(lines, "%s%s", lines->len > 0 ? "\n" : "", line);
	free(line);
}

char *tls_cert_text_names(const X509 *cert)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	struct text lines = { 0 };

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		add_line(&lines, tls_cert_text_name(sk_GENERAL_NAME_value(names, i)));
	GENERAL_NAMES_free(names);
	if (lines.len == 0)
		add_line(&lines, common_name(X509_get_subject_name(cert)));
	return text_take(&lines);
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

/* Whole days until it expires, rounded down: -1 from that moment on. */
static char *days_left(const X509 *cert)
{
	int days = 0;
	int seconds = 0;

	if (!ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert)))
		return NULL;
	return alloc_printf("%d", seconds < 0 ? days - 1 : days);
}

static char *pem(const X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());

	(void)PEM_write_bio_X509(bio, cert);
	char *text = bytes_string(bytes_without_newline(bio_bytes(bio)));
	BIO_free(bio);
	return text;
}

char *tls_cert_text_fact(const X509 *cert, enum info_key key)
{
	switch ((int)key) {
	case INFO_PEERCERT:
		return pem(cert);
	case INFO_PEERCERT_SUBJECT:
		return whole_name(X509_get_subject_name(cert));
	case INFO_PEERCERT_ISSUER:
		return whole_name(X509_get_issuer_name(cert));
	case INFO_PEERCERT_NAMES:
		return tls_cert_text_names(cert);
	case INFO_PEERCERT_NOT_AFTER:
		return format_time(X509_get0_notAfter(cert));
	case INFO_PEERCERT_DAYS_LEFT:
		return days_left(cert);
	case INFO_PEERCERT_SHA256:
		return fingerprint(cert);
	case INFO_PEERCERT_PIN:
		return tls_cert_text_pin(cert);
	default:
		return NULL;
	}
}
