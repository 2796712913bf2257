/* SPDX-License-Identifier: ISC */
/* options: the parsed command line. */
#include "config.h"

#include "cli/options.h"

#include "base/alloc.h"
#include "http/url.h"
#include "net/address.h"

#include <stdlib.h>
#include <string.h>

void string_list_add(struct string_list *list, const char *item)
{
	list->items = alloc_resize(list->items, (list->count + 1) * sizeof(*list->items));
	list->items[list->count++] = item;
}

void options_free(struct options *options)
{
	for (size_t i = 0; i < options->address_count; i++)
		address_free(&options->addresses[i]);
	free(options->addresses);
	for (size_t i = 0; options->urls != NULL && i < options->operands.count; i++)
		url_free(&options->urls[i]);
	free(options->urls);
	step_list_free(options->steps);
	access_free(&options->serve.access);
	free(options->pins.items);
	free(options->more_addresses.items);
	free(options->headers.items);
	free(options->fields.items);
	free(options->operands.items);
	memset(options, 0, sizeof(*options));
}

bool options_color(const struct options *options, bool terminal)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (options->color != COLOR_AUTO)
		return options->color == COLOR_ALWAYS;
	return terminal && (no_color == NULL || no_color[0] == '\0') && term != NULL &&
	       term[0] != '\0' && strcmp(term, "dumb") != 0;
}
