/* SPDX-License-Identifier: ISC */
/* yard_tls: the yardstick for TLS: SSL_read and SSL_write in a loop, forwarding, and SSLs that
 * idle. */
#include "config.h"

#include "bench/bench.h"
#include "bench/bench_tls.h"

#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char USAGE[] = "yard_tls listen CERT KEY >OUTPUT | yard_tls connect PORT <INPUT | "
			    "yard_tls forward CERT KEY PORT | yard_tls idle CERT KEY";

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
	bench_tls_end(ssl);
}

/* Without it every record takes two reads. */
static SSL_CTX *read_ahead(SSL_CTX *context)
{
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_default_read_buffer_len(context, BENCH_CHUNK);
	return context;
}

/* Passes on every record that has arrived; false: the client has ended. */
static bool decrypt(SSL *ssl, int fd)
{
	enum { RECORD = 16 << 10 };
	static char chunk[BENCH_CHUNK];
	int n;

	do {
		size_t have = 0;

		do {
			n = SSL_read(ssl, chunk + have, (int)(sizeof(chunk) - have));
			have += n > 0 ? (size_t)n : 0;
		} while (n > 0 && sizeof(chunk) - have >= RECORD && SSL_has_pending(ssl));
		bench_write(fd, chunk, have);
	} while (n > 0 && SSL_has_pending(ssl));
	return n > 0;
}

static bool encrypt(int fd, SSL *ssl)
{
	static char chunk[BENCH_CHUNK];
	ssize_t n = read(fd, chunk, sizeof(chunk));

	return n > 0 && SSL_write(ssl, chunk, (int)n) == n;
}

/* Relays until one side ends. */
static void forward(SSL *ssl, int other)
{
	struct pollfd waits[] = { { SSL_get_fd(ssl), POLLIN, 0 }, { other, POLLIN, 0 } };

	/* The handshake may have read the first data ahead, where poll() does not see it. */
	bool open = !SSL_has_pending(ssl) || decrypt(ssl, other);

	while (open && poll(waits, 2, -1) > 0)
		open = (!waits[1].revents || encrypt(other, ssl)) &&
		       (!waits[0].revents || decrypt(ssl, other));
	SSL_shutdown(ssl);
	SSL_free(ssl);
}

/* One connection at a time. */
static void forward_all(SSL_CTX *context, const char *port)
{
	int listener = bench_listen();

	for (;;) {
		int fd = bench_accept(listener), other = bench_connect(port);

		forward(bench_tls_begin(context, fd, SSL_accept), other);
		close(other);
		(void)bench_drain(fd);
		close(fd);
	}
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
		SSL_CTX *context = read_ahead(bench_tls_server(argv[2], argv[3]));

		receive_output(bench_tls_begin(context, bench_accept(bench_listen()), SSL_accept));
	} else if (argc == 3 && !strcmp(argv[1], "connect")) {
		send_input(
			bench_tls_begin(bench_tls_client(), bench_connect(argv[2]), SSL_connect));
	} else if (argc == 5 && !strcmp(argv[1], "forward")) {
		forward_all(read_ahead(bench_tls_server(argv[2], argv[3])), argv[4]);
	} else if (argc == 4 && !strcmp(argv[1], "idle")) {
		hold_all(bench_tls_server(argv[2], argv[3]));
	} else {
		bench_usage(USAGE);
	}
	return 0;
}
