/* SPDX-License-Identifier: ISC */
/* tls_verify: is the peer the one that was wanted? */
#ifndef LIU_TLS_TLS_VERIFY_H
#define LIU_TLS_TLS_VERIFY_H

/*
 * Run by OpenSSL in the middle of a handshake, so that a stranger gets an alert
 * and not a byte of ours. Chain, name and dates decide; with pins the key alone
 * does, or both when a CA is given too; with `insecure` nothing is checked.
 */

#include <stdbool.h>

struct ssl_ctx_st;
struct ssl_st;
struct tls_settings;

/* What is wanted of one connection's peer. */
struct tls_peer {
	char *name;    /* host name, or IP literal without its zone; NULL: none; owned */
	bool literal;  /* ... the latter */
	char *failure; /* one line once the check has failed; owned */
};

/* Make all of a client's connections check. `settings` is borrowed. */
void tls_verify_install(struct ssl_ctx_st *ctx, const struct tls_settings *settings);

/* `name` may be NULL where no chain is needed. Sends it as SNI unless it is a
 * literal. The caller owns the result and keeps it longer than `ssl`. */
struct tls_peer *tls_verify_expect(struct ssl_st *ssl, const char *name);
void tls_verify_free(struct tls_peer *peer); /* NULL is allowed */

#endif
