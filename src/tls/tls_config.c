/* SPDX-License-Identifier: ISC */
/* tls_config: certificates, keys, trust and versions, checked once at start. */
#include "config.h"

#include "tls/tls_config.h"

#include "base/alloc.h"
#include "base/err.h"
#include "tls/tls_bio.h"
#include "tls/tls_cert_text.h"
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

enum { FILE_MAX = 16 * 1024 * 1024 }; /* a bundle of all authorities has 200 KiB */

/* The whole file in memory, where BIO_reset() goes back to its beginning: it is read
 * once, so that it may be a pipe, and may hold the certificate and its key. */
static BIO *file_read(const char *what, const char *path, struct err *err)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = alloc_memory(FILE_MAX + 1);
	FILE *file = fopen(path, "re");
	size_t len = 0;
	int sys = errno;

	if (file != NULL) {
		(void)setvbuf(file, NULL, _IONBF, 0); /* no second copy of a key */
		len = fread(data, 1, FILE_MAX + 1, file);
		sys = ferror(file) ? errno : len > FILE_MAX ? EFBIG : 0;
		(void)fclose(file); /* it was only read */
	}
	(void)BIO_write(bio, data, (int)len);
	OPENSSL_cleanse(data, len);
	free(data);
	BIO_set_flags(bio, BIO_FLAGS_NONCLEAR_RST);
	if (sys == 0)
		return bio;
	BIO_free(bio);
	(void)err_sys(err, ERR_USAGE, sys, "cannot use %s '%s'", what, path);
	return NULL;
}

static bool file_refused(const char *what, const char *path, const char *why, struct err *err)
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
static bool use_certificate(SSL_CTX *ctx, X509 *cert)
{
	if (SSL_CTX_get0_certificate(ctx) == NULL)
		return SSL_CTX_use_certificate(ctx, cert) == 1;
	return SSL_CTX_add1_chain_cert(ctx, cert) == 1;
}

static bool trust_certificate(SSL_CTX *ctx, X509 *cert)
{
	return X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), cert) == 1;
}

/* Give each certificate of a file to `use`. There must be one. */
static bool use_certificates(SSL_CTX *ctx, bool (*use)(SSL_CTX *ctx, X509 *cert), BIO *bio,
			     const char *what, const char *path, struct err *err)
{
	bool encrypted, found = false;
	X509 *cert;

	while ((cert = PEM_read_bio_X509_AUX(bio, NULL, refuse_passphrase, &encrypted)) != NULL) {
		found = use(ctx, cert);
		X509_free(cert);
		if (!found)
			return file_refused(what, path, tls_library_reason(), err);
	}
	if (!found)
		return file_refused(what, path, "there is no PEM certificate in it", err);
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return file_refused(what, path, "its chain is malformed", err);
	ERR_clear_error();
	return true;
}

static bool use_key(SSL_CTX *ctx, BIO *bio, const char *path, struct err *err)
{
	bool encrypted = false;
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, &encrypted);

	if (key == NULL && encrypted)
		return file_refused("key", path, "it is encrypted with a passphrase", err);
	if (key == NULL)
		return file_refused("key", path, "there is no PEM private key in it", err);
	bool fits = X509_check_private_key(SSL_CTX_get0_certificate(ctx), key) == 1;
	bool ok = fits && SSL_CTX_use_PrivateKey(ctx, key) == 1;
	EVP_PKEY_free(key);
	if (!fits)
		return file_refused("key", path, "it does not belong to the certificate", err);
	return ok || file_refused("key", path, tls_library_reason(), err);
}

static bool use_files(SSL_CTX *ctx, const struct tls_settings *settings, struct err *err)
{
	const char *key_path = settings->key != NULL ? settings->key : settings->cert;
	BIO *cert = file_read("certificate", settings->cert, err);
	BIO *key = NULL;
	bool ok = cert != NULL &&
		  use_certificates(ctx, use_certificate, cert, "certificate", settings->cert, err);

	if (ok && settings->key != NULL) {
		key = file_read("key", key_path, err);
		ok = key != NULL;
	} else if (ok) {
		(void)BIO_reset(cert);
	}
	ok = ok && use_key(ctx, key != NULL ? key : cert, key_path, err);
	BIO_free(key);
	BIO_free(cert);
	return ok;
}

static bool trust_file(SSL_CTX *ctx, const char *path, struct err *err)
{
	BIO *file = file_read("CA file", path, err);
	bool ok = file != NULL &&
		  use_certificates(ctx, trust_certificate, file, "CA file", path, err);

	BIO_free(file);
	return ok;
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
		return file_refused("CA directory", path, tls_library_reason(), err);
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
			       tls_library_reason());
	return true;
}

static void set_defaults(SSL_CTX *ctx)
{
	(void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION); /* TLS_method() has it */
	/* RELEASE_BUFFERS: an idle connection keeps no record buffers. */
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	/* A second handshake could bring another peer. liu never resumes a session, and a
	 * ticket that a client leaves unread makes its close a reset, which destroys what
	 * it sent last. */
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
	(void)SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	/* The system's configuration may set it, but truncation must be noticed. */
	SSL_CTX_clear_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
}

static struct tls_config *config_new(const SSL_METHOD *method, const struct tls_settings *settings,
				     struct err *err)
{
	struct tls_config *config;
	SSL_CTX *ctx;

	tls_library_use_alloc();
	ERR_clear_error();
	ctx = SSL_CTX_new(method);
	if (ctx == NULL) { /* the system's configuration of OpenSSL has no providers */
		(void)err_set(err, ERR_TLS, "cannot use OpenSSL: %s", tls_library_reason());
		return NULL;
	}
	set_defaults(ctx);
	config = alloc_zeroed(sizeof(*config));
	config->ctx = ctx;
	config->bio_method = tls_bio_method();
	config->settings = settings;
	return config;
}

struct tls_config *tls_config_client(const struct tls_settings *settings, struct err *err)
{
	struct tls_config *config = config_new(TLS_client_method(), settings, err);

	if (config == NULL)
		return NULL;
	tls_verify_install(config->ctx, settings);
	if (set_trust(config->ctx, settings, err) &&
	    (settings->cert == NULL || use_files(config->ctx, settings, err)))
		return config;
	tls_config_free(config);
	return NULL;
}

struct tls_config *tls_config_server(const struct tls_settings *settings, const char *const *names,
				     size_t name_count, struct err *err)
{
	struct tls_config *config = config_new(TLS_server_method(), settings, err);

	if (config == NULL)
		return NULL;
	if (settings->cert != NULL && use_files(config->ctx, settings, err))
		return config;
	if (settings->cert == NULL && tls_self_signed_use(config->ctx, names, name_count, err)) {
		config->pin = tls_cert_text_pin(SSL_CTX_get0_certificate(config->ctx));
		return config;
	}
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
