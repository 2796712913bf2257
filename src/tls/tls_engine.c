/* SPDX-License-Identifier: ISC */
/* tls_engine: one TLS connection in OpenSSL, over a transport. */
#include "config.h"

#include "tls/tls_engine.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/escape.h"
#include "io/transport_impl.h"
#include "tls/tls_cert_text.h"
#include "tls/tls_errors.h"

#include <event2/buffer.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

enum {
	QUEUE_MARK = 64 * 1024,		      /* encrypted bytes waiting: add no more data */
	QUEUE_MAX = 96 * 1024,		      /* ... nor what TLS itself has to say */
	PIECE_MAX = SSL3_RT_MAX_PLAIN_LENGTH, /* a record's data */
	PIECE_GOOD = PIECE_MAX / 2,	      /* do not join longer pieces with more */
	READ_MAX = 63 * 1024, /* reserved at a time: libevent's block is 64 KiB then */
	READ_MIN = 512,
};

struct tls_first {
	size_t len;
	unsigned char bytes[48];
};

static size_t arrived(const struct tls_engine *e)
{
	return evbuffer_get_length(e->lower->input);
}

static size_t queued(const struct tls_engine *e)
{
	return evbuffer_get_length(e->lower->output);
}

/* --- the BIO: the bytes of the two buffers below --- */

static int bio_read(BIO *bio, char *data, size_t len, size_t *got)
{
	const struct tls_engine *e = BIO_get_data(bio);
	int n = evbuffer_remove(e->lower->input, data, len);

	BIO_clear_retry_flags(bio);
	*got = n > 0 ? (size_t)n : 0;
	if (n > 0)
		return 1;
	BIO_set_retry_read(bio);
	return 0;
}

static int bio_write(BIO *bio, const char *data, size_t len, size_t *put)
{
	struct tls_engine *e = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	*put = len;
	/* It cannot be sent any more; but what was received must stay readable. */
	if (e->lower->write_half != WRITE_OPEN || e->lower->write_error != NULL)
		return 1;
	if (queued(e) >= QUEUE_MAX) {
		BIO_set_retry_write(bio);
		*put = 0;
		return 0;
	}
	(void)evbuffer_add(e->lower->output, data, len);
	e->queued = true;
	return 1;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH; /* transport_tls flushes the lower transport */
}

BIO_METHOD *tls_engine_bio_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "transport");

	(void)BIO_meth_set_read_ex(method, bio_read);
	(void)BIO_meth_set_write_ex(method, bio_write);
	(void)BIO_meth_set_ctrl(method, bio_ctrl);
	return method;
}

/* --- the engine --- */

void tls_engine_init(struct tls_engine *e, struct transport *lower, SSL_CTX *ctx,
		     const BIO_METHOD *method)
{
	BIO *bio = BIO_new(method);

	BIO_set_data(bio, e);
	BIO_set_init(bio, 1);
	*e = (struct tls_engine){ .lower = lower, .first = alloc_zeroed(sizeof(*e->first)) };
	ERR_clear_error();
	e->ssl = SSL_new(ctx);
	SSL_set_bio(e->ssl, bio, bio);
}

void tls_engine_connect(struct tls_engine *e, const char *name)
{
	tls_verify_expect(e->ssl, &e->peer, name);
	SSL_set_connect_state(e->ssl);
}

void tls_engine_accept(struct tls_engine *e)
{
	SSL_set_accept_state(e->ssl);
}

void tls_engine_release(struct tls_engine *e)
{
	SSL_free(e->ssl);
	tls_verify_release(&e->peer);
	free(e->first);
	transport_free(e->lower);
}

