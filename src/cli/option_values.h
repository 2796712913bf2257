/* SPDX-License-Identifier: ISC */
/* option_values: store an option's argument in its field, and complete the whole. */
#pragma once

#include "cli/option_table.h"
#include "cli/options.h"

struct err;

/* Set every field to its value when no option is given. */
void option_defaults(struct options *out);

/* Store `value` (NULL for a switch) in the field of the row. ERR_USAGE with a text
 * that does not name the option. */
bool option_store(const struct option_row *row, const char *value, struct options *out,
		  struct err *err);

/* After the last option: check values against each other, and fill the structs that
 * are passed on to the modules below. */
bool option_settle(struct options *out, struct err *err);
