/* SPDX-License-Identifier: ISC */
/* idn: internationalised host names. */
#pragma once

struct err;

/* The ASCII form of `host`, which the caller owns: a copy when it is ASCII already,
 * else its A-labels (IDNA 2008 with the mappings of UTS 46). NULL and ERR_USAGE when
 * it is not UTF-8, has no such form, or libidn2 is missing. */
char *idn_to_ascii(const char *host, struct err *err);
