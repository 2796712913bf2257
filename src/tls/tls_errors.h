/* SPDX-License-Identifier: ISC */
/* tls_errors: what OpenSSL met, in one line for a person. */
#ifndef LIU_TLS_TLS_ERRORS_H
#define LIU_TLS_TLS_ERRORS_H

#include "base/bytes.h"

#include <stdbool.h>

struct err;

/* Take everything out of OpenSSL's error queue and fill `err` (ERR_TLS) with
 * what it says. Always false. */
bool tls_errors_take(struct err *err);

/* The reason of the queue's last error as a phrase, for messages of other kinds;
 * empties the queue. Static storage; never NULL. */
const char *tls_errors_reason(void);

/* Can bytes that a peer sent first be TLS? Few bytes are judged by what there is. */
bool tls_errors_is_tls(struct bytes first);

/* "the peer does not speak TLS: it sent 'SSH-2.0-...'". Always false. */
bool tls_errors_not_tls(struct bytes first, struct err *err);

#endif
