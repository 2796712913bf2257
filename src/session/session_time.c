/* SPDX-License-Identifier: ISC */
/* session_time: the time limits of a session. */
#include "config.h"

#include "session/session.h"

#include "base/err.h"

/* A time limit has passed: within a step it is that step's failure. */
static enum step_result fail_late(struct session *s, uint64_t ms, const char *option)
{
	struct err err = err_timeout(ms, option);

	if (s->phase == SESSION_STEPS || s->phase == SESSION_SALVAGE)
		return session_fail(s, &err, NULL);
	(void)err_prefix(&err, "%s", s->phase == SESSION_HANDSHAKE ? "TLS handshake" : "closing");
	if (s->err == NULL)
		sink_error(s->parts->sink, s->conn, &err);
	session_note_error(s, &err);
	return STEP_FAIL;
}

static bool idle_over(struct session *s)
{
	uint64_t limit = s->parts->settings->idle_timeout_ms;
	uint64_t bytes = s->stream.transport->received + s->stream.transport->sent;
	uint64_t now = loop_now();

	if (bytes != s->idle_bytes || s->idle_since == 0) {
		s->idle_bytes = bytes;
		s->idle_since = now;
	}
	if (!timer_expired(s->idle_timer))
		return false;
	if (now - s->idle_since >= limit)
		return true;
	timer_start(s->idle_timer, limit - (now - s->idle_since));
	return false;
}

/* What a limit that has passed means for the running step; AGAIN: none has. */
enum step_result session_check_time(struct session *s, bool *deadline)
{
	const struct session_settings *settings = s->parts->settings;

	*deadline = timer_expired(s->deadline);
	if (*deadline)
		return fail_late(s, settings->timeout_ms, "--timeout");
	if (s->idle_timer != NULL && idle_over(s)) {
		timer_start(s->idle_timer, settings->idle_timeout_ms);
		s->idle_since = loop_now();
		return fail_late(s, settings->idle_timeout_ms, "--idle-timeout");
	}
	if (!timer_expired(s->step_timer))
		return STEP_AGAIN;
	timer_stop(s->step_timer);
	if (s->phase == SESSION_HANDSHAKE)
		return fail_late(s, settings->handshake_timeout_ms, "--handshake-timeout");
	return fail_late(s, settings->step_timeout_ms, "--step-timeout");
}
