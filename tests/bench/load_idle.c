/* SPDX-License-Identifier: ISC */
/* load_idle: many connections that are open and do nothing. */
#include "config.h"

#include "bench/load.h"

#include "bench/bench.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void echo_plain(int fd)
{
	char byte = 'x';

	bench_write(fd, &byte, 1);
	if (read(fd, &byte, 1) != 1)
		bench_die("no echo");
}

/* Our side of TLS is dropped without a word once the byte is back: the server's is what counts. */
static void echo_tls(int fd, SSL_CTX *context)
{
	SSL *ssl = SSL_new(context);
	char byte = 'x';

	if (!ssl || !SSL_set_fd(ssl, fd) || SSL_connect(ssl) != 1 ||
	    SSL_write(ssl, &byte, 1) != 1 || SSL_read(ssl, &byte, 1) != 1)
		bench_die("TLS");
	SSL_free(ssl);
}

/*
 * One after the other, so that no queue of connections overflows, and with a byte there and back:
 * what has been said stays in nobody's buffer, and buffers given back show as such.
 */
void load_idle(int argc, char **argv)
{
	SSL_CTX *context = NULL;

	if (argc > 3 && !strcmp(argv[3], "tls") && !(context = SSL_CTX_new(TLS_client_method())))
		bench_die("SSL_CTX_new");
	for (uint64_t left = bench_number(argv[2]); left; left--) {
		int fd = bench_connect(argv[1]);

		if (context)
			echo_tls(fd, context);
		else
			echo_plain(fd);
	}
	puts("ready");
	fflush(stdout);
	(void)bench_drain(STDIN_FILENO);
	SSL_CTX_free(context);
}
