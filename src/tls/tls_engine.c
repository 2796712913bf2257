/* SPDX-License-Identifier: ISC */
/* tls_engine: one TLS connection in OpenSSL, between buffers. */
#include "config.h"

#include "tls/tls_engine.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/escape.h"
#include "tls/tls_cert_text.h"
#include "tls/tls_config.h"
#include "tls/tls_errors.h"
#include "tls/tls_settings.h"

#include <event2/buffer.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

enum {
	PIECE_MAX = SSL3_RT_MAX_PLAIN_LENGTH, /* a record's data */
	PIECE_GOOD = PIECE_MAX / 2,	      /* enough not to be put together with more */
	READ_MAX = 63 * 1024, /* reserved at a time: libevent's block is 64 KiB then */
	READ_MIN = 512,
};

struct tls_first {
	size_t len;
	unsigned char bytes[48];
};

static void engine_init(struct tls_engine *e, struct transport *lower,
			const struct tls_config *config)
{
	*e = (struct tls_engine){ .bio = { .lower = lower },
				  .first = alloc_zeroed(sizeof(*e->first)) };
	ERR_clear_error();
	e->ssl = SSL_new(tls_config_ctx(config));
	if (e->ssl == NULL)
		alloc_failed();
	tls_bio_attach(&e->bio, tls_config_bio_method(config), e->ssl);
}

void tls_engine_connect(struct tls_engine *e, struct transport *lower,
			const struct tls_config *config, const char *name)
{
	const struct tls_settings *settings = tls_config_settings(config);

	engine_init(e, lower, config);
	e->peer = tls_verify_expect(e->ssl,
				    settings->server_name != NULL ? settings->server_name : name);
	SSL_set_connect_state(e->ssl);
}

void tls_engine_accept(struct tls_engine *e, struct transport *lower,
		       const struct tls_config *config)
{
	engine_init(e, lower, config);
	SSL_set_accept_state(e->ssl);
}

void tls_engine_release(struct tls_engine *e)
{
	SSL_free(e->ssl);
	tls_verify_free(e->peer);
	free(e->first);
}

bool tls_engine_is_open(const struct tls_engine *e)
{
	return e->first == NULL;
}

