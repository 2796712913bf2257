/* SPDX-License-Identifier: ISC */
/* tls_library: which OpenSSL is in use. */
#ifndef LIU_TLS_TLS_LIBRARY_H
#define LIU_TLS_TLS_LIBRARY_H

/* The version of the library that is loaded, not of the headers: "3.0.15". Static
 * storage. */
const char *tls_library_version(void);

#endif
