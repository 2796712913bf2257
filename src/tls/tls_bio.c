/* SPDX-License-Identifier: ISC */
/* tls_bio: OpenSSL's view of a transport: bytes out of and into its two buffers. */
#include "config.h"

#include "tls/tls_bio.h"

#include "base/alloc.h"
#include "io/transport.h"

#include <event2/buffer.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>

enum { QUEUE_MAX = 96 * 1024 }; /* data stops before that (tls_lower) */

bool tls_bio_full(const struct tls_bio *bio)
{
	return evbuffer_get_length(bio->lower->output) >= QUEUE_MAX;
}

static int bio_read(BIO *bio, char *data, size_t len, size_t *got)
{
	const struct tls_bio *b = BIO_get_data(bio);
	int n = evbuffer_remove(b->lower->input, data, len);

	BIO_clear_retry_flags(bio);
	*got = n > 0 ? (size_t)n : 0;
	if (n > 0)
		return 1;
	BIO_set_retry_read(bio);
	return 0;
}

static int bio_write(BIO *bio, const char *data, size_t len, size_t *put)
{
	struct tls_bio *b = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	*put = len;
	/* Nobody will get it; but what was received must still be readable. */
	if (b->lower->write_error != NULL || b->lower->shut_wanted)
		return 1;
	if (tls_bio_full(b)) {
		BIO_set_retry_write(bio);
		*put = 0;
		return 0;
	}
	if (evbuffer_add(b->lower->output, data, len) < 0)
		alloc_failed();
	b->queued = true;
	return 1;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH; /* transport_tls flushes the lower one */
}

BIO_METHOD *tls_bio_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "transport");

	if (method == NULL || !BIO_meth_set_read_ex(method, bio_read) ||
	    !BIO_meth_set_write_ex(method, bio_write) || !BIO_meth_set_ctrl(method, bio_ctrl))
		alloc_failed();
	return method;
}

void tls_bio_attach(struct tls_bio *bio, const BIO_METHOD *method, SSL *ssl)
{
	BIO *b = BIO_new(method);

	if (b == NULL)
		alloc_failed();
	BIO_set_data(b, bio);
	BIO_set_init(b, 1);
	SSL_set_bio(ssl, b, b);
}