static bool is_wait(int error)
{
	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static void note_first(const struct tls_engine *e)
{
	struct tls_first *first = e->first;
	ev_ssize_t n = evbuffer_copyout(e->bio.lower->input, first->bytes + first->len,
					sizeof(first->bytes) - first->len);

	if (n > 0)
		first->len += (size_t)n;
}

static struct bytes first_bytes(const struct tls_engine *e)
{
	return bytes_of(e->first->bytes, e->first->len);
}

enum stream_status tls_engine_shake(struct tls_engine *e, struct err *err)
{
	struct bytes first;
	int result;

	note_first(e);
	ERR_clear_error();
	result = SSL_do_handshake(e->ssl);
	if (result == 1) {
		free(e->first);
		e->first = NULL;
		return STREAM_OK;
	}
	if (is_wait(SSL_get_error(e->ssl, result)))
		return STREAM_AGAIN;
	first = first_bytes(e);
	if (e->peer != NULL && e->peer->failure != NULL)
		(void)err_set(err, ERR_TLS, "%s", e->peer->failure);
	else if (!tls_errors_is_tls(first))
		(void)tls_errors_not_tls(first, err);
	else
		(void)tls_errors_take(err);
	ERR_clear_error();
	return STREAM_ERROR;
}

bool tls_engine_explain_end(const struct tls_engine *e, struct err *err)
{
	const struct transport *lower = e->bio.lower;
	const struct err *cause = lower->read_error ? lower->read_error : lower->write_error;
	struct bytes first = first_bytes(e);

	if (!tls_errors_is_tls(first))
		return tls_errors_not_tls(first, err);
	if (cause != NULL) {
		*err = *cause;
		err->kind = ERR_TLS;
		return err_prefix(err, "the connection broke during the TLS handshake");
	}
	return err_set(err, ERR_TLS, "the peer closed the connection %s",
		       first.len == 0 ? "without a TLS handshake" : "during the TLS handshake");
}

bool tls_engine_pending(const struct tls_engine *e)
{
	return evbuffer_get_length(e->bio.lower->input) > 0 || SSL_pending(e->ssl) > 0;
}

/* How much to reserve: not more than what is there can decrypt to, so that a
 * short message takes no large block. */
static size_t read_size(const struct tls_engine *e, size_t max)
{
	size_t size = evbuffer_get_length(e->bio.lower->input) + (size_t)SSL_pending(e->ssl);

	if (size < READ_MIN)
		size = READ_MIN;
	if (size > READ_MAX)
		size = READ_MAX;
	return size < max ? size : max;
}

static enum stream_status read_stopped(int error, struct err *err)
{
	if (error == SSL_ERROR_NONE)
		return STREAM_OK;
	if (is_wait(error))
		return STREAM_AGAIN;
	if (error == SSL_ERROR_ZERO_RETURN)
		return STREAM_EOF;
	(void)tls_errors_take(err);
	return STREAM_ERROR;
}

enum stream_status tls_engine_read(struct tls_engine *e, size_t max, struct evbuffer *into,
				   struct err *err)
{
	size_t size = read_size(e, max);
	size_t filled = 0;
	int result = 1;
	int error = SSL_ERROR_NONE;
	struct evbuffer_iovec piece;

	if (evbuffer_reserve_space(into, (ev_ssize_t)size, &piece, 1) != 1)
		alloc_failed();
	ERR_clear_error();
	while (filled < size && result == 1) {
		size_t n = 0;

		result = SSL_read_ex(e->ssl, (char *)piece.iov_base + filled, size - filled, &n);
		filled += n;
	}
	if (result != 1)
		error = SSL_get_error(e->ssl, result);
	piece.iov_len = filled;
	if (filled > 0 && evbuffer_commit_space(into, &piece, 1) != 0)
		alloc_failed();
	return read_stopped(error, err);
}

/* The next record's data in one piece: many small ones are put together. */
static unsigned char *next_piece(struct evbuffer *from, size_t *len)
{
	size_t queued = evbuffer_get_length(from);
	size_t there = evbuffer_get_contiguous_space(from);
	unsigned char *data;

	*len = queued < PIECE_MAX ? queued : PIECE_MAX;
	if (there >= PIECE_GOOD && there < *len)
		*len = there;
	data = evbuffer_pullup(from, (ev_ssize_t)*len);
	if (data == NULL)
		alloc_failed();
	return data;
}

enum stream_status tls_engine_write(struct tls_engine *e, struct evbuffer *from, struct err *err)
{
	size_t len;
	size_t n = 0;
	unsigned char *data = next_piece(from, &len);
	int result;

	ERR_clear_error();
	result = SSL_write_ex(e->ssl, data, len, &n);
	if (result == 1) {
		(void)evbuffer_drain(from, n); /* fails only for a frozen buffer */
		return STREAM_OK;
	}
	if (is_wait(SSL_get_error(e->ssl, result)))
		return STREAM_AGAIN;
	(void)tls_errors_take(err);
	return STREAM_ERROR;
}

enum stream_status tls_engine_close(struct tls_engine *e)
{
	int result;

	ERR_clear_error();
	result = SSL_shutdown(e->ssl);
	if (result < 0 && SSL_get_error(e->ssl, result) == SSL_ERROR_WANT_WRITE)
		return STREAM_AGAIN;
	ERR_clear_error(); /* what else fails leaves nothing to be done */
	return STREAM_OK;
}

static bool append(struct evbuffer *out, const char *text)
{
	char *shown;

	if (text == NULL)
		return false;
	shown = escape_controls(bytes_of_string(text));
	if (evbuffer_add(out, shown, strlen(shown)) < 0)
		alloc_failed();
	free(shown);
	return true;
}

bool tls_engine_info(const struct tls_engine *e, enum info_key key, struct evbuffer *out)
{
	const X509 *cert;

	if (!tls_engine_is_open(e))
		return false;
	if (key == INFO_TLS_VERSION)
		return append(out, SSL_get_version(e->ssl));
	if (key == INFO_CIPHER)
		return append(out, SSL_CIPHER_get_name(SSL_get_current_cipher(e->ssl)));
	if (key == INFO_SERVER_NAME)
		return append(out, SSL_get_servername(e->ssl, TLSEXT_NAMETYPE_host_name));
	cert = SSL_get0_peer_certificate(e->ssl);
	return cert != NULL && tls_cert_text_append(cert, key, out);
}
