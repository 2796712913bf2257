/* SPDX-License-Identifier: ISC */
/* broadcast: passes each member's bytes to all the others. */
#include "config.h"

#include "session/broadcast.h"

#include "session/session_log.h"
#include "session/session_struct.h"

#include <event2/buffer.h>
#include <stdint.h>

enum {
	BACKLOG_FACTOR = 16, /* times the high-water mark */
	BACKLOG_MIN = 64 * 1024,
	CHECK_MS = 200, /* between two searches for stalled peers, however many senders wait */
};

void broadcast_init(struct broadcast *b)
{
	*b = (struct broadcast){ 0 };
	TAILQ_INIT(&b->members);
}

static void wake_held(struct broadcast *b)
{
	struct broadcast_member *m;

	TAILQ_FOREACH (m, &b->members, link)
		if (m->held)
			task_wake(&m->session->task);
}

static void set_pace(struct broadcast_member *m, enum broadcast_pace pace)
{
	static const char *const names[] = {
		[PACE_GOOD] = "good",
		[PACE_BEHIND] = "behind",
		[PACE_LOST] = "lost",
		[PACE_STALLED] = "stalled",
	};

	if (m->pace == pace)
		return;
	session_log(m->session, LOG_DEBUG, "broker: %s -> %s", names[m->pace], names[pace]);
	m->broadcast->count[m->pace]--;
	m->broadcast->count[pace]++;
	m->pace = pace;
	m->since_ms = loop_now();
	wake_held(m->broadcast);
}

void broadcast_join(struct broadcast *b, struct broadcast_member *m, struct session *s)
{
	m->broadcast = b;
	m->session = s;
	b->count[m->pace]++;
	TAILQ_INSERT_TAIL(&b->members, m, link);
	wake_held(b);
}

void broadcast_hold(struct broadcast_member *m, bool held)
{
	m->broadcast->held += held;
	m->broadcast->held -= m->held;
	m->held = held;
}

void broadcast_leave(struct broadcast_member *m)
{
	broadcast_hold(m, false);
	TAILQ_REMOVE(&m->broadcast->members, m, link);
	m->broadcast->count[m->pace]--;
	wake_held(m->broadcast);
}

size_t broadcast_others(const struct broadcast_member *m, enum broadcast_pace pace)
{
	return m->broadcast->count[pace] - (m->pace == pace);
}

size_t broadcast_backlog(const struct session *s)
{
	size_t high = s->shared->settings->high_water;

	if (high > SIZE_MAX / BACKLOG_FACTOR)
		return SIZE_MAX;
	return high * BACKLOG_FACTOR > BACKLOG_MIN ? high * BACKLOG_FACTOR : BACKLOG_MIN;
}

enum broadcast_pace broadcast_update_pace(struct broadcast_member *m)
{
	struct connection *c = m->session->connection;
	enum stream_status status = writer_drain(&c->writer);

	if (status == STREAM_AGAIN) {
		transport_flush(c->transport);
		status = writer_drain(&c->writer);
	}
	if (m->pace >= PACE_LOST)
		return m->pace;
	if (status == STREAM_ERROR || writer_queued(&c->writer) > broadcast_backlog(m->session))
		set_pace(m, PACE_LOST);
	else
		set_pace(m, status == STREAM_AGAIN ? PACE_BEHIND : PACE_GOOD);
	return m->pace;
}

/* Our kernel may hold megabytes that the peer has not read. */
static void note_progress(struct broadcast_member *m, uint64_t now)
{
	const struct connection *c = m->session->connection;
	uint64_t left = connection_sent(c) - transport_unsent(c->transport);

	if (m->left != left)
		m->since_ms = now;
	m->left = left;
}

void broadcast_lose_stalled(struct broadcast *b)
{
	uint64_t now = loop_now();
	struct broadcast_member *m;

	if (now < b->next_check_ms)
		return;
	b->next_check_ms = now + CHECK_MS;
	TAILQ_FOREACH (m, &b->members, link) {
		if (m->pace != PACE_BEHIND)
			continue;
		note_progress(m, now);
		if (now - m->since_ms < BROADCAST_STALL_MS)
			continue;
		set_pace(m, PACE_STALLED);
		task_wake(&m->session->task);
	}
}

void broadcast_send(struct broadcast_member *from, struct evbuffer *data)
{
	struct broadcast_member *m;

	TAILQ_FOREACH (m, &from->broadcast->members, link) {
		if (m == from || m->pace >= PACE_LOST)
			continue;
		writer_share_buffer(&m->session->connection->writer, data);
		(void)broadcast_update_pace(m);
		task_wake(&m->session->task);
	}
	(void)evbuffer_drain(data, evbuffer_get_length(data)); /* fails on frozen buffers only */
}
