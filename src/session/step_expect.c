/* SPDX-License-Identifier: ISC */
/* step_expect: compare what was read. */
#include "config.h"

#include "base/err.h"
#include "session/regex.h"
#include "session/session.h"
#include "session/step_args.h"

#include <event2/buffer.h>
#include <stdlib.h>

struct expect_state {
	size_t at; /* see regex_search() */
};

static void free_args(void *args)
{
	regex_free(args);
}

static bool parse_expect(struct step *step, struct step_words *words, struct err *err)
{
	const char *word = step_args_word(words, "REGEX", err);

	step->args = word != NULL ? regex_new(word, err) : NULL;
	return step->args != NULL;
}

static enum step_result run_expect(struct session *s, const struct step *step)
{
	struct expect_state *state = session_state(s, sizeof(*state));
	struct bytes record =
		bytes_of(evbuffer_pullup(s->record, -1), evbuffer_get_length(s->record));
	enum regex_answer answer =
		regex_search(step->args, record, &state->at, session_turn_end(s));
	struct err err;

	switch (answer) {
	case REGEX_MATCH:
		return session_step_done(s);
	case REGEX_AGAIN:
		return session_wait(s, WAIT_TURN);
	case REGEX_NO_MATCH:
	case REGEX_LIMIT:
		break;
	}
	regex_error(step->args, record, answer, &err);
	return session_fail(s, &err, NULL);
}

const struct step_kind step_expect = {
	.name = "expect",
	.args = "REGEX",
	.summary = "succeed when what was read matches",
	.returns = "nothing",
	.fails = "expectation without a match, or if matching takes too much work",
	.example = "readline expect ^220",
	.flags = STEP_NEEDS_RECORD,
	.parse = parse_expect,
	.free_args = free_args,
	.run = run_expect,
};
