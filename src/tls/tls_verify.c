/* SPDX-License-Identifier: ISC */
/* tls_verify: is the peer the one that is expected? */
#include "config.h"

#include "tls/tls_verify.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/escape.h"
#include "base/idn.h"
#include "base/text.h"
#include "tls/tls_cert_text.h"
#include "tls/tls_settings.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

enum {
	NAMES_SHOWN = 6,
	NAME_SIZE = 80, /* of each name in a message */
	PIN_DIGITS = 64,
};

/* Cut a name that tls_cert_text has made safe to show. */
static char *shorten(char *text)
{
	static const char dots[] = "...";

	if (strlen(text) >= NAME_SIZE) {
		size_t len = bytes_utf8_prefix(bytes_of(text, NAME_SIZE - sizeof(dots)));

		memcpy(text + len, dots, sizeof(dots));
	}
	return text;
}

static const char *kind_of(bool address)
{
	return address ? "IP address" : "DNS name";
}

/* "certificate is for DNS name 'a.example', IP address '::1' and 4 more, not for IP
 * address '127.0.0.1'": a name of the other kind does not match. */
static char *wrong_name(const X509 *cert, const char *wanted, bool address)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	struct text text = { 0 };
	char shown[NAME_SIZE];
	size_t count = 0;

	(void)text_addf(&text, "certificate is for ");
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		char *own = tls_cert_text_name(name);

		if (own != NULL && count++ < NAMES_SHOWN)
			(void)text_addf(&text, "%s%s '%s'", count > 1 ? ", " : "",
					kind_of(name->type == GEN_IPADD), shorten(own));
		free(own);
	}
	GENERAL_NAMES_free(names);
	if (count == 0) {
		char *common = tls_cert_text_names(cert);

		(void)text_addf(&text, *common != '\0' ? "common name '%s'" : "no name",
				shorten(common));
		free(common);
	}
	if (count > NAMES_SHOWN)
		(void)text_addf(&text, " and %zu more", count - NAMES_SHOWN);
	(void)text_addf(&text, ", not for %s '%s'", kind_of(address),
			escape_visible(bytes_of_string(wanted), shown, sizeof(shown)));
	return text_take(&text);
}

/* "certificate", or that of the authority, `depth` steps up. */
static char *which(const X509 *cert, int depth)
{
	if (depth == 0)
		return alloc_string("certificate");
	char *name = tls_cert_text_common_name(X509_get_subject_name(cert));
	char *text = alloc_printf("certificate of the authority '%s'", shorten(name));
	free(name);
	return text;
}

static char *explain(X509_STORE_CTX *store, const struct tls_peer *peer)
{
	int code = X509_STORE_CTX_get_error(store);
	const X509 *current = X509_STORE_CTX_get_current_cert(store);
	const X509 *cert = current != NULL ? current : X509_STORE_CTX_get0_cert(store);
	char *what = which(cert, X509_STORE_CTX_get_error_depth(store));
	char *detail = NULL;
	char *text;

	switch (code) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		text = wrong_name(cert, peer->name, code == X509_V_ERR_IP_ADDRESS_MISMATCH);
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		detail = tls_cert_text_date(X509_get0_notAfter(cert));
		text = alloc_printf("%s expired on %s", what, detail);
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		detail = tls_cert_text_date(X509_get0_notBefore(cert));
		text = alloc_printf("%s is not valid before %s: is the clock right?", what, detail);
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		detail = tls_cert_text_pin(cert);
		text = alloc_printf("certificate is self-signed: "
				    "--cacert FILE or --pin %s trusts it",
				    detail);
		break;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		detail = tls_cert_text_common_name(X509_get_issuer_name(cert));
		text = alloc_printf("certificate is signed by '%s', which is not trusted here: "
				    "--cacert FILE trusts it",
				    shorten(detail));
		break;
	default: /* not an enum: there are about a hundred */
		text = alloc_printf("%s cannot be trusted: %s", what,
				    X509_verify_cert_error_string(code));
	}
	free(what);
	free(detail);
	return text;
}

