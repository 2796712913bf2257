/* SPDX-License-Identifier: ISC */
/* client: dials, runs one session, and is done. */
#include "config.h"

#include "session/client.h"

#include "base/alloc.h"
#include "base/err.h"
#include "session/session.h"
#include "session/session_struct.h"
#include "session/session_time.h"
#include "session/step.h"

#include <stdlib.h>

struct client {
	struct client_options options;
	struct task task;
	struct timer *deadline;	 /* of the dial; NULL: none */
	struct dial *dial;	 /* until it is done */
	struct session *session; /* from then until it is done */
	struct stats ended;	 /* its bytes, once it is */
	uint64_t started_us;
	struct client_times times;
	struct err err; /* ERR_OK: success */
	client_done_fn done;
	void *arg;
};

/* Report the end to the owner, from the task. */
static void finish(struct client *c, const struct err *err)
{
	if (err != NULL && c->err.kind == ERR_OK)
		c->err = *err;
	c->times.total_us = loop_now_us() - c->started_us;
	task_wake(&c->task);
}

static void session_done(void *arg, struct session *session)
{
	struct client *c = arg;

	stats_add(&c->ended, session);
	c->session = NULL;
	finish(c, session->err);
}

/* Fail without a session, which reports its own errors. */
static void fail(struct client *c, const struct err *err)
{
	dial_free(c->dial);
	c->dial = NULL;
	if (c->err.kind == ERR_OK && !c->options.shared->steps->silent)
		event_writer_error(c->options.shared->events, c->options.conn, NULL, err);
	finish(c, err);
}

static void dialled(void *arg, struct transport *transport, const struct err *err,
		    const struct dial_times *times)
{
	struct client *c = arg;

	c->dial = NULL;
	timer_stop(c->deadline);
	c->times.dial = *times;
	if (transport == NULL)
		fail(c, err);
	else
		c->session = session_new(c->options.shared, transport, false, c->options.conn,
					 c->options.started_ms, session_done, c);
}

/* A dial does not know --timeout. */
static void time_out(struct client *c)
{
	const struct opening_limit limit = { c->options.shared->settings->timeout_ms, "--timeout" };
	struct err err;

	dial_timed_out(c->dial, limit, &err);
	fail(c, &err);
}

static void run(void *arg)
{
	struct client *c = arg;

	if (c->dial == NULL && c->session == NULL)
		c->done(c->arg, c->err.kind == ERR_OK ? NULL : &c->err);
	else if (c->dial != NULL && timer_expired(c->deadline))
		time_out(c);
}

struct client *client_start(const struct client_options *options, client_done_fn done, void *arg)
{
	struct client *c = alloc_zeroed(sizeof(*c));
	uint64_t left = session_time_left(options->shared->settings, options->started_ms);

	c->options = *options;
	c->done = done;
	c->arg = arg;
	c->started_us = loop_now_us();
	task_init(&c->task, options->shared->loop, run, c);
	if (left > 0) {
		c->deadline = timer_new(&c->task);
		timer_start(c->deadline, left);
	}
	c->dial = dial_start(options->shared->loop, options->address, &c->options.dialing, "",
			     dialled, c);
	return c;
}

void client_free(struct client *client)
{
	if (client == NULL)
		return;
	dial_free(client->dial);
	session_free(client->session);
	timer_free(client->deadline);
	task_cancel(&client->task);
	free(client);
}

void client_end(struct client *client, const struct err *err)
{
	if (client->session != NULL)
		session_end(client->session, err);
	else
		fail(client, err);
}

const struct client_times *client_times(const struct client *client)
{
	return &client->times;
}

struct stats client_stats(const struct client *client)
{
	struct stats stats = client->ended;

	if (client->session != NULL)
		stats_add(&stats, client->session);
	return stats;
}
