/* SPDX-License-Identifier: ISC */
/* step_readmatch: lines up to the first that matches. */
#include "config.h"

#include "base/err.h"
#include "session/regex.h"
#include "session/session.h"
#include "session/step_args.h"

#include <event2/buffer.h>
#include <stdlib.h>

struct readmatch_state {
	struct evbuffer *line; /* owned; the one that is being searched, or empty */
	size_t at;	       /* see regex_search() */
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

static enum step_result limit_reached(struct session *s, const struct step *step,
				      struct readmatch_state *state, struct bytes text)
{
	struct step_event event = session_event(s);
	struct err err;

	regex_error(step->args, text, REGEX_LIMIT, &err);
	event.data = state->line;
	return session_fail(s, &err, &event);
}

static enum step_result search_line(struct session *s, const struct step *step,
				    struct readmatch_state *state)
{
	size_t end = session_line_end(state->line);
	struct bytes text =
		bytes_of(evbuffer_pullup(state->line, -1), evbuffer_get_length(state->line) - end);

	switch (regex_search(step->args, text, &state->at, session_turn_end(s))) {
	case REGEX_MATCH:
		session_record(s, state->line, end, false);
		return STEP_NEXT;
	case REGEX_AGAIN:
		return session_wait(s, WAIT_TURN);
	case REGEX_LIMIT:
		return limit_reached(s, step, state, text);
	case REGEX_NO_MATCH:
		break;
	}
	if (end == 0) /* the stream ended within the line */
		return session_read_unmet(s, STREAM_EOF, state->line, 0);
	session_record(s, state->line, end, true);
	return STEP_MORE;
}

static enum step_result run_readmatch(struct session *s, const struct step *step)
{
	struct readmatch_state *state = session_state(s, sizeof(*state));
	enum stream_status status = STREAM_OK;

	if (state->line == NULL)
		state->line = evbuffer_new();
	if (evbuffer_get_length(state->line) == 0) { /* else the search goes on */
		state->at = 0;
		status = reader_readline(&s->connection->reader, state->line);
	}
	if (status == STREAM_EOF && evbuffer_get_length(state->line) > 0)
		status = STREAM_OK; /* a partial last line is a line */
	if (status != STREAM_OK)
		return session_read_unmet(s, status, state->line, 0);
	return search_line(s, step, state);
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
