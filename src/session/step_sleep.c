/* SPDX-License-Identifier: ISC */
/* step_sleep: wait. */
#include "config.h"

#include "session/session.h"
#include "session/step_args.h"

static enum step_result run_sleep(struct session *s, const struct step *step)
{
	struct timer *timer = session_timer(s);

	if (timer_expired(timer)) {
		timer_stop(timer);
		return session_step_done(s);
	}
	if (!timer_pending(timer))
		timer_start(timer, step->number);
	return session_wait(s, WAIT_TIMER);
}

const struct step_kind step_sleep = {
	.name = "sleep",
	.args = "DURATION",
	.summary = "wait",
	.parse = parse_duration,
	.run = run_sleep,
};
