/* SPDX-License-Identifier: ISC */
/* pump: moves all bytes from a source to a destination. */
#include "config.h"

#include "session/pump.h"

#include "base/alloc.h"
#include "base/log.h"

#include <event2/buffer.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The fastest first; the last one serves any pair. */
static const struct pump_kind *const kinds[] = { &pump_splice, &pump_buffered };

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

bool pump_known(const char *name)
{
	for (size_t i = 0; i < KINDS; i++) {
		if (strcmp(kinds[i]->name, name) == 0)
			return true;
	}
	return false;
}

static void use(struct pump *pump, const struct pump_kind *kind)
{
	pump->kind = kind;
	log_line(LOG_DEBUG, "%s: %s", pump->name, kind->name);
}

static const struct pump_kind *choose(struct pump *pump, const char *only)
{
	for (size_t i = 0; i < KINDS - 1; i++) {
		if ((only == NULL || strcmp(only, kinds[i]->name) == 0) && kinds[i]->open(pump))
			return kinds[i];
	}
	return kinds[KINDS - 1];
}

struct pump *pump_new(struct pump_source source, struct pump_dest dest, struct task *task,
		      struct splice_pipes *pipes, const char *only, char *name)
{
	struct pump *pump = alloc_zeroed(sizeof(*pump));

	*pump = (struct pump){
		.source = source,
		.dest = dest,
		.task = task,
		.pipes = pipes,
		.name = name,
		.data = evbuffer_new(),
	};
	use(pump, choose(pump, only));
	return pump;
}

void pump_free(struct pump *pump)
{
	if (pump == NULL)
		return;
	pump_splice_free(pump);
	evbuffer_free(pump->data);
	free(pump->name);
	free(pump);
}

enum pump_result pump_run(struct pump *pump)
{
	return pump->kind->run(pump);
}

void pump_write(struct pump *pump)
{
	if (pump->dest.look != NULL)
		pump->dest.look(pump->dest.arg, pump->data);
	else
		pump->dest.ops->write(pump->dest.end, pump->data);
}

enum pump_result pump_hand_over(struct pump *pump)
{
	use(pump, kinds[KINDS - 1]);
	return pump_run(pump);
}
