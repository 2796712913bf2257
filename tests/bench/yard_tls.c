/* SPDX-License-Identifier: ISC */
/* yard_tls: the yardstick for TLS: SSL_read and SSL_write in a loop, and SSLs that idle. */
#include "config.h"

#include "bench/bench.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const char USAGE[] = "yard_tls listen CERT KEY >OUTPUT | yard_tls connect PORT <INPUT | "
			    "yard_tls idle CERT KEY";

static _Noreturn void die_tls(const char *what)
{
	fprintf(stderr, "%s:\n", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

static SSL_CTX *server_context(const char *cert, const char *key)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (!context || SSL_CTX_use_certificate_chain_file(context, cert) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
		die_tls(cert);
	return context;
}

static SSL *begin(SSL_CTX *context, int fd, int (*handshake)(SSL *))
{
	SSL *ssl = SSL_new(context);

	bench_nodelay(fd);
	if (!ssl || !SSL_set_fd(ssl, fd) || handshake(ssl) != 1)
		die_tls("handshake");
	return ssl;
}

static void receive_output(SSL *ssl)
{
	static char chunk[BENCH_CHUNK];
	int n;

	while ((n = SSL_read(ssl, chunk, sizeof(chunk))) > 0)
		bench_write(STDOUT_FILENO, chunk, (size_t)n);
	if (SSL_get_error(ssl, n) != SSL_ERROR_ZERO_RETURN)
		die_tls("SSL_read");
}

static void send_input(SSL *ssl)
{
	static char chunk[BENCH_CHUNK];
	ssize_t n;

	while ((n = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0) {
		if (SSL_write(ssl, chunk, (int)n) != n)
			die_tls("SSL_write");
	}
	if (n < 0)
		bench_die("read");
	if (SSL_shutdown(ssl) < 0)
		die_tls("SSL_shutdown");
	/* Closing with its session tickets unread would reset the connection. */
	if (shutdown(SSL_get_fd(ssl), SHUT_WR))
		bench_die("shutdown");
	(void)bench_drain(SSL_get_fd(ssl));
}

/* Accepts, echoes a byte as load_idle.c wants it, and lets the connection be. */
static void hold_all(SSL_CTX *context)
{
	struct rlimit limit;
	int listener;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		bench_die("getrlimit");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		bench_die("setrlimit");
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	listener = bench_listen();
	for (;;) {
		SSL *ssl = begin(context, bench_accept(listener), SSL_accept);
		char byte;

		if (SSL_read(ssl, &byte, 1) != 1 || SSL_write(ssl, &byte, 1) != 1)
			die_tls("echo");
	}
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "listen")) {
		SSL_CTX *context = server_context(argv[2], argv[3]);

		/* Else every record is two reads. */
		SSL_CTX_set_read_ahead(context, 1);
		SSL_CTX_set_default_read_buffer_len(context, BENCH_CHUNK);
		receive_output(begin(context, bench_accept(bench_listen()), SSL_accept));
	} else if (argc == 3 && !strcmp(argv[1], "connect")) {
		SSL_CTX *context = SSL_CTX_new(TLS_client_method());

		if (!context)
			die_tls("SSL_CTX_new");
		send_input(begin(context, bench_connect(argv[2]), SSL_connect));
	} else if (argc == 4 && !strcmp(argv[1], "idle")) {
		hold_all(server_context(argv[2], argv[3]));
	} else {
		bench_usage(USAGE);
	}
	return 0;
}
