/* SPDX-License-Identifier: ISC */
/* bench_tls: TLS as the programs of the benchmark begin it. */
#pragma once

/* As in bench.h, what goes wrong ends the program. Certificates are not checked: that is done
 * once a connection, and who it is does not matter here. */

#include <openssl/ssl.h>

/* "what:" and OpenSSL's errors, and exit(1). */
_Noreturn void bench_die_tls(const char *what);

/* The caller's, to free or to leave to the end of the program. */
SSL_CTX *bench_tls_client(void);
SSL_CTX *bench_tls_server(const char *cert, const char *key);

/* The caller's; `handshake`, SSL_accept or SSL_connect, is over. `fd` blocks, with TCP_NODELAY. */
SSL *bench_tls_begin(SSL_CTX *context, int fd, int (*handshake)(SSL *));
/* Sends close_notify and waits for the peer's end: closing with unread session tickets would reset
 * the connection. The caller still closes the descriptor. */
void bench_tls_end(SSL *ssl);
