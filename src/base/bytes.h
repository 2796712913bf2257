/* SPDX-License-Identifier: ISC */
/* bytes: a run of bytes that may hold NULs. */
#ifndef LIU_BASE_BYTES_H
#define LIU_BASE_BYTES_H

/* A view: it owns nothing unless the place that holds it says so. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	const unsigned char *data;
	size_t len;
};

struct bytes bytes_of(const void *data, size_t len);
struct bytes bytes_of_string(const char *string); /* without its NUL */
bool bytes_equal(struct bytes a, struct bytes b);

/* The length of the UTF-8 character (RFC 3629) that `b` begins with, 1 to 4,
 * and its code point; 0 when there is none or only a part of it. */
size_t bytes_utf8_char(struct bytes b, uint32_t *code);

/* The length of the longest prefix that does not end within a UTF-8
 * character: where a text may be cut. Bytes that are no UTF-8 are each a place
 * to cut. 0 only for an empty run or one that is a lone beginning. */
size_t bytes_utf8_prefix(struct bytes b);
bool bytes_is_utf8(struct bytes b); /* valid UTF-8 (RFC 3629) without NUL */

/* Base64 with padding (RFC 4648 section 4), a NUL-terminated string that the
 * caller owns. */
char *bytes_base64(struct bytes b);

#endif
