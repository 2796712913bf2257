/* SPDX-License-Identifier: ISC */
/* pump: moves the bytes of one direction between the stream and a descriptor. */
#include "config.h"

#include "session/pump.h"

#include "base/alloc.h"
#include "base/log.h"

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

static const struct pump_kind *choose(const struct pump *pump, struct session *s)
{
	const char *wanted = s->shared->settings->pump;

	for (size_t i = 0; i < KINDS - 1; i++) {
		if ((wanted == NULL || strcmp(wanted, kinds[i]->name) == 0) &&
		    kinds[i]->fits(pump, s))
			return kinds[i];
	}
	return kinds[KINDS - 1];
}

void pump_init(struct pump *pump, enum pump_direction direction, struct fd_reader *input)
{
	*pump = (struct pump){ .direction = direction, .input = input };
}

void pump_clear(struct pump *pump, struct session *s)
{
	pump_splice_free(pump->splice);
	connection_bypass(s->connection, false);
	*pump = (struct pump){ 0 };
}

struct pump *session_pump(struct session *s, enum pump_direction direction, struct fd_reader *input)
{
	if (s->state.pump == NULL) {
		s->state.pump = alloc_zeroed(sizeof(*s->state.pump));
		pump_init(s->state.pump, direction, input);
	}
	return s->state.pump;
}

void session_pump_free(struct session *s)
{
	if (s->state.pump == NULL)
		return;
	pump_clear(s->state.pump, s);
	free(s->state.pump);
	s->state.pump = NULL;
}

static void use(struct pump *pump, const struct session *s, const struct pump_kind *kind)
{
	pump->kind = kind;
	log_line(LOG_DEBUG, "connection %u: pump %s: %s", s->conn,
		 pump->direction == PUMP_UP ? "up" : "down", kind->name);
}

enum stream_status pump_run(struct pump *pump, struct session *s)
{
	if (pump->kind == NULL)
		use(pump, s, choose(pump, s));
	return pump->kind->run(pump, s);
}

enum stream_status pump_hand_over(struct pump *pump, struct session *s)
{
	use(pump, s, kinds[KINDS - 1]);
	return pump->kind->run(pump, s);
}
