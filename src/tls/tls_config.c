/* SPDX-License-Identifier: ISC */
/* tls_config: certificates, keys, trust and versions, checked once at start. */
#include "config.h"

#include "tls/tls_config.h"

#include "base/alloc.h"
#include "base/err.h"
#include "tls/tls_cert_text.h"
#include "tls/tls_engine.h"
#include "tls/tls_errors.h"
#include "tls/tls_library.h"
#include "tls/tls_self_signed.h"
#include "tls/tls_settings.h"
#include "tls/tls_verify.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	FILE_MAX = 16 * 1024 * 1024, /* a bundle of all authorities has 200 KiB */
	READ_SIZE = 16 * 1024,
};

static const char session_context[] = "liu";

struct tls_config {
	SSL_CTX *ctx;
	BIO_METHOD *bio_method;
	const struct tls_settings *settings; /* borrowed */
	char *pin;			     /* of the certificate that was made, or NULL */
};

/* Copy the file. Returns 0 or an errno. */
static int copy(FILE *file, BIO *bio)
{
	char data[READ_SIZE];
	size_t total = 0;
	size_t n;

	(void)setvbuf(file, NULL, _IONBF, 0); /* no second copy of a key */
	while (total <= FILE_MAX && (n = fread(data, 1, sizeof(data), file)) > 0) {
		total += n;
		(void)BIO_write(bio, data, (int)n); /* fails only for want of memory */
	}
	int sys = ferror(file) ? errno : 0;
	OPENSSL_cleanse(data, sizeof(data));
	return total > FILE_MAX ? EFBIG : sys;
}

/* The whole file in memory, where BIO_reset() goes back to its beginning: it is read
 * once, so that it may be a pipe, and may hold the certificate and its key. */
static BIO *file_read(const char *path, const char *what, struct err *err)
{
	BIO *bio = BIO_new(BIO_s_mem());
	FILE *file = fopen(path, "re");
	int sys = file != NULL ? copy(file, bio) : errno;

	if (file != NULL)
		(void)fclose(file); /* it was only read */
	BIO_set_flags(bio, BIO_FLAGS_NONCLEAR_RST);
	if (sys == 0)
		return bio;
	BIO_free(bio);
	(void)err_sys(err, ERR_USAGE, sys, "cannot use %s '%s'", what, path);
	return NULL;
}

static bool file_refused(struct err *err, const char *what, const char *path, const char *why)
{
	ERR_clear_error();
	return err_set(err, ERR_USAGE, "cannot use %s '%s': %s", what, path, why);
}

/* pem_password_cb: ask for none; `arg` (bool) notes that one is needed. */
static int refuse_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	*(bool *)arg = true;
	return -1;
}

/* The first certificate is sent as ours, the others as its chain. */
static bool use_chain(SSL_CTX *ctx, BIO *bio, const char *path, struct err *err)
{
	X509 *cert = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);

	if (cert == NULL)
		return file_refused(err, "certificate", path, "there is no PEM certificate in it");
	int ok = SSL_CTX_use_certificate(ctx, cert);
	X509_free(cert);
	if (ok != 1)
		return file_refused(err, "certificate", path, tls_errors_reason());
	while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		if (SSL_CTX_add0_chain_cert(ctx, cert) != 1) {
			X509_free(cert);
			return file_refused(err, "certificate", path, tls_errors_reason());
		}
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return file_refused(err, "certificate", path, "its chain is malformed");
	ERR_clear_error();
	return true;
}

static bool use_key(SSL_CTX *ctx, BIO *bio, const char *path, struct err *err)
{
	bool encrypted = false;
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, &encrypted);

	if (key == NULL && encrypted)
		return file_refused(err, "key", path, "it is encrypted with a passphrase");
	if (key == NULL)
		return file_refused(err, "key", path, "there is no PEM private key in it");
	bool fits = X509_check_private_key(SSL_CTX_get0_certificate(ctx), key) == 1;
	bool ok = fits && SSL_CTX_use_PrivateKey(ctx, key) == 1;
	EVP_PKEY_free(key);
	if (!fits)
		return file_refused(err, "key", path, "it does not belong to the certificate");
	return ok || file_refused(err, "key", path, tls_errors_reason());
}

static bool use_files(SSL_CTX *ctx, const struct tls_settings *settings, struct err *err)
{
	BIO *cert = file_read(settings->cert, "certificate", err);
	BIO *key = cert;
	bool ok = cert != NULL && use_chain(ctx, cert, settings->cert, err);

	if (ok && settings->key != NULL)
		key = file_read(settings->key, "key", err);
	else if (ok)
		(void)BIO_reset(cert);
	ok = ok && key != NULL &&
	     use_key(ctx, key, settings->key != NULL ? settings->key : settings->cert, err);
	if (key != cert)
		BIO_free(key);
	BIO_free(cert);
	return ok;
}

/* Returns its pin, owned by the caller, or NULL. */
static char *use_self_signed(SSL_CTX *ctx, const char *const *names, size_t count, struct err *err)
{
	X509 *cert = NULL;
	EVP_PKEY *key = NULL;
	char *pin = NULL;

	if (!tls_self_signed_make(names, count, &cert, &key, err))
		return NULL;
	if (SSL_CTX_use_certificate(ctx, cert) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1)
		pin = tls_cert_text_pin(cert);
	else
		(void)err_set(err, ERR_USAGE, "cannot make a certificate: %s", tls_errors_reason());
	X509_free(cert);
	EVP_PKEY_free(key);
	return pin;
}

