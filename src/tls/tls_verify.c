/* SPDX-License-Identifier: ISC */
/* tls_verify: is the peer the one that was wanted? */
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

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

enum {
	NAMES_SHOWN = 6,
	NAME_SIZE = 80, /* of each name in a message */
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

/* "'a.example', 'b.example' and 4 more" of names, one a line. */
static char *quote_names(char *names)
{
	struct text list = { 0 };
	size_t count = 0;

	for (char *name; (name = strsep(&names, "\n")) != NULL; count++)
		if (count < NAMES_SHOWN)
			(void)text_addf(&list, "%s'%s'", count > 0 ? ", " : "", shorten(name));
	if (count > NAMES_SHOWN)
		(void)text_addf(&list, " and %zu more", count - NAMES_SHOWN);
	return text_take(&list);
}

static char *wrong_name(const X509 *cert, const char *wanted)
{
	char *names = tls_cert_text_names(cert);
	char *list = names[0] != '\0' ? quote_names(names) : alloc_string("no name");
	char shown[NAME_SIZE];
	char *text;

	escape_visible(bytes_of_string(wanted), shown, sizeof(shown));
	text = alloc_printf("certificate is for %s, not for '%s'", list, shown);
	free(list);
	free(names);
	return text;
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

static char *wrong_date(const X509 *cert, int depth, bool early)
{
	char *date =
		tls_cert_text_date(early ? X509_get0_notBefore(cert) : X509_get0_notAfter(cert));
	char *what = which(cert, depth);
	char *text = alloc_printf(early ? "%s is not valid before %s: is the clock right?"
					: "%s expired on %s",
				  what, date);

	free(what);
	free(date);
	return text;
}

static char *self_signed(const X509 *cert)
{
	char *pin = tls_cert_text_pin(cert);
	char *text = alloc_printf("certificate is self-signed: --cacert FILE or --pin %s trusts it",
				  pin);

	free(pin);
	return text;
}

static char *unknown_authority(const X509_NAME *name)
{
	char *issuer = tls_cert_text_common_name(name);
	char *text = alloc_printf("certificate is signed by '%s', which is not trusted here: "
				  "--cacert FILE trusts it",
				  shorten(issuer));

	free(issuer);
	return text;
}

static char *other_failure(const X509 *cert, int depth, int code)
{
	char *what = which(cert, depth);
	char *text =
		alloc_printf("%s cannot be trusted: %s", what, X509_verify_cert_error_string(code));

	free(what);
	return text;
}

static char *chain_failure(X509_STORE_CTX *store, const struct tls_peer *peer)
{
	int code = X509_STORE_CTX_get_error(store);
	int depth = X509_STORE_CTX_get_error_depth(store);
	const X509 *cert = X509_STORE_CTX_get_current_cert(store);

	if (cert == NULL)
		cert = X509_STORE_CTX_get0_cert(store);
	switch (code) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return wrong_name(cert, peer->name);
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return wrong_date(cert, depth, false);
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return wrong_date(cert, depth, true);
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return self_signed(cert);
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return unknown_authority(X509_get_subject_name(cert));
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return unknown_authority(X509_get_issuer_name(cert));
	default: /* not an enum: there are some hundred */
		return other_failure(cert, depth, code);
	}
}

static bool check_pin(const struct tls_settings *settings, const X509 *cert, char **failure)
{
	char *pin = tls_cert_text_pin(cert);
	bool ok = settings->pin_count == 0 || tls_settings_allow_pin(settings, pin);

	if (!ok)
		*failure = alloc_printf("the peer's key is %s, which no --pin allows", pin);
	free(pin);
	return ok;
}

/* SSL_CTX_set_cert_verify_callback(): in place of X509_verify_cert(). */
static int verify(X509_STORE_CTX *store, void *arg)
{
	const struct tls_settings *settings = arg;
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_peer *peer = SSL_get_app_data(ssl);
	bool chain = tls_settings_need_chain(settings);

	free(peer->failure);
	peer->failure = NULL;
	/* A chain that is trusted says nothing when the name does not count. */
	if (chain && peer->name == NULL && settings->pin_count == 0) {
		peer->failure = alloc_string("there is no name to check the certificate against");
		X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
		return 0;
	}
	if (!check_pin(settings, X509_STORE_CTX_get0_cert(store), &peer->failure)) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
		return 0;
	}
	if (!chain) {
		X509_STORE_CTX_set_error(store, X509_V_OK);
		return 1;
	}
	if (X509_verify_cert(store) == 1)
		return 1;
	peer->failure = chain_failure(store, peer);
	return 0;
}

void tls_verify_install(SSL_CTX *ctx, const struct tls_settings *settings)
{
	bool nothing = settings->insecure && settings->pin_count == 0;

	SSL_CTX_set_verify(ctx, nothing ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, verify, (void *)settings);
	/* A certificate given with --cacert is trusted as it is, also when
	 * somebody else has signed it. */
	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_PARTIAL_CHAIN);
}

/* In ASCII, without the zone of an IPv6 literal, and without the dot at the end
 * of a full name: so certificates have them. */
static char *plain_name(const char *name, bool *literal)
{
	struct in6_addr address;
	struct err ignored; /* of a name that no certificate can have */
	char *ascii = idn_to_ascii(name, &ignored);
	char *copy = ascii != NULL ? ascii : alloc_string(name);
	size_t len = strlen(copy);

	if (strchr(copy, ':') != NULL)
		copy[strcspn(copy, "%")] = '\0';
	else if (len > 1 && copy[len - 1] == '.')
		copy[len - 1] = '\0';
	*literal =
		inet_pton(AF_INET, copy, &address) == 1 || inet_pton(AF_INET6, copy, &address) == 1;
	return copy;
}

static void want_name(SSL *ssl, const struct tls_peer *peer)
{
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (SSL_set1_host(ssl, peer->name) != 1) /* takes IP literals too */
		alloc_failed();
	if (!peer->literal) /* fails for a name that is too long for any certificate */
		(void)SSL_set_tlsext_host_name(ssl, peer->name);
}

struct tls_peer *tls_verify_expect(SSL *ssl, const char *name)
{
	struct tls_peer *peer = alloc_zeroed(sizeof(*peer));

	SSL_set_app_data(ssl, peer);
	if (name != NULL)
		peer->name = plain_name(name, &peer->literal);
	if (peer->name != NULL && peer->name[0] == '\0') { /* to OpenSSL it would mean: any name */
		free(peer->name);
		peer->name = NULL;
	}
	if (peer->name != NULL)
		want_name(ssl, peer);
	return peer;
}

void tls_verify_free(struct tls_peer *peer)
{
	if (peer == NULL)
		return;
	free(peer->name);
	free(peer->failure);
	free(peer);
}
