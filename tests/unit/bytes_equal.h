/* SPDX-License-Identifier: ISC */
/* bytes_equal: a comparison that the program itself does not need. */
#pragma once

#include "base/bytes.h"

#include <string.h>

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}