static bool is_wait(int error)
{
	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static void note_first(const struct tls_engine *e)
{
	struct tls_first *first = e->first;
	ev_ssize_t n = evbuffer_copyout(e->lower->input, first->bytes + first->len,
					sizeof(first->bytes) - first->len);

	if (n > 0)
		first->len += (size_t)n;
}

static struct bytes first_bytes(const struct tls_engine *e)
{
	return bytes_of(e->first->bytes, e->first->len);
}

enum stream_status tls_engine_handshake(struct tls_engine *e, struct err *err)
{
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
	if (e->peer.failure != NULL)
		(void)err_set(err, ERR_TLS, "%s", e->peer.failure);
	else if (!tls_errors_is_tls(first_bytes(e)))
		(void)tls_errors_not_tls(first_bytes(e), err);
	else
		(void)tls_errors_take(err);
	ERR_clear_error();
	return STREAM_ERROR;
}

void tls_engine_explain_end(const struct tls_engine *e, struct err *err)
{
	const struct err *cause =
		e->lower->read_error ? e->lower->read_error : e->lower->write_error;
	struct bytes first = first_bytes(e);

	if (!tls_errors_is_tls(first)) {
		(void)tls_errors_not_tls(first, err);
	} else if (cause != NULL) {
		*err = *cause;
		err->kind = ERR_TLS;
		(void)err_prefix(err, "the connection broke during the TLS handshake");
	} else {
		(void)err_set(err, ERR_TLS, "the peer closed the connection %s",
			      first.len == 0 ? "without a TLS handshake"
					     : "during the TLS handshake");
	}
}

bool tls_engine_readable(const struct tls_engine *e)
{
	return queued(e) < QUEUE_MAX && (arrived(e) > 0 || SSL_pending(e->ssl) > 0);
}

/* How much to reserve: not more than what is there can decrypt to, so that a
 * short message takes no large block. */
static size_t read_size(const struct tls_engine *e, size_t max)
{
	size_t size = arrived(e) + (size_t)SSL_pending(e->ssl);

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

	(void)evbuffer_reserve_space(into, (ev_ssize_t)size, &piece, 1);
	ERR_clear_error();
	while (filled < size && result == 1) {
		size_t n = 0;

		result = SSL_read_ex(e->ssl, (char *)piece.iov_base + filled, size - filled, &n);
		filled += n;
	}
	if (result != 1)
		error = SSL_get_error(e->ssl, result);
	piece.iov_len = filled;
	if (filled > 0)
		(void)evbuffer_commit_space(into, &piece, 1); /* fails for a foreign piece */
	return read_stopped(error, err);
}

/* The next record's data in one piece: many small ones are joined. */
static unsigned char *next_piece(struct evbuffer *from, size_t *len)
{
	size_t waiting = evbuffer_get_length(from);
	size_t there = evbuffer_get_contiguous_space(from);

	*len = waiting < PIECE_MAX ? waiting : PIECE_MAX;
	if (there >= PIECE_GOOD && there < *len)
		*len = there;
	return evbuffer_pullup(from, (ev_ssize_t)*len);
}

enum stream_status tls_engine_write(struct tls_engine *e, struct evbuffer *from, struct err *err)
{
	size_t len;
	size_t n = 0;
	unsigned char *data;
	int result;

	if (queued(e) >= QUEUE_MARK)
		return STREAM_AGAIN;
	data = next_piece(from, &len);
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
	ERR_clear_error(); /* nothing can be done about another failure */
	return STREAM_OK;
}

static char *fact(const struct tls_engine *e, enum info_key key)
{
	const X509 *cert = SSL_get0_peer_certificate(e->ssl);
	const char *name;

	if (key == INFO_TLS_VERSION)
		return alloc_string(SSL_get_version(e->ssl));
	if (key == INFO_CIPHER)
		return alloc_string(SSL_CIPHER_get_name(SSL_get_current_cipher(e->ssl)));
	if (key != INFO_SERVER_NAME)
		return cert != NULL ? tls_cert_text_fact(cert, key) : NULL;
	name = SSL_get_servername(e->ssl, TLSEXT_NAMETYPE_host_name);
	return name != NULL ? escape_controls(bytes_of_string(name)) : NULL;
}

bool tls_engine_info(const struct tls_engine *e, enum info_key key, struct evbuffer *out)
{
	char *text = fact(e, key);

	if (text == NULL)
		return false;
	(void)evbuffer_add(out, text, strlen(text));
	free(text);
	return true;
}
