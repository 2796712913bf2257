/* SPDX-License-Identifier: ISC */
/* tls_errors: OpenSSL's errors in plain words. */
#pragma once

#include "base/bytes.h"

#include <stdbool.h>

struct err;

/* Empty OpenSSL's error queue and fill `err` (ERR_TLS). Always false. */
bool tls_errors_take(struct err *err);

/* Empty the queue; the reason of its last error as a phrase, for other messages. Static
 * storage; never NULL. */
const char *tls_errors_reason(void);

/* Can the first bytes from a peer, however few, be TLS? */
bool tls_errors_is_tls(struct bytes first);

/* "the peer does not speak TLS: it sent 'SSH-2.0-...'". Always false. */
bool tls_errors_not_tls(struct bytes first, struct err *err);
