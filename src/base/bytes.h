/* SPDX-License-Identifier: ISC */
/* bytes: a run of bytes, which may hold NULs. */
#pragma once

/* A view: it owns nothing unless the place that holds it says so. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	const unsigned char *data;
	size_t len;
};

struct bytes bytes_of(const void *data, size_t len);
struct bytes bytes_of_string(const char *string);      /* without its NUL */
bool bytes_is_name(struct bytes b, const char *name);  /* whatever the case of ASCII letters */
struct bytes bytes_without_newline(struct bytes line); /* less its LF, CR LF or CR */
struct bytes bytes_trimmed(struct bytes b);	       /* less blanks at both ends */
char *bytes_string(struct bytes b); /* a NUL-terminated copy; owned by the caller */

/* Does the string hold a control character (C0 or DEL) other than a tab? */
bool bytes_has_control(const char *string);

/* The length of the UTF-8 character (RFC 3629) at the beginning of `b`, 1 to 4, and
 * its code point; 0 when there is none or only a part of it. */
size_t bytes_utf8_char(struct bytes b, uint32_t *code);

/* The length of the longest prefix that does not end within a UTF-8 character: where
 * a text may be cut. A byte that is not UTF-8 counts as a character. 0 only when `b`
 * is empty or nothing but the first part of a character. */
size_t bytes_utf8_prefix(struct bytes b);
bool bytes_is_utf8(struct bytes b); /* valid UTF-8 (RFC 3629) without NUL */

/* Lower-case hexadecimal digits, two a byte; the caller owns the string. */
char *bytes_hex(struct bytes b);

/* Base64 with padding (RFC 4648 section 4); the caller owns the string. */
char *bytes_base64(struct bytes b);
