/* SPDX-License-Identifier: ISC */
/* load_idle: many connections that are open and do nothing. */
#include "config.h"

#include "bench/load.h"

#include "bench/bench.h"
#include "bench/bench_tls.h"

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
	SSL *ssl = bench_tls_begin(context, fd, SSL_connect);
	char byte = 'x';

	if (SSL_write(ssl, &byte, 1) != 1 || SSL_read(ssl, &byte, 1) != 1)
		bench_die_tls("echo");
	SSL_free(ssl);
}

/*
 * One after the other, so that no queue of connections overflows, and with a byte there and back:
 * what has been said stays in no buffer, and buffers given back show as such.
 */
void load_idle(int argc, char **argv)
{
	SSL_CTX *context = argc > 3 && !strcmp(argv[3], "tls") ? bench_tls_client() : NULL;

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