bool tls_verify_pin_valid(const char *text)
{
	static const char prefix[] = "sha256:";
	const char *digits = text + strlen(prefix);

	return strncmp(text, prefix, strlen(prefix)) == 0 && strlen(digits) == PIN_DIGITS &&
	       strspn(digits, "0123456789abcdefABCDEF") == PIN_DIGITS;
}

bool tls_verify_needs_chain(const struct tls_settings *settings)
{
	bool ca_given = settings->cacert != NULL || settings->capath != NULL;

	return !settings->insecure && (settings->pin_count == 0 || ca_given);
}

static bool check_pin(const struct tls_settings *settings, const X509 *cert, char **failure)
{
	char *pin = tls_cert_text_pin(cert);
	bool ok = settings->pin_count == 0;

	for (size_t i = 0; i < settings->pin_count; i++)
		ok = ok || strcasecmp(settings->pins[i], pin) == 0;
	if (!ok)
		*failure = alloc_printf("the peer's key is %s, which no --pin allows", pin);
	free(pin);
	return ok;
}

/* SSL_CTX_set_cert_verify_callback(): replaces X509_verify_cert(). */
static int verify(X509_STORE_CTX *store, void *arg)
{
	const struct tls_settings *settings = arg;
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_peer *peer = SSL_get_app_data(ssl);
	bool chain = tls_verify_needs_chain(settings);
	int error = X509_V_OK;

	/* A trusted chain proves nothing unless a name is checked. */
	if (chain && peer->name[0] == '\0' && settings->pin_count == 0) {
		peer->failure = alloc_string("there is no name to check the certificate against");
		error = X509_V_ERR_HOSTNAME_MISMATCH;
	} else if (!check_pin(settings, X509_STORE_CTX_get0_cert(store), &peer->failure)) {
		error = X509_V_ERR_CERT_REJECTED;
	} else if (chain) {
		if (X509_verify_cert(store) != 1)
			peer->failure = explain(store, peer);
		error = X509_STORE_CTX_get_error(store);
	}
	X509_STORE_CTX_set_error(store, error);
	return peer->failure == NULL;
}

void tls_verify_install(SSL_CTX *ctx, const struct tls_settings *settings)
{
	bool nothing = settings->insecure && settings->pin_count == 0;

	SSL_CTX_set_verify(ctx, nothing ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, verify, (void *)settings);
	/* Trust a certificate given with --cacert whoever issued it. */
	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_PARTIAL_CHAIN);
}

/* In ASCII, without the zone of an IPv6 literal and without the dot at the end of a full
 * name, as certificates have it. */
static char *plain_name(const char *name)
{
	struct err ignored; /* of a name that no certificate can have */
	char *ascii = idn_to_ascii(name, &ignored);
	char *copy = ascii != NULL ? ascii : alloc_string(name);
	size_t len = strlen(copy);

	if (strchr(copy, ':') != NULL)
		copy[strcspn(copy, "%")] = '\0';
	else if (len > 1 && copy[len - 1] == '.')
		copy[len - 1] = '\0';
	return copy;
}

void tls_verify_expect(SSL *ssl, struct tls_peer *peer, const char *name)
{
	SSL_set_app_data(ssl, peer);
	peer->name = plain_name(name != NULL ? name : "");
	if (peer->name[0] == '\0') /* to OpenSSL it would mean any name */
		return;
	if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), peer->name) == 1)
		return;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (SSL_set1_host(ssl, peer->name) != 1)
		alloc_failed();
	/* Fails for a name that is too long for any certificate. */
	(void)SSL_set_tlsext_host_name(ssl, peer->name);
}

void tls_verify_release(struct tls_peer *peer)
{
	free(peer->name);
	free(peer->failure);
}
