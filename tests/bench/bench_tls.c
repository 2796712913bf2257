/* SPDX-License-Identifier: ISC */
/* bench_tls: TLS as the programs of the benchmark begin it. */
#include "config.h"

#include "bench/bench_tls.h"

#include "bench/bench.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

void bench_die_tls(const char *what)
{
	fprintf(stderr, "%s:\n", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

SSL_CTX *bench_tls_client(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (!context)
		bench_die_tls("SSL_CTX_new");
	return context;
}

SSL_CTX *bench_tls_server(const char *cert, const char *key)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (!context || SSL_CTX_use_certificate_chain_file(context, cert) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
		bench_die_tls(cert);
	return context;
}

SSL *bench_tls_begin(SSL_CTX *context, int fd, int (*handshake)(SSL *))
{
	SSL *ssl = SSL_new(context);

	bench_nodelay(fd);
	if (!ssl || !SSL_set_fd(ssl, fd) || handshake(ssl) != 1)
		bench_die_tls("handshake");
	return ssl;
}

void bench_tls_end(SSL *ssl)
{
	if (SSL_shutdown(ssl) < 0)
		bench_die_tls("SSL_shutdown");
	if (shutdown(SSL_get_fd(ssl), SHUT_WR))
		bench_die("shutdown");
	(void)bench_drain(SSL_get_fd(ssl));
}
