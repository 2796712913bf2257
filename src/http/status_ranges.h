/* SPDX-License-Identifier: ISC */
/* status_ranges: the statuses that `liu head --fail` allows. */
#pragma once

#include <stdbool.h>

struct err;
struct status_ranges;

/* "200-299,304"; "" means 100-399. NULL and ERR_USAGE when malformed. */
struct status_ranges *status_ranges_parse(const char *text, struct err *err);
bool status_ranges_hold(const struct status_ranges *ranges, int status);
void status_ranges_free(struct status_ranges *ranges);
