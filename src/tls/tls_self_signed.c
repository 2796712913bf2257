/* SPDX-License-Identifier: ISC */
/* tls_self_signed: a self-signed certificate made in memory. */
#include "config.h"

#include "tls/tls_self_signed.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/escape.h"
#include "base/text.h"
#include "tls/tls_library.h"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	VALID_DAYS = 30,
	BACKDATED_SECONDS = 60 * 60, /* for a peer whose clock is late */
	DNS_NAME_MAX = 253,
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

/* Add a subject alternative name unless the list has it, an IP literal without its zone. */
static bool add_name(struct text *list, const char *name)
{
	struct in6_addr address;
	char *host = alloc_printf("%.*s", (int)strcspn(name, "%"), name);
	bool ip =
		inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
	bool valid = ip || dns_name_valid(name);
	char *item = alloc_printf("%s:%s,", ip ? "IP" : "DNS", host);

	if (valid && strstr(list->data, item) == NULL)
		(void)text_addf(list, "%s", item);
	free(item);
	free(host);
	return valid;
}

static bool add_names(struct text *list, const char *const *names, size_t count, struct err *err)
{
	char host[DNS_NAME_MAX + 1] = "";
	char shown[128];

	(void)text_addf(list, "DNS:localhost,IP:127.0.0.1,IP:::1,");
	if (gethostname(host, sizeof(host) - 1) == 0)
		(void)add_name(list, host); /* without it when it is not a name for DNS */
	for (size_t i = 0; i < count; i++)
		if (!add_name(list, names[i]))
			return err_set(err, ERR_USAGE,
				       "cannot make a certificate for '%s': "
				       "not a host name or IP address",
				       escape_visible(bytes_of_string(names[i]), shown,
						      sizeof(shown)));
	list->data[--list->len] = '\0'; /* the last comma */
	return true;
}

static bool add_extensions(X509 *cert, const char *names)
{
	const struct {
		int nid;
		const char *value;
	} extensions[] = {
		{ NID_basic_constraints, "critical,CA:FALSE" },
		{ NID_key_usage, "critical,digitalSignature" },
		{ NID_ext_key_usage, "serverAuth" },
		{ NID_subject_key_identifier, "hash" },
		{ NID_authority_key_identifier, "keyid:always" },
		{ NID_subject_alt_name, names },
	};
	X509V3_CTX context;
	bool ok = true;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
	for (size_t i = 0; ok && i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		X509_EXTENSION *extension =
			X509V3_EXT_conf_nid(NULL, &context, extensions[i].nid, extensions[i].value);

		ok = extension != NULL && X509_add_ext(cert, extension, -1);
		X509_EXTENSION_free(extension);
	}
	return ok;
}

static bool fill(X509 *cert, EVP_PKEY *key, const char *names)
{
	X509_NAME *name = X509_get_subject_name(cert);
	time_t now = time(NULL);
	uint64_t serial;

	return X509_set_version(cert, X509_VERSION_3) &&
	       RAND_bytes((unsigned char *)&serial, sizeof(serial)) == 1 &&
	       ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial) &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					  (const unsigned char *)"localhost", -1, -1, 0) &&
	       X509_set_issuer_name(cert, name) &&
	       X509_time_adj_ex(X509_getm_notBefore(cert), 0, -BACKDATED_SECONDS, &now) &&
	       X509_time_adj_ex(X509_getm_notAfter(cert), VALID_DAYS, 0, &now) &&
	       X509_set_pubkey(cert, key) && add_extensions(cert, names) &&
	       X509_sign(cert, key, EVP_sha256()) > 0;
}

bool tls_self_signed_use(SSL_CTX *ctx, const char *const *names, size_t count, struct err *err)
{
	struct text list = { 0 };
	X509 *cert = X509_new();
	EVP_PKEY *key = EVP_EC_gen("P-256");
	bool ok = add_names(&list, names, count, err);

	if (ok &&
	    !(key != NULL && fill(cert, key, list.data) &&
	      SSL_CTX_use_certificate(ctx, cert) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1))
		ok = err_set(err, ERR_USAGE, "cannot make a certificate: %s", tls_library_reason());
	free(list.data);
	X509_free(cert);
	EVP_PKEY_free(key);
	return ok;
}
