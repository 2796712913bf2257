/* SPDX-License-Identifier: ISC */
/* step_sleep: wait. */
#include "config.h"

#include "base/number.h"
#include "session/session_record.h"
#include "session/session_step.h"
#include "session/session_struct.h"
#include "session/step_args.h"

static bool parse_sleep(struct step *step, struct step_words *words, struct err *err)
{
	const char *word = step_args_word(words, "DURATION", err);

	return word != NULL && number_duration(word, false, &step->n, err);
}

static enum step_result run_sleep(struct session *s, const struct step *step)
{
	struct timer *timer = session_timer(s);

	if (timer_expired(timer)) {
		timer_stop(timer);
		return session_step_done(s);
	}
	if (!timer_pending(timer))
		timer_start(timer, step->n);
	return session_wait(s, WAIT_TIMER);
}

const struct step_kind step_sleep = {
	.name = "sleep",
	.args = "DURATION",
	.summary = "wait",
	.returns = "nothing",
	.fails = "timeout if a deadline passes first",
	.example = "writeline one sleep 0.5 writeline two",
	.parse = parse_sleep,
	.run = run_sleep,
};
