/* SPDX-License-Identifier: ISC */
/* step_info: facts about the connection. */
#include "config.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/escape.h"
#include "base/nearest.h"
#include "base/text.h"
#include "session/session_record.h"
#include "session/session_struct.h"
#include "session/step_args.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

/* [KEY] into step->n; INFO_KEYS without one: nothing follows, or the next step, or an option
 * that stands too late. */
static bool parse_info(struct step *step, struct step_words *words, struct err *err)
{
	const char *word = words->at < words->count ? words->items[words->at] : NULL;
	struct nearest nearest = { .word = word };

	step->n = INFO_KEYS;
	if (word == NULL || word[0] == '-' || step_kind_find(word) != NULL)
		return true;
	words->at++;
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

/* For expect. */
static void remember(struct session *s, const char *text)
{
	(void)evbuffer_add(s->data, text, strlen(text));
	session_record_add(s, s->data, strlen(text));
	evbuffer_drain(s->data, strlen(text));
}

/* A fact, NULL when the stream does not have it: `text` is how it is printed. */
static void give(struct session *s, enum info_key key, const char *fact, const char *text,
		 bool more)
{
	struct step_event event = session_event(s);
	const char *data = s->shared->events->json ? fact : text;

	event.key = info_key_name(key);
	event.no_data = fact == NULL;
	event.data = s->data;
	event.more = more;
	event.newline = true;
	if (data != NULL)
		(void)evbuffer_add(s->data, data, strlen(data));
	event_writer_step(s->shared->events, &event);
}

/* Without control characters: a peer may have chosen it, and one line it shall be, or a
 * list. The caller owns it. */
static char *visible(enum info_key key, const char *fact)
{
	if (key == INFO_PEERCERT || key == INFO_PEERCERT_NAMES)
		return alloc_string(fact);
	return escape_controls(bytes_of_string(fact));
}

/* "KEY: VALUE", of a list a line for each item. The caller owns it. */
static char *labelled(enum info_key key, const char *fact)
{
	char *values = visible(key, fact), *rest = values, *value;
	struct text lines = { 0 };

	while ((value = strsep(&rest, "\n")) != NULL)
		text_addf(&lines, "%s%s: %s", lines.len > 0 ? "\n" : "", info_key_name(key), value);
	free(values);
	return lines.data;
}

static enum step_result all_facts(struct session *s)
{
	char *facts[INFO_KEYS], *lines;
	int last = -1;

	for (int key = 0; key < INFO_KEYS; key++) {
		facts[key] = key == INFO_PEERCERT
				     ? NULL
				     : transport_fact(s->connection->transport, (enum info_key)key);
		last = facts[key] != NULL ? key : last;
	}
	for (int key = 0; key <= last; key++) {
		if (facts[key] == NULL)
			continue;
		lines = labelled((enum info_key)key, facts[key]);
		remember(s, lines);
		if (key < last)
			remember(s, "\n");
		give(s, (enum info_key)key, facts[key], lines, key < last);
		free(lines);
		free(facts[key]);
	}
	return last < 0 ? session_step_done(s) : STEP_NEXT;
}

static enum step_result one_fact(struct session *s, enum info_key key)
{
	char *fact = transport_fact(s->connection->transport, key);
	char *text = visible(key, fact != NULL ? fact : "");

	remember(s, fact != NULL ? fact : "");
	give(s, key, fact, text, false);
	free(text);
	free(fact);
	return STEP_NEXT;
}

static enum step_result run_info(struct session *s, const struct step *step)
{
	return step->n == INFO_KEYS ? all_facts(s) : one_fact(s, (enum info_key)step->n);
}

const struct step_kind step_info = {
	.name = "info",
	.args = "[KEY]",
	.summary = "print one fact about the stream, or all",
	.returns = "the fact, or an empty line; without KEY, a line 'key: value' for each",
	.fails = "usage if KEY is unknown, io if it cannot be printed",
	.example = "info peername",
	.flags = STEP_PRINTS | STEP_RECORD,
	.parse = parse_info,
	.run = run_info,
};
