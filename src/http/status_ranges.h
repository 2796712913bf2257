/* SPDX-License-Identifier: ISC */
/* status_ranges: the statuses that `liu head --fail` allows. */
#ifndef LIU_HTTP_STATUS_RANGES_H
#define LIU_HTTP_STATUS_RANGES_H

#include <stdbool.h>

struct err;

/* STATUS ranges of --fail: "200-299,304"; "" is the default, 100-399. NULL and
 * ERR_USAGE when malformed. */
struct http_ranges;
struct http_ranges *http_ranges_parse(const char *text, struct err *err);
bool http_ranges_hold(const struct http_ranges *ranges, int status);
void http_ranges_free(struct http_ranges *ranges);

#endif
