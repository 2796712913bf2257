/* SPDX-License-Identifier: ISC */
/* step_broker: send what one peer sends to all others of the listener. */
#include "config.h"

#include "base/err.h"
#include "session/broadcast.h"
#include "session/session_record.h"
#include "session/session_step.h"
#include "session/session_struct.h"

#include <stdlib.h>

/*
 * A slow peer is not waited for, but it is given a moment: while one is behind, peers that
 * send in bulk are read a piece at a time, all together, with pauses. Without them a peer that
 * reads as fast as it can would be lost when the kernel has dropped packets for want of buffer
 * space: it sends them again 0.2, 0.6 and 1.4 s later. When all others are behind, a bulk waits
 * until one is not: it moves at the pace of the fastest. One that reads nothing does not count
 * for long.
 */

enum {
	BULK = 4096, /* bytes; a peer that has sent so many can wait */
	PAUSE_MS = 50,
	PIECES = 32, /* that make up a backlog: more than 1.4 s */
};

static struct broadcast_member *join(struct session *s)
{
	struct broadcast_member *m = session_state(s, sizeof(*m));

	broadcast_join(s->shared->broadcast, m, s);
	return m;
}

static void free_state(void *state)
{
	broadcast_leave(state);
	free(state);
}

/* True while the bytes that have come must wait for slower peers. */
static bool hold_back(struct session *s, struct broadcast_member *m)
{
	bool paused = m->held && timer_expired(s->timer);
	bool all = broadcast_others(m, PACE_GOOD) == 0;

	if (reader_buffered(&s->connection->reader) < BULK ||
	    broadcast_others(m, PACE_BEHIND) == 0 || (paused && !all)) {
		if (m->held)
			timer_stop(s->timer);
		broadcast_hold(m, false);
		return false;
	}
	if (paused)
		broadcast_lose_stalled(m->broadcast);
	broadcast_hold(m, true);
	if (!timer_pending(s->timer))
		timer_start(session_timer(s), PAUSE_MS);
	(void)session_wait(s, WAIT_TIMER);
	return true;
}

/* Those that are held share a piece: a hundred of them leave a peer as much time as one does. */
static size_t piece(const struct session *s, const struct broadcast_member *m)
{
	size_t share = broadcast_backlog(s) / PIECES / (m->broadcast->held + 1);

	return share > 0 ? share : 1;
}

static enum step_result drop(struct session *s, enum broadcast_pace pace)
{
	struct err err;

	if (pace == PACE_STALLED)
		(void)err_set(
			&err, ERR_IO,
			"dropped: the peer has read nothing for %d s, and a sender waits for it",
			BROADCAST_STALL_MS / 1000);
	else
		(void)err_set(
			&err, ERR_IO,
			"dropped: the peer reads too slowly, and more than %zu bytes wait for it",
			broadcast_backlog(s));
	connection_abort(s->connection);
	(void)session_fail(s, &err, NULL);
	return STEP_CLOSED;
}

/* The peer sends nothing more, but gets what the others send until it is gone. */
static enum step_result listen_on(struct session *s)
{
	if (!s->connection->writer.broken && !session_watch_gone(s, s->connection))
		return session_wait(s, WAIT_OTHERS);
	(void)session_step_moved(s, session_taken(s));
	return STEP_CLOSED;
}

static enum step_result run_broker(struct session *s, const struct step *step)
{
	struct broadcast_member *m = s->state != NULL ? s->state : join(s);
	enum broadcast_pace pace = broadcast_update_pace(m);
	enum stream_status status;

	(void)step;
	if (pace >= PACE_LOST && !s->connection->writer.broken)
		return drop(s, pace);
	if (hold_back(s, m))
		return STEP_AGAIN;
	status = reader_read(&s->connection->reader, piece(s, m), s->data);
	if (status == STREAM_OK) {
		broadcast_send(m, s->data);
		return STEP_MORE;
	}
	return status == STREAM_EOF ? listen_on(s) : session_read_unmet(s, status, NULL, 0);
}

const struct step_kind step_broker = {
	.name = "broker",
	.args = "",
	.summary = "(listen -k) send each peer what the others send",
	.returns = "nothing; the other peers get what this one sends",
	.fails = "io if the peer reads too slowly or sending fails, tls or timeout",
	.example = "broker",
	.flags = STEP_LAST | STEP_READS | STEP_SENDS | STEP_NEEDS_OTHERS | STEP_TOTAL,
	.run = run_broker,
	.free_state = free_state,
};
