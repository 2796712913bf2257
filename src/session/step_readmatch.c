/* SPDX-License-Identifier: ISC */
/* step_readmatch: lines up to the first that matches. */
#include "config.h"

#include "base/err.h"
#include "session/regex.h"
#include "session/session.h"
#include "session/step_args.h"

#include <event2/buffer.h>
#include <stdlib.h>

enum { LINES_PER_RUN = 1024 };

struct readmatch_state {
	struct evbuffer *line; /* owned; the one that is being searched, or empty */
	size_t at;	       /* see regex_search() */
	uint64_t bytes;	       /* of the lines before it */
	bool partial;	       /* the stream ended within it */
};

static void free_args(void *args)
{
	regex_free(args);
}

static void free_state(void *state)
{
	struct readmatch_state *own = state;

	if (own->line != NULL)
		evbuffer_free(own->line);
	free(own);
}

static bool parse_readmatch(struct step *step, struct step_words *words, struct err *err)
{
	const char *word = step_args_word(words, "REGEX", err);

	step->args = word != NULL ? regex_new(word, err) : NULL;
	return step->args != NULL;
}

static enum step_result ended(struct session *s, const struct readmatch_state *state)
{
	return session_read_ended(s, state->line, state->bytes + evbuffer_get_length(state->line),
				  0);
}

/* Is there a line to search? If not, `*result` is what the step answers. */
static bool take_line(struct session *s, struct readmatch_state *state, enum step_result *result)
{
	enum stream_status status;

	if (evbuffer_get_length(state->line) > 0)
		return true; /* the search goes on */
	state->at = 0;
	status = reader_readline(&s->connection->reader, state->line);
	state->partial = status == STREAM_EOF && evbuffer_get_length(state->line) > 0;
	if (status == STREAM_OK || state->partial)
		return true;
	if (status == STREAM_EOF || status == STREAM_ERROR)
		*result = ended(s, state);
	else
		*result = session_take_record(s, status, state->line, 0, 0);
	return false;
}

static enum step_result limit_reached(struct session *s, const struct step *step,
				      struct readmatch_state *state, struct bytes text)
{
	struct step_event event = session_event(s);
	struct err err;

	regex_error(step->args, text, REGEX_LIMIT, &err);
	event.data = state->line;
	return session_fail(s, &err, &event);
}

/* The line has not matched. Is another to come? */
static bool pass_line(struct session *s, struct readmatch_state *state, size_t end,
		      enum step_result *result)
{
	if (state->partial) {
		*result = ended(s, state);
		return false;
	}
	state->bytes += evbuffer_get_length(state->line);
	session_record(s, state->line, end, true);
	return true;
}

/* Is the next line to be searched? If not, `*result` is what the step answers. */
static bool search_line(struct session *s, const struct step *step, struct readmatch_state *state,
			enum step_result *result)
{
	size_t end = session_line_end(state->line);
	struct bytes text =
		bytes_of(evbuffer_pullup(state->line, -1), evbuffer_get_length(state->line) - end);

	switch (regex_search(step->args, text, &state->at, session_turn_end(s))) {
	case REGEX_NO_MATCH:
		return pass_line(s, state, end, result);
	case REGEX_MATCH:
		session_record(s, state->line, end, false);
		*result = STEP_NEXT;
		break;
	case REGEX_AGAIN:
		*result = session_wait(s, WAIT_TURN);
		break;
	case REGEX_LIMIT:
		*result = limit_reached(s, step, state, text);
		break;
	}
	return false;
}

static enum step_result run_readmatch(struct session *s, const struct step *step)
{
	struct readmatch_state *state = session_state(s, sizeof(*state));
	enum step_result result = STEP_AGAIN; /* gcc 12 does not see that it is set */

	if (state->line == NULL)
		state->line = evbuffer_new();
	for (int budget = LINES_PER_RUN; budget > 0; budget--) {
		if (event_writer_above(s->shared->events))
			return session_wait_output(s);
		if (!take_line(s, state, &result) || !search_line(s, step, state, &result))
			return result;
	}
	return session_wait(s, WAIT_TURN);
}

const struct step_kind step_readmatch = {
	.name = "readmatch",
	.args = "REGEX",
	.summary = "read lines up to the first that matches",
	.returns = "each line, up to and including the first that matches",
	.fails = "incomplete-read (no match), limit-overrun, expectation, io, tls, timeout",
	.example = "writeline QUIT readmatch ^221",
	.flags = STEP_READS | STEP_PRINTS | STEP_RECORD,
	.parse = parse_readmatch,
	.free_args = free_args,
	.run = run_readmatch,
	.free_state = free_state,
};
