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

struct stage {
	struct opening_stage is;
	TAILQ_ENTRY(stage) link;
};

struct opening {
	struct transport *transport; /* owned; NULL before the connection, and once taken */
	TAILQ_HEAD(, stage) stages;  /* the running one, and those that follow */
	bool begun;		     /* the first stage has begun */
	uint64_t began_ms;
	uint64_t stage_began_us;
	struct opening_limit limit;  /* of the whole */
	struct opening_limit timing; /* the one that `timer` is for */
	struct timer *timer;
	struct task *task; /* borrowed */
};

struct opening *opening_new(struct task *task, struct transport *transport,
			    struct opening_limit limit)
{
	struct opening *o = alloc_zeroed(sizeof(*o));

	TAILQ_INIT(&o->stages);
	o->task = task;
	o->began_ms = loop_now();
	o->limit = limit;
	o->timer = timer_new(task);
	if (transport != NULL)
		opening_set_transport(o, transport);
	return o;
}

static void remove_first(struct opening *o)
{
	struct stage *stage = TAILQ_FIRST(&o->stages);

	TAILQ_REMOVE(&o->stages, stage, link);
	if (stage->is.free != NULL)
		stage->is.free(stage->is.arg);
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
	struct stage *added = alloc_zeroed(sizeof(*added));

	added->is = *stage;
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
	uint64_t used = loop_now() - o->began_ms;
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

static void begin_stage(struct opening *o, const struct opening_stage *stage)
{
	o->begun = true;
	o->stage_began_us = loop_now_us();
	start_timer(o, stage->limit);
}

static void note_time(const struct opening *o, const struct opening_stage *stage)
{
	if (stage->took_us != NULL)
		*stage->took_us = loop_now_us() - o->stage_began_us;
}

enum opening_result opening_run(struct opening *o, struct err *err)
{
	enum opening_result result = OPENING_DONE;
	struct stage *stage;

	while (result == OPENING_DONE && (stage = TAILQ_FIRST(&o->stages)) != NULL) {
		if (!o->begun)
			begin_stage(o, &stage->is);
		result = stage->is.run(o, stage->is.arg, err);
		if (result == OPENING_AGAIN && timer_expired(o->timer)) {
			opening_timed_out(o, o->timing, err);
			result = OPENING_FAILED;
		}
		if (result == OPENING_AGAIN)
			return result;
		note_time(o, &stage->is);
		remove_first(o);
		o->begun = false;
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
	const struct stage *stage = TAILQ_FIRST(&o->stages);
	char *text = stage->is.text(stage->is.arg);

	*err = err_timeout(limit.ms, limit.option);
	(void)err_prefix(err, "%s", text);
	free(text);
}
