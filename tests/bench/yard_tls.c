/* SPDX-License-Identifier: ISC */
/* yard_tls: the yardstick for TLS: SSL_read and SSL_write in a loop, and SSLs that idle. */
#include "config.h"

#include "bench/bench.h"
#include "bench/bench_tls.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char USAGE[] = "yard_tls listen CERT KEY >OUTPUT | yard_tls connect PORT <INPUT | "
			    "yard_tls idle CERT KEY";

static void receive_output(SSL *ssl)
{
	static char chunk[BENCH_CHUNK];
	int n;

	while ((n = SSL_read(ssl, chunk, sizeof(chunk))) > 0)
		bench_write(STDOUT_FILENO, chunk, (size_t)n);
	if (SSL_get_error(ssl, n) != SSL_ERROR_ZERO_RETURN)
		bench_die_tls("SSL_read");
}

static void send_input(SSL *ssl)
{
	static char chunk[BENCH_CHUNK];
	ssize_t n;

	while ((n = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0) {
		if (SSL_write(ssl, chunk, (int)n) != n)
			bench_die_tls("SSL_write");
	}
	if (n < 0)
		bench_die("read");
	if (SSL_shutdown(ssl) < 0)
		bench_die_tls("SSL_shutdown");
	/* Closing with its session tickets unread would reset the connection. */
	if (shutdown(SSL_get_fd(ssl), SHUT_WR))
		bench_die("shutdown");
	(void)bench_drain(SSL_get_fd(ssl));
}

/* Accepts, echoes a byte as load_idle.c wants it, and lets the connection be. */
static void hold_all(SSL_CTX *context)
{
	int listener;

	bench_raise_descriptors();
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	listener = bench_listen();
	for (;;) {
		SSL *ssl = bench_tls_begin(context, bench_accept(listener), SSL_accept);
		char byte;

		if (SSL_read(ssl, &byte, 1) != 1 || SSL_write(ssl, &byte, 1) != 1)
			bench_die_tls("echo");
	}
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "listen")) {
		SSL_CTX *context = bench_tls_server(argv[2], argv[3]);

		/* Else every record is two reads. */
		SSL_CTX_set_read_ahead(context, 1);
		SSL_CTX_set_default_read_buffer_len(context, BENCH_CHUNK);
		receive_output(bench_tls_begin(context, bench_accept(bench_listen()), SSL_accept));
	} else if (argc == 3 && !strcmp(argv[1], "connect")) {
		send_input(
			bench_tls_begin(bench_tls_client(), bench_connect(argv[2]), SSL_connect));
	} else if (argc == 4 && !strcmp(argv[1], "idle")) {
		hold_all(bench_tls_server(argv[2], argv[3]));
	} else {
		bench_usage(USAGE);
	}
	return 0;
}
