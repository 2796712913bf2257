/* SPDX-License-Identifier: ISC */
/* tls_errors: what OpenSSL met, in one line for a person. */
#include "config.h"

#include "tls/tls_errors.h"

#include "base/err.h"
#include "base/escape.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

enum {
	RECORD_ALERT = 21, /* RFC 8446 section 5.1 */
	RECORD_HANDSHAKE = 22,
	RECORD_VERSION_MAJOR = 3,
	SHOWN_SIZE = 64,
};

struct words {
	int code;
	const char *text;
};

/* Alerts from the peer (RFC 8446 section 6), by their number. */
static const struct words alerts[] = {
	{ SSL_AD_BAD_RECORD_MAC, "a record arrived damaged there" },
	{ SSL_AD_HANDSHAKE_FAILURE, "it accepts nothing of what we offer" },
	{ SSL_AD_BAD_CERTIFICATE, "it does not accept our certificate" },
	{ SSL_AD_UNSUPPORTED_CERTIFICATE, "it does not accept this kind of certificate" },
	{ SSL_AD_CERTIFICATE_REVOKED, "it takes our certificate for revoked" },
	{ SSL_AD_CERTIFICATE_EXPIRED, "it takes our certificate for expired" },
	{ SSL_AD_CERTIFICATE_UNKNOWN, "it does not accept our certificate" },
	{ SSL_AD_UNKNOWN_CA, "it does not trust who signed our certificate" },
	{ SSL_AD_ACCESS_DENIED, "it denies us access" },
	{ SSL_AD_PROTOCOL_VERSION, "there is no TLS version in common" },
	{ SSL_AD_INSUFFICIENT_SECURITY, "it wants stronger ciphers" },
	{ SSL_AD_INTERNAL_ERROR, "it has an error of its own" },
	{ SSL_AD_USER_CANCELLED, "somebody cancelled it there" },
	{ SSL_AD_UNRECOGNIZED_NAME, "it does not serve this name" },
	{ SSL_AD_BAD_CERTIFICATE_STATUS_RESPONSE, "it does not accept our certificate's status" },
	{ SSL_AD_UNKNOWN_PSK_IDENTITY, "it does not know our key" },
	{ TLS13_AD_CERTIFICATE_REQUIRED, "it requires a client certificate" },
	{ SSL_AD_NO_APPLICATION_PROTOCOL, "there is no application protocol in common" },
};

/* What we found wrong ourselves. */
static const struct words reasons[] = {
	{ SSL_R_UNSUPPORTED_PROTOCOL, "there is no TLS version in common" },
	{ SSL_R_WRONG_VERSION_NUMBER, "there is no TLS version in common" },
	{ SSL_R_WRONG_SSL_VERSION, "there is no TLS version in common" },
	{ SSL_R_VERSION_TOO_LOW, "the peer offers only a TLS version that is too old" },
	{ SSL_R_NO_SHARED_CIPHER, "there is no cipher in common" },
	{ SSL_R_NO_CIPHERS_AVAILABLE, "there is no cipher to offer" },
	{ SSL_R_WRONG_CIPHER_RETURNED, "the peer chose a cipher that was not offered" },
	{ SSL_R_NO_SHARED_GROUPS, "there is no key exchange group in common" },
	{ SSL_R_NO_SUITABLE_KEY_SHARE, "there is no key exchange group in common" },
	{ SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, "there is no signature algorithm in common" },
	{ SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, "there is no signature algorithm in common" },
	{ SSL_R_DH_KEY_TOO_SMALL, "the peer's DH key is too small" },
	{ SSL_R_EE_KEY_TOO_SMALL, "the certificate's key is too small" },
	{ SSL_R_CERTIFICATE_VERIFY_FAILED, "the peer's certificate cannot be trusted" },
	{ SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "the peer sent no certificate" },
	{ SSL_R_BAD_SIGNATURE, "the peer's signature is wrong" },
	{ SSL_R_DIGEST_CHECK_FAILED, "the handshake was changed on its way" },
	{ SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, "a record was changed on its way" },
	{ SSL_R_ENCRYPTED_LENGTH_TOO_LONG, "a record is longer than TLS allows" },
	{ SSL_R_PACKET_LENGTH_TOO_LONG, "a record is longer than TLS allows" },
	{ SSL_R_DATA_LENGTH_TOO_LONG, "a record is longer than TLS allows" },
	{ SSL_R_BAD_RECORD_TYPE, "there is something else than a record" },
	{ SSL_R_HTTP_REQUEST, "the peer does not speak TLS but HTTP" },
	{ SSL_R_HTTPS_PROXY_REQUEST, "the peer does not speak TLS but HTTP to a proxy" },
};

static const char *lookup(const struct words *table, size_t count, int code)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].code == code)
			return table[i].text;
	return NULL;
}

/* The most telling error of the queue: TLS's own last one, else the first of
 * all. Empties it. */
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

static bool describe_alert(int alert, struct err *err)
{
	const char *text = lookup(alerts, sizeof(alerts) / sizeof(alerts[0]), alert);

	if (text == NULL)
		text = SSL_alert_desc_string_long(alert);
	return err_set(err, ERR_TLS, "the peer ended TLS: %s (alert %d)", text, alert);
}

bool tls_errors_take(struct err *err)
{
	unsigned long code = take_code();
	int reason = ERR_GET_REASON(code);
	const char *text = NULL;

	if (code == 0)
		return err_set(err, ERR_TLS, "TLS failed");
	if (ERR_GET_LIB(code) == ERR_LIB_SSL) {
		if (reason >= SSL_AD_REASON_OFFSET)
			return describe_alert(reason - SSL_AD_REASON_OFFSET, err);
		text = lookup(reasons, sizeof(reasons) / sizeof(reasons[0]), reason);
	}
	if (text == NULL)
		text = ERR_reason_error_string(code);
	return err_set(err, ERR_TLS, "TLS failed: %s", text != NULL ? text : "unknown reason");
}

const char *tls_errors_reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return text != NULL ? text : "unknown reason";
}

bool tls_errors_is_tls(struct bytes first)
{
	if (first.len > 0 && first.data[0] != RECORD_HANDSHAKE && first.data[0] != RECORD_ALERT)
		return false;
	return first.len < 2 || first.data[1] == RECORD_VERSION_MAJOR;
}

bool tls_errors_not_tls(struct bytes first, struct err *err)
{
	char shown[SHOWN_SIZE];
	size_t len = 0;

	while (len < first.len && first.data[len] != '\r' && first.data[len] != '\n')
		len++;
	/* Nothing but a line end is shown as that. */
	escape_visible(bytes_of(first.data, len > 0 ? len : first.len), shown, sizeof(shown));
	return err_set(err, ERR_TLS, "the peer does not speak TLS: it sent '%s'", shown);
}
