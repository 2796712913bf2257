/* SPDX-License-Identifier: ISC */
/* session_time: the limits of time of a session. */
#include "config.h"

#include "session/session_time.h"

#include "base/alloc.h"
#include "base/err.h"
#include "session/session_log.h"
#include "session/session_struct.h"

#include <stdlib.h>

struct session_limits {
	struct timer *deadline; /* timers: NULL when not asked for */
	struct timer *step;	/* of the running step */
	struct timer *idle;
	struct timer *hint;  /* not a limit: a step that reads has got nothing */
	uint64_t idle_bytes; /* sent and received when the last two were last started */
};

uint64_t session_time_left(const struct session_settings *settings, uint64_t since_ms)
{
	uint64_t limit = settings->timeout_ms;
	uint64_t used = loop_now() - since_ms;

	if (limit == 0)
		return 0;
	return used < limit ? limit - used : 1;
}

static struct timer *start_timer(struct session *s, uint64_t ms)
{
	struct timer *timer;

	if (ms == 0)
		return NULL;
	timer = timer_new(&s->task);
	timer_start(timer, ms);
	return timer;
}

void session_time_begin(struct session *s, uint64_t since_ms)
{
	const struct session_settings *settings = s->shared->settings;
	bool hints = s->shared->hints && !s->shared->steps->silent;

	if (settings->timeout_ms == 0 && settings->idle_timeout_ms == 0 &&
	    settings->step_timeout_ms == 0 && !hints)
		return;
	s->limits = alloc_zeroed(sizeof(*s->limits));
	s->limits->deadline = start_timer(s, session_time_left(settings, since_ms));
	s->limits->idle = start_timer(s, settings->idle_timeout_ms);
	s->limits->step = start_timer(s, settings->step_timeout_ms);
	s->limits->hint = hints ? timer_new(&s->task) : NULL;
}

static void start_hint(struct session *s)
{
	unsigned flags = s->shared->steps->steps[s->at].flags;

	if ((flags & STEP_READS) && !(flags & STEP_LAST))
		timer_start(s->limits->hint, SESSION_HINT_MS);
	else
		timer_stop(s->limits->hint);
}

void session_time_step(struct session *s)
{
	if (s->limits == NULL)
		return;
	if (s->limits->step != NULL)
		timer_start(s->limits->step, s->shared->settings->step_timeout_ms);
	if (s->limits->hint != NULL)
		start_hint(s);
}

void session_time_idle_off(struct session *s)
{
	if (s->limits != NULL)
		timer_stop(s->limits->idle);
}

void session_time_step_off(struct session *s)
{
	if (s->limits == NULL)
		return;
	timer_stop(s->limits->step);
	timer_stop(s->limits->hint);
}

void session_time_free(struct session *s)
{
	if (s->limits == NULL)
		return;
	timer_free(s->limits->deadline);
	timer_free(s->limits->step);
	timer_free(s->limits->idle);
	timer_free(s->limits->hint);
	free(s->limits);
	s->limits = NULL;
}

static void restart(struct timer *timer, uint64_t ms)
{
	if (timer_pending(timer) || timer_expired(timer))
		timer_start(timer, ms);
}

static uint64_t moved(const struct connection *c)
{
	return c != NULL ? connection_received(c) + connection_sent(c) : 0;
}

void session_time_note(struct session *s)
{
	struct session_limits *l = s->limits;
	uint64_t bytes;

	if (l == NULL)
		return;
	bytes = moved(s->connection) + moved(s->target);
	if (bytes == l->idle_bytes)
		return;
	l->idle_bytes = bytes;
	restart(l->idle, s->shared->settings->idle_timeout_ms);
	restart(l->hint, SESSION_HINT_MS);
}

/* Not when it is standard output that takes no more, nor in each round of a loop. */
static void hint(struct session *s)
{
	timer_stop(s->limits->hint);
	if (!(s->waits & (WAIT_READ | WAIT_PUMP)) || (s->waits & WAIT_OUTPUT))
		return;
	session_log_waiting(s);
	if (!(s->shared->steps->flags & STEP_LOOPS))
		return;
	timer_free(s->limits->hint);
	s->limits->hint = NULL;
}

enum expiry session_time_check(struct session *s, struct err *err)
{
	const struct session_settings *settings = s->shared->settings;
	struct session_limits *l = s->limits;

	if (l == NULL)
		return EXPIRY_NONE;
	if (timer_expired(l->deadline)) {
		*err = err_timeout(settings->timeout_ms, "--timeout");
		return EXPIRY_DEADLINE;
	}
	session_time_note(s);
	if (timer_expired(l->idle)) {
		timer_start(l->idle, settings->idle_timeout_ms);
		*err = err_timeout(settings->idle_timeout_ms, "--idle-timeout");
		return EXPIRY_STEP;
	}
	if (!timer_expired(l->step)) {
		if (timer_expired(l->hint))
			hint(s);
		return EXPIRY_NONE;
	}
	timer_stop(l->step);
	*err = err_timeout(settings->step_timeout_ms, "--step-timeout");
	return EXPIRY_STEP;
}
