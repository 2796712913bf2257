/* SPDX-License-Identifier: ISC */
/* option_values: one option's argument into its field, and the whole made ready. */
#ifndef LIU_CLI_OPTION_VALUES_H
#define LIU_CLI_OPTION_VALUES_H

#include "cli/option_table.h"

struct err;

/* Every field as it is when no option is given. */
void option_defaults(struct options *out);

/* Read `value` as the row says, into its field; NULL for a switch. ERR_USAGE with
 * a text that does not name the option. */
bool option_store(const struct option_row *row, const char *value, struct options *out,
		  struct err *err);

/* After the last option: `has_low_water` says whether --low-water was given. What
 * options say together is checked, and what the modules below take is completed. */
bool option_settle(enum command command, bool has_low_water, struct options *out, struct err *err);

#endif
