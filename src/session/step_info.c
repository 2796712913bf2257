/* SPDX-License-Identifier: ISC */
/* step_info: facts about the connection. */
#include "config.h"

#include "base/err.h"
#include "base/escape.h"
#include "base/nearest.h"
#include "session/session.h"
#include "session/step_args.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

static bool parse_info(struct step *step, struct step_words *words, struct err *err)
{
	const char *word = step_args_word(words, "KEY", err);
	struct nearest nearest = { .word = word };

	if (word == NULL)
		return false;
	for (int key = 0; key < INFO_KEYS; key++) {
		const char *name = info_key_name((enum info_key)key);

		if (strcmp(name, word) == 0) {
			step->n = (uint64_t)key;
			return true;
		}
		nearest_try(&nearest, name);
	}
	return nearest_refuse(&nearest, "KEY", err);
}

/* A peer may have chosen it, and one line it shall be. */
static void show_controls(struct evbuffer *fact)
{
	size_t len = evbuffer_get_length(fact);
	char *shown = escape_controls(bytes_of(evbuffer_pullup(fact, -1), len));

	evbuffer_drain(fact, len);
	evbuffer_add(fact, shown, strlen(shown));
	free(shown);
}

/* info: one fact and a newline. */
static enum step_result run_info(struct session *s, const struct step *step)
{
	enum info_key key = (enum info_key)step->n;
	struct step_event event = session_event(s);

	event.no_data = !transport_info(s->connection->transport, key, s->data) ||
			evbuffer_get_length(s->data) == 0;
	session_record_add(s, s->data, evbuffer_get_length(s->data));
	if (!s->shared->events->json && key != INFO_PEERCERT && key != INFO_PEERCERT_NAMES)
		show_controls(s->data);
	event.data = s->data;
	event.newline = true;
	event_writer_step(s->shared->events, &event);
	return STEP_NEXT;
}

const struct step_kind step_info = {
	.name = "info",
	.args = "KEY",
	.summary = "print one fact about the connection",
	.returns = "the fact and a newline; an empty line if the stream does not have it",
	.fails = "usage if KEY is unknown, io if it cannot be printed",
	.example = "info peername",
	.flags = STEP_PRINTS | STEP_RECORD,
	.parse = parse_info,
	.run = run_info,
};
