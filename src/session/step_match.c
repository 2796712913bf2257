/* SPDX-License-Identifier: ISC */
/* step_match: the steps that search what is read for a pattern. */
#include "config.h"

#include "base/err.h"
#include "session/regex.h"
#include "session/session_record.h"
#include "session/session_step.h"
#include "session/session_struct.h"
#include "session/step_args.h"

#include <event2/buffer.h>
#include <stdlib.h>

struct match_state {
	size_t at;	       /* see regex_search() */
	struct evbuffer *line; /* of readmatch: what is being searched, or empty; owned */
};

static void free_state(void *p)
{
	struct match_state *state = p;

	if (state->line != NULL)
		evbuffer_free(state->line);
	free(state);
}

static void free_args(void *args)
{
	regex_free(args);
}

static bool parse_regex(struct step *step, struct step_words *words, struct err *err)
{
	const char *word = step_args_word(words, "REGEX", err);

	step->args = word != NULL ? regex_new(word, err) : NULL;
	return step->args != NULL;
}

/* `line`, which may be NULL, is printed all the same. */
static enum step_result fail(struct session *s, const struct step *step, struct bytes text,
			     enum regex_answer answer, struct evbuffer *line)
{
	struct step_event event = session_event(s);
	struct err err;

	regex_error(step->args, text, answer, &err);
	event.data = line;
	return session_fail(s, &err, &event);
}

/* --- expect --- */

static enum step_result run_expect(struct session *s, const struct step *step)
{
	struct match_state *state = session_state(s, sizeof(*state));
	struct bytes record =
		bytes_of(evbuffer_pullup(s->record, -1), evbuffer_get_length(s->record));
	enum regex_answer answer =
		regex_search(step->args, record, &state->at, session_turn_end(s));

	switch (answer) {
	case REGEX_MATCH:
		return session_step_done(s);
	case REGEX_AGAIN:
		return session_wait(s, WAIT_TURN);
	case REGEX_NO_MATCH:
	case REGEX_LIMIT:
		break;
	}
	return fail(s, step, record, answer, NULL);
}

/* --- readmatch --- */

static enum step_result search_line(struct session *s, const struct step *step,
				    struct match_state *state)
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
		return fail(s, step, text, REGEX_LIMIT, state->line);
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
	struct match_state *state = session_state(s, sizeof(*state));
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
	.parse = parse_regex,
	.free_args = free_args,
	.run = run_readmatch,
	.free_state = free_state,
};

const struct step_kind step_expect = {
	.name = "expect",
	.args = "REGEX",
	.summary = "succeed when what was read matches",
	.returns = "nothing",
	.fails = "expectation without a match, or if matching takes too much work",
	.example = "readline expect ^220",
	.flags = STEP_NEEDS_RECORD,
	.parse = parse_regex,
	.free_args = free_args,
	.run = run_expect,
	.free_state = free_state,
};
