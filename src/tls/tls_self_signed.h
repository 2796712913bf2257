/* SPDX-License-Identifier: ISC */
/* tls_self_signed: a self-signed certificate made in memory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct err;
struct evp_pkey_st;
struct x509_st;

/*
 * A P-256 key and a certificate that it signed, valid for 30 days, for
 * localhost, 127.0.0.1, ::1, the machine's name and `names` (host names and IP
 * literals). ERR_USAGE when one of these can stand in no certificate. Both
 * results are owned by the caller.
 */
bool tls_self_signed_make(const char *const *names, size_t count, struct x509_st **cert,
			  struct evp_pkey_st **key, struct err *err);
