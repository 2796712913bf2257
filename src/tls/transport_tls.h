/* SPDX-License-Identifier: ISC */
/* transport_tls: TLS over another transport. */
#pragma once

/*
 * OpenSSL reads and writes the lower transport's two buffers through a BIO of
 * ours: no descriptor, no libevent below TLS. The handshake starts with the
 * first transport_handshake() or arriving byte. How the peer's end is met:
 *
 *   close_notify                       ended, in good order; sending goes on
 *   FIN without it                     read_error tls-truncated (or a good end
 *                                      with --allow-truncated)
 *   reset, or another error below      read_error io, that of the lower one
 *   alert, bad record                  read_error tls
 *
 * Before the handshake is done all of these are read_error tls (a reset too),
 * and say in one line what failed, which name was wanted and which the
 * certificate has, or which date.
 */

#include "io/transport.h"

struct tls_config;

/*
 * `lower` is handed over; `config`, which says the role, is borrowed until the
 * transport is freed. `name` is what a server's certificate must be for: a host name,
 * also sent as SNI, or an IP literal, without SNI. NULL: none is checked (a client's
 * certificate, --insecure or --pin without a name; the caller has made sure).
 */
struct transport *transport_tls_new(struct transport *lower, const struct tls_config *config,
				    const char *name);
