/* SPDX-License-Identifier: ISC */
/* tls_library: OpenSSL as a library: its version and its memory. */
#include "config.h"

#include "tls/tls_library.h"

#include "base/alloc.h"

#include <openssl/crypto.h>
#include <stdlib.h>

/* OpenSSL expects what its own functions do with a size of 0. */
static void *resize(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size > 0)
		return alloc_resize(old, size);
	free(old);
	return NULL;
}

static void *allocate(size_t size, const char *file, int line)
{
	return resize(NULL, size, file, line);
}

static void release(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	free(memory);
}

void tls_library_use_alloc(void)
{
	(void)CRYPTO_set_mem_functions(allocate, resize, release); /* fails after the first use */
}

const char *tls_library_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION_STRING);
}
