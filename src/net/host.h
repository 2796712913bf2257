/* SPDX-License-Identifier: ISC */
/* host: the HOST and the PORT of an address, read strictly. */
#pragma once

/* It knows HOST and PORT alone, and not how an address is put together. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/* Is `text` an IPv6 literal, perhaps with a zone? The zone may be one that this
 * machine does not have. */
bool host_is_ipv6(const char *text);

/*
 * A name or an IP literal without brackets. `*host`, owned by the caller, is the
 * literal as it is or the name in ASCII form. ERR_USAGE, naming it: not a host name,
 * a zone that is not an interface, or what only inet_aton(3) takes for an address
 * (127.1, 0x7f.1).
 */
bool host_read(const char *text, char **host, bool *literal, struct err *err);

/* A number up to 65535 or the name of a TCP service; else ERR_USAGE, naming it. */
bool host_read_port(const char *text, uint16_t *port, struct err *err);

/* The interface that a zone names; false when there is none. */
bool host_zone_index(const char *zone, uint32_t *index);

/* Is every character a decimal digit, and is there one? */
bool host_is_digits(const char *text);

/* "'WORD' WHY" with kind ERR_USAGE. Always false. */
bool host_refuse(const char *word, const char *why, struct err *err);
