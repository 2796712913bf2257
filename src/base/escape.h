/* SPDX-License-Identifier: ISC */
/* escape: text with backslashes into bytes, and bytes into text that is safe to show. */
#pragma once

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

struct err;

/*
 * TEXT and SEP of the command line: \n \r \t \a \b \e \f \v \\ \xHH (exactly
 * two digits) \N \NN \NNN (octal, at most \377). Another backslash fails with
 * ERR_USAGE, naming it ("invalid escape \q"). `out->data` is owned by the caller:
 * free((void *)out->data).
 */
bool escape_decode(const char *text, struct bytes *out, struct err *err);

int escape_hex_pair(const char *digits); /* the value of two, or -1 */

/* Hexadecimal digits in pairs, with white space, `:`, `,` and `-` between them and `0x`
 * in front of them; else ERR_USAGE. `out->data` is owned by the caller. */
bool escape_decode_hex(const char *text, struct bytes *out, struct err *err);

/*
 * Bytes as one line for a person: printable ASCII and valid UTF-8 as they are,
 * \n \r \t \e \\ in that form, C0, DEL, C1 controls, the bidirectional format
 * characters and invalid bytes as \xHH. `buf` always ends in NUL; what does not fit
 * in `size` (at least 4) is cut and ends in "...". Returns buf.
 */
char *escape_visible(struct bytes b, char *buf, size_t size);

/* The same without a bound on length, and with backslashes left alone: for a
 * line of text that may hold controls. The caller owns the string. */
char *escape_controls(struct bytes b);
