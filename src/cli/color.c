/* SPDX-License-Identifier: ISC */
/* color: whether to use colour. */
#include "config.h"

#include "cli/color.h"

#include <stdlib.h>

bool color_wanted(enum color_when when, bool terminal)
{
	const char *no_color = getenv("NO_COLOR");

	switch (when) {
	case COLOR_ALWAYS:
		return true;
	case COLOR_NEVER:
		return false;
	case COLOR_AUTO:
		break;
	}
	return terminal && (no_color == NULL || no_color[0] == '\0');
}
