/* SPDX-License-Identifier: ISC */
/* option_values: one option's argument into its field, and the whole made ready. */
#ifndef LIU_CLI_OPTION_VALUES_H
#define LIU_CLI_OPTION_VALUES_H

#include "cli/option_table.h"
#include "cli/options.h"

struct err;

/* Every field as it is when no option is given. */
void option_defaults(struct options *out);

/* Read `value` as the row says, into its field; NULL for a switch. ERR_USAGE with
 * a text that does not name the option. */
bool option_store(const struct option_row *row, const char *value, struct options *out,
		  struct err *err);

/* After the last option: check what options say together, and complete what the
 * modules below take. */
bool option_settle(struct options *out, struct err *err);

#endif
