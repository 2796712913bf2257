/* SPDX-License-Identifier: ISC */
/* tls_library: OpenSSL as a library: its version, memory and errors. */
#include "config.h"

#include "tls/tls_library.h"

#include "base/alloc.h"
#include "base/err.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

/* OpenSSL expects what its own functions do with a size of 0. */
static void *resize(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size > 0)
		return alloc_resize(old, size);
	free(old);
	return NULL;
}

static void *allocate(size_t size, const char *file, int line)
{
	return resize(NULL, size, file, line);
}

static void release(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	free(memory);
}

void tls_library_use_alloc(void)
{
	(void)CRYPTO_set_mem_functions(allocate, resize, release); /* fails after the first use */
}

const char *tls_library_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION_STRING);
}

/* Where OpenSSL's own words say too little. */
static const struct phrase {
	int reason; /* SSL_R_...; an alert from the peer (RFC 8446 section 6) is one too */
	const char *text;
} phrases[] = {
	{ SSL_R_SSLV3_ALERT_BAD_RECORD_MAC, "it received a damaged record" },
	{ SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, "it accepts nothing that we offer" },
	{ SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "it does not accept our certificate" },
	{ SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "it does not accept our certificate" },
	{ SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, "it considers our certificate revoked" },
	{ SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "it considers our certificate expired" },
	{ SSL_R_TLSV1_ALERT_UNKNOWN_CA, "it does not trust the issuer of our certificate" },
	{ SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "no TLS version in common" },
	{ SSL_R_TLSV1_UNRECOGNIZED_NAME, "it does not serve this name" },
	{ SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, "it requires a client certificate" },
	{ SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL, "no application protocol in common" },
	{ SSL_R_UNSUPPORTED_PROTOCOL, "no TLS version in common" },
	{ SSL_R_WRONG_VERSION_NUMBER, "no TLS version in common" },
	{ SSL_R_WRONG_SSL_VERSION, "no TLS version in common" },
	{ SSL_R_VERSION_TOO_LOW, "the peer offers only old versions of TLS" },
	{ SSL_R_NO_SHARED_CIPHER, "no cipher in common" },
	{ SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "the peer sent no certificate" },
	{ SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, "a record was changed in transit" },
	{ SSL_R_DIGEST_CHECK_FAILED, "the handshake was changed in transit" },
};

static const char *phrase_for(int reason)
{
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (phrases[i].reason == reason)
			return phrases[i].text;
	return NULL;
}

/* Empty the queue; the error that tells most is the last one of TLS itself, else the
 * first of all. */
static unsigned long take_code(void)
{
	unsigned long first = ERR_peek_error();
	unsigned long found = 0;
	unsigned long code;

	while ((code = ERR_get_error()) != 0)
		if (ERR_GET_LIB(code) == ERR_LIB_SSL)
			found = code;
	return found != 0 ? found : first;
}

bool tls_library_error(struct err *err)
{
	unsigned long code = take_code();
	int reason = ERR_GET_REASON(code);
	bool is_tls = ERR_GET_LIB(code) == ERR_LIB_SSL;
	const char *text = is_tls ? phrase_for(reason) : NULL;

	if (is_tls && reason >= SSL_AD_REASON_OFFSET) {
		int alert = reason - SSL_AD_REASON_OFFSET;

		if (text == NULL)
			text = SSL_alert_desc_string_long(alert);
		return err_set(err, ERR_TLS, "the peer ended TLS: %s (alert %d)", text, alert);
	}
	if (text == NULL)
		text = ERR_reason_error_string(code);
	return err_set(err, ERR_TLS, "TLS failed: %s", text != NULL ? text : "unknown reason");
}

const char *tls_library_reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return text != NULL ? text : "unknown reason";
}
