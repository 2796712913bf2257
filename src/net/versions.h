/* SPDX-License-Identifier: ISC */
/* versions: which libraries the program runs with. */
#ifndef LIU_NET_VERSIONS_H
#define LIU_NET_VERSIONS_H

#include <stddef.h>

/* "libevent 2.1.12-stable, OpenSSL 3.0.15": those in use, which may be newer than
 * those it was built with. Cut to `size`. */
void versions_text(char *buf, size_t size);

#endif
