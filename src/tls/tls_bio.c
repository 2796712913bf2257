/* SPDX-License-Identifier: ISC */
/* tls_bio: OpenSSL over the two buffers of a transport. */
#include "config.h"

#include "tls/tls_bio.h"

#include "io/transport_impl.h"

#include <event2/buffer.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>

static int bio_read(BIO *bio, char *data, size_t len, size_t *got)
{
	const struct transport *t = BIO_get_data(bio);
	int n = evbuffer_remove(t->input, data, len);

	BIO_clear_retry_flags(bio);
	*got = n > 0 ? (size_t)n : 0;
	if (n > 0)
		return 1;
	BIO_set_retry_read(bio);
	return 0;
}

static int bio_write(BIO *bio, const char *data, size_t len, size_t *put)
{
	const struct transport *t = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	*put = len;
	/* It cannot be sent any more; but what was received must stay readable. */
	if (t->write_half != WRITE_OPEN || t->write_error != NULL)
		return 1;
	if (evbuffer_get_length(t->output) >= TLS_BIO_QUEUE_MAX) {
		BIO_set_retry_write(bio);
		*put = 0;
		return 0;
	}
	(void)evbuffer_add(t->output, data, len);
	return 1;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH; /* transport_tls flushes the transport */
}

BIO_METHOD *tls_bio_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "transport");

	(void)BIO_meth_set_read_ex(method, bio_read);
	(void)BIO_meth_set_write_ex(method, bio_write);
	(void)BIO_meth_set_ctrl(method, bio_ctrl);
	return method;
}

void tls_bio_set(SSL *ssl, const BIO_METHOD *method, struct transport *transport)
{
	BIO *bio = BIO_new(method);

	BIO_set_data(bio, transport);
	BIO_set_init(bio, 1);
	SSL_set_bio(ssl, bio, bio);
}
