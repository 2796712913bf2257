/* SPDX-License-Identifier: ISC */
/* tls_library: which OpenSSL is in use. */
#include "config.h"

#include "tls/tls_library.h"

#include <openssl/crypto.h>

const char *tls_library_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION_STRING);
}
