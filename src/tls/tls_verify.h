/* SPDX-License-Identifier: ISC */
/* tls_verify: is the peer the one that is expected? */
#pragma once

/*
 * OpenSSL calls this during the handshake, so that a wrong peer gets an alert and no
 * byte of data. Chain, name and dates decide; with pins the key alone does, or both
 * when a CA is given too; with `insecure` nothing is checked.
 */

#include <stdbool.h>

struct ssl_ctx_st;
struct ssl_st;
struct tls_settings;

/* What is expected of one connection's peer; { 0 } of any. */
struct tls_peer {
	char *name;    /* host name, or IP literal without its zone; "": none; owned */
	char *failure; /* one line once the check has failed; owned */
};

/* Make all connections of a client check. `settings` is borrowed. */
void tls_verify_install(struct ssl_ctx_st *ctx, const struct tls_settings *settings);

/* `name` may be NULL where no chain is needed. Sends it as SNI unless it is a literal.
 * `peer` stays where it is for longer than `ssl`; tls_verify_release() it. */
void tls_verify_expect(struct ssl_st *ssl, struct tls_peer *peer, const char *name);
void tls_verify_release(struct tls_peer *peer);

/* Is `text` what --pin takes: sha256: and 64 hexadecimal digits? */
bool tls_verify_pin_valid(const char *text);

/* Must the peer's chain and name be valid? Not with --insecure, nor with --pin unless
 * a CA is given too. */
bool tls_verify_needs_chain(const struct tls_settings *settings);
