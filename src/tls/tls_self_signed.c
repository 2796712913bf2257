/* SPDX-License-Identifier: ISC */
/* tls_self_signed: a self-signed certificate made in memory. */
#include "config.h"

#include "tls/tls_self_signed.h"

#include "base/bytes.h"
#include "base/err.h"
#include "base/escape.h"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	VALID_DAYS = 30,
	BACKDATED_SECONDS = 60 * 60, /* for a peer whose clock is late */
	SERIAL_BITS = 127,	     /* positive in 16 octets (RFC 5280 section 4.1.2.2) */
	DNS_NAME_MAX = 253,
	VERSION_3 = 2, /* as X.509 counts */
};

/* What DNS allows, with a wildcard and the underscore that hosts have in practice. */
static bool dns_name_valid(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._*";
	size_t len = strlen(name);

	return len > 0 && len <= DNS_NAME_MAX && strspn(name, allowed) == len;
}

/* An IP literal, with its zone left out; NULL when it is none. */
static ASN1_OCTET_STRING *ip_name(const char *name)
{
	char text[64];
	size_t len = strcspn(name, "%");

	if (len >= sizeof(text))
		return NULL;
	memcpy(text, name, len);
	text[len] = '\0';
	ASN1_OCTET_STRING *ip = a2i_IPADDRESS(text);
	ERR_clear_error();
	return ip;
}

/* NULL when `name` cannot be in a certificate. */
static GENERAL_NAME *general_name(const char *name)
{
	ASN1_OCTET_STRING *ip = ip_name(name);
	GENERAL_NAME *result;
	ASN1_IA5STRING *dns;

	if (ip == NULL && !dns_name_valid(name))
		return NULL;
	result = GENERAL_NAME_new();
	if (ip != NULL) {
		GENERAL_NAME_set0_value(result, GEN_IPADD, ip);
		return result;
	}
	dns = ASN1_IA5STRING_new();
	(void)ASN1_STRING_set(dns, name, -1);
	GENERAL_NAME_set0_value(result, GEN_DNS, dns);
	return result;
}

/* Add a name unless the list has it. */
static bool names_add(GENERAL_NAMES *list, const char *name)
{
	GENERAL_NAME *item = general_name(name);

	if (item == NULL)
		return false;
	for (int i = 0; i < sk_GENERAL_NAME_num(list); i++) {
		if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(list, i), item) == 0) {
			GENERAL_NAME_free(item);
			return true;
		}
	}
	return sk_GENERAL_NAME_push(list, item) > 0;
}

static bool names_fill(GENERAL_NAMES *list, const char *const *names, size_t count, struct err *err)
{
	char host[DNS_NAME_MAX + 1] = "";
	char shown[128];

	(void)names_add(list, "localhost");
	(void)names_add(list, "127.0.0.1");
	(void)names_add(list, "::1");
	if (gethostname(host, sizeof(host) - 1) == 0)
		(void)names_add(list, host); /* without it when it is not a name for DNS */
	for (size_t i = 0; i < count; i++) {
		if (names_add(list, names[i]))
			continue;
		escape_visible(bytes_of_string(names[i]), shown, sizeof(shown));
		return err_set(err, ERR_USAGE,
			       "cannot make a certificate for '%s': not a host name or IP address",
			       shown);
	}
	return true;
}

static bool add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	bool ok = extension && X509_add_ext(cert, extension, -1);

	X509_EXTENSION_free(extension);
	return ok;
}

static bool set_serial(X509 *cert)
{
	BIGNUM *number = BN_new();
	bool ok = BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
		  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));

	BN_free(number);
	return ok;
}

static bool set_subject(X509 *cert)
{
	X509_NAME *name = X509_get_subject_name(cert);

	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					  (const unsigned char *)"localhost", -1, -1, 0) &&
	       X509_set_issuer_name(cert, name);
}

static bool set_times(X509 *cert)
{
	time_t now = time(NULL);

	return X509_time_adj_ex(X509_getm_notBefore(cert), 0, -BACKDATED_SECONDS, &now) &&
	       X509_time_adj_ex(X509_getm_notAfter(cert), VALID_DAYS, 0, &now);
}

static bool fill(X509 *cert, EVP_PKEY *key, GENERAL_NAMES *names)
{
	return X509_set_version(cert, VERSION_3) && set_serial(cert) && set_subject(cert) &&
	       set_times(cert) && X509_set_pubkey(cert, key) &&
	       add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(cert, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(cert, NID_ext_key_usage, "serverAuth") &&
	       add_extension(cert, NID_subject_key_identifier, "hash") &&
	       add_extension(cert, NID_authority_key_identifier, "keyid:always") &&
	       X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0) == 1 &&
	       X509_sign(cert, key, EVP_sha256()) > 0;
}

bool tls_self_signed_make(const char *const *names, size_t count, X509 **cert, EVP_PKEY **key,
			  struct err *err)
{
	GENERAL_NAMES *list = sk_GENERAL_NAME_new_null();
	X509 *new_cert = X509_new();
	EVP_PKEY *new_key = EVP_EC_gen("P-256");
	bool valid = names_fill(list, names, count, err);
	bool made = valid && new_key != NULL && fill(new_cert, new_key, list);

	GENERAL_NAMES_free(list);
	if (made) {
		*cert = new_cert;
		*key = new_key;
		return true;
	}
	ERR_clear_error();
	X509_free(new_cert);
	EVP_PKEY_free(new_key);
	return valid ? err_set(err, ERR_USAGE, "cannot make a certificate") : false;
}
