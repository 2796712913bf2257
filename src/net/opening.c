/* SPDX-License-Identifier: ISC */
/* opening: brings a connection into use, stage by stage, in either role. */
#include "config.h"

#include "net/opening.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/loop.h"
#include "io/transport.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/queue.h>

struct opening {
	struct transport *transport;	    /* owned; NULL before the connection, and once taken */
	TAILQ_HEAD(, opening_stage) stages; /* the running one, and those that follow */
	uint64_t since_ms;
	uint64_t stage_began_us;     /* 0: the first stage has still to begin */
	struct opening_limit limit;  /* of the whole */
	struct opening_limit timing; /* the one that `timer` is for */
	struct timer *timer;
	struct task *task; /* borrowed */
};

struct opening *opening_new(struct task *task, struct transport *transport,
			    struct opening_limit limit, uint64_t since_ms)
{
	struct opening *o = alloc_zeroed(sizeof(*o));

	TAILQ_INIT(&o->stages);
	o->task = task;
	o->since_ms = since_ms;
	o->limit = limit;
	o->timer = timer_new(task);
	if (transport != NULL)
		opening_set_transport(o, transport);
	return o;
}

static void remove_first(struct opening *o)
{
	struct opening_stage *stage = TAILQ_FIRST(&o->stages);

	TAILQ_REMOVE(&o->stages, stage, link);
	if (stage->free != NULL)
		stage->free(stage->arg);
	free(stage);
}

void opening_free(struct opening *o)
{
	if (o == NULL)
		return;
	while (!TAILQ_EMPTY(&o->stages))
		remove_first(o);
	transport_free(o->transport);
	timer_free(o->timer);
	free(o);
}

void opening_add(struct opening *o, const struct opening_stage *stage)
{
	struct opening_stage *added = alloc_copy(stage, sizeof(*stage));

	TAILQ_INSERT_TAIL(&o->stages, added, link);
}

struct transport *opening_transport(const struct opening *o)
{
	return o->transport;
}

void opening_set_transport(struct opening *o, struct transport *transport)
{
	o->transport = transport;
	transport_set_wake(transport, task_wake_arg, o->task);
}

/* Time what ends first: the whole, or the stage that begins. */
static void start_timer(struct opening *o, struct opening_limit stage)
{
	uint64_t used = loop_now() - o->since_ms;
	uint64_t left = o->limit.ms > used ? o->limit.ms - used : 0;

	timer_stop(o->timer);
	if (stage.ms > 0 && (o->limit.ms == 0 || stage.ms < left)) {
		o->timing = stage;
		timer_start(o->timer, stage.ms);
	} else if (o->limit.ms > 0) {
		o->timing = o->limit;
		timer_start(o->timer, left);
	}
}

enum opening_result opening_run(struct opening *o, struct err *err)
{
	enum opening_result result = OPENING_DONE;
	struct opening_stage *stage;

	while (result == OPENING_DONE && (stage = TAILQ_FIRST(&o->stages)) != NULL) {
		if (o->stage_began_us == 0) {
			o->stage_began_us = loop_now_us();
			start_timer(o, stage->limit);
		}
		result = stage->run(o, stage->arg, err);
		if (result == OPENING_AGAIN && timer_expired(o->timer)) {
			opening_timed_out(o, o->timing, err);
			result = OPENING_FAILED;
		}
		if (result == OPENING_AGAIN)
			return result;
		if (stage->took_us != NULL)
			*stage->took_us = loop_now_us() - o->stage_began_us;
		o->stage_began_us = 0;
		if (result == OPENING_DONE)
			remove_first(o);
	}
	return result;
}

struct transport *opening_take(struct opening *o)
{
	struct transport *transport = o->transport;

	assert(TAILQ_EMPTY(&o->stages));
	transport_set_wake(transport, NULL, NULL);
	o->transport = NULL;
	return transport;
}

void opening_timed_out(const struct opening *o, struct opening_limit limit, struct err *err)
{
	const struct opening_stage *stage = TAILQ_FIRST(&o->stages);
	char *text = stage->text(stage->arg);

	*err = err_timeout(limit.ms, limit.option);
	(void)err_prefix(err, "%s", text);
	free(text);
}
