/* SPDX-License-Identifier: ISC */
/* tls_library: OpenSSL as a library: its version, memory and errors. */
#pragma once

#include <stdbool.h>

struct err;

/* Make OpenSSL allocate with base/alloc: out of memory ends the program, and no caller
 * in src/tls checks for it. Does nothing once OpenSSL has allocated memory. Peers and
 * files cannot ask for absurd sizes: OpenSSL bounds each message and reads a file into
 * memory before it parses it. */
void tls_library_use_alloc(void);

/* The version of the library that is loaded, not of the headers: "3.0.15". Static
 * storage. */
const char *tls_library_version(void);

/* Empty OpenSSL's error queue and fill `err` (ERR_TLS) in plain words. Always false. */
bool tls_library_error(struct err *err);

/* Empty the queue; the reason of its last error as a phrase, for other messages. Static
 * storage; never NULL. */
const char *tls_library_reason(void);
