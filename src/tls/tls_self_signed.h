/* SPDX-License-Identifier: ISC */
/* tls_self_signed: a self-signed certificate made in memory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct err;
struct ssl_ctx_st;

/*
 * Use a P-256 key and a certificate that it signed, valid for 30 days, for localhost,
 * 127.0.0.1, ::1, the machine's name and `names` (host names and IP literals).
 * ERR_USAGE when one of these can stand in no certificate.
 */
bool tls_self_signed_use(struct ssl_ctx_st *ctx, const char *const *names, size_t count,
			 struct err *err);