static bool trust_entries(X509_STORE *store, STACK_OF(X509_INFO) * entries)
{
	bool found = false;

	for (int i = 0; i < sk_X509_INFO_num(entries); i++) {
		X509 *cert = sk_X509_INFO_value(entries, i)->x509;

		if (cert != NULL && X509_STORE_add_cert(store, cert) == 1)
			found = true;
	}
	return found;
}

static bool trust_file(SSL_CTX *ctx, const char *path, struct err *err)
{
	bool encrypted = false;
	BIO *file = file_read(path, "CA file", err);

	if (file == NULL)
		return false;
	STACK_OF(X509_INFO) *entries =
		PEM_X509_INFO_read_bio(file, NULL, refuse_passphrase, &encrypted);
	bool ok = trust_entries(SSL_CTX_get_cert_store(ctx), entries);
	sk_X509_INFO_pop_free(entries, X509_INFO_free);
	BIO_free(file);
	if (!ok)
		return file_refused(err, "CA file", path, "there is no PEM certificate in it");
	return true;
}

static bool trust_directory(SSL_CTX *ctx, const char *path, struct err *err)
{
	struct stat status;
	int sys = stat(path, &status) == 0 ? 0 : errno;

	if (sys == 0 && !S_ISDIR(status.st_mode))
		sys = ENOTDIR;
	if (sys != 0)
		return err_sys(err, ERR_USAGE, sys, "cannot use CA directory '%s'", path);
	if (SSL_CTX_load_verify_dir(ctx, path) != 1)
		return file_refused(err, "CA directory", path, tls_errors_reason());
	return true;
}

static bool set_trust(SSL_CTX *ctx, const struct tls_settings *settings, struct err *err)
{
	/* A file that is given must be valid even where it is not needed. */
	if (settings->cacert != NULL && !trust_file(ctx, settings->cacert, err))
		return false;
	if (settings->capath != NULL && !trust_directory(ctx, settings->capath, err))
		return false;
	if (settings->cacert == NULL && settings->capath == NULL &&
	    tls_verify_needs_chain(settings) && SSL_CTX_set_default_verify_paths(ctx) != 1)
		return err_set(err, ERR_USAGE, "cannot use the system's certificates: %s",
			       tls_errors_reason());
	return true;
}

static void set_defaults(SSL_CTX *ctx)
{
	(void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION); /* TLS_method() has it */
	/* RELEASE_BUFFERS: an idle connection keeps no record buffers. */
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	/* A second handshake could bring another peer. */
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
	/* The system's configuration may set it, but truncation must be noticed. */
	SSL_CTX_clear_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_session_id_context(ctx, (const unsigned char *)session_context,
					     sizeof(session_context) - 1);
}

static struct tls_config *config_new(const struct tls_settings *settings, bool server,
				     struct err *err)
{
	struct tls_config *config;
	SSL_CTX *ctx;

	tls_library_use_alloc();
	ERR_clear_error();
	ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
	if (ctx == NULL) { /* the system's configuration of OpenSSL has no providers */
		(void)err_set(err, ERR_TLS, "cannot use OpenSSL: %s", tls_errors_reason());
		return NULL;
	}
	set_defaults(ctx);
	config = alloc_zeroed(sizeof(*config));
	config->ctx = ctx;
	config->bio_method = tls_engine_bio_method();
	config->settings = settings;
	return config;
}

struct tls_config *tls_config_client(const struct tls_settings *settings, struct err *err)
{
	struct tls_config *config = config_new(settings, false, err);

	if (config == NULL)
		return NULL;
	if (!set_trust(config->ctx, settings, err) ||
	    (settings->cert != NULL && !use_files(config->ctx, settings, err))) {
		tls_config_free(config);
		return NULL;
	}
	tls_verify_install(config->ctx, settings);
	return config;
}

struct tls_config *tls_config_server(const struct tls_settings *settings, const char *const *names,
				     size_t name_count, struct err *err)
{
	struct tls_config *config = config_new(settings, true, err);
	bool ok;

	if (config == NULL)
		return NULL;
	/* liu never resumes a session, and a ticket that a client leaves unread makes its
	 * close a reset, which destroys what it sent last. */
	(void)SSL_CTX_set_num_tickets(config->ctx, 0); /* fails only for a client */
	if (settings->cert != NULL)
		ok = use_files(config->ctx, settings, err);
	else
		ok = (config->pin = use_self_signed(config->ctx, names, name_count, err)) != NULL;
	if (ok)
		return config;
	tls_config_free(config);
	return NULL;
}

void tls_config_free(struct tls_config *config)
{
	if (config == NULL)
		return;
	SSL_CTX_free(config->ctx);
	BIO_meth_free(config->bio_method);
	free(config->pin);
	free(config);
}

const char *tls_config_pin(const struct tls_config *config)
{
	return config->pin;
}

SSL_CTX *tls_config_ctx(const struct tls_config *config)
{
	return config->ctx;
}

const struct tls_settings *tls_config_settings(const struct tls_config *config)
{
	return config->settings;
}

const BIO_METHOD *tls_config_bio_method(const struct tls_config *config)
{
	return config->bio_method;
}
