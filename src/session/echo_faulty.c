/* SPDX-License-Identifier: ISC */
/* echo_faulty: the step echo with --fault: sends back through a queue of faults. */
#include "config.h"

#include "session/echo_faulty.h"

#include "session/echo_frame.h"
#include "session/fault.h"
#include "session/session_log.h"
#include "session/session_record.h"
#include "session/session_step.h"
#include "session/session_struct.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <stdlib.h>

/* Between two questions whether the peer's kernel has received everything: twice as long
 * each time, as the peer may not read for hours. */
enum {
	ASK_FIRST_MS = 1,
	ASK_LAST_MS = 64,
};

struct echo_faulty_state {
	struct fault_queue queue;
	enum stream_status status; /* the reader's last answer */
	uint64_t ask_ms;	   /* before a reset: the next wait */
	bool stalled;
};

static struct echo_faulty_state *faulty_of(struct session *s)
{
	const struct session_settings *settings = s->shared->settings;
	struct echo_faulty_state *f = s->state;

	if (f != NULL)
		return f;
	f = session_state(s, sizeof(*f));
	f->ask_ms = ASK_FIRST_MS;
	fault_queue_init(&f->queue, settings->faults, settings->high_water, settings->low_water);
	return f;
}

void echo_faulty_free(void *p)
{
	struct echo_faulty_state *f = p;

	fault_queue_clear(&f->queue);
	free(f);
}

static enum step_result succeed(struct session *s, enum step_result result)
{
	(void)session_step_moved(s, session_taken(s));
	return result;
}

static void log_fault(const struct session *s, const struct fault_queue *q)
{
	session_log(s, LOG_INFO, "fault: %s after %" PRIu64 " byte%s", fault_description(q->ending),
		    q->sent, q->sent == 1 ? "" : "s");
}

/* Nothing is sent or read any more. The peer's end of stream may be a half-close, so that
 * it ends nothing, until the peer has gone altogether. */
static enum step_result stall(struct session *s, struct echo_faulty_state *f)
{
	if (!f->stalled)
		log_fault(s, &f->queue);
	f->stalled = true;
	if (connection_read_error(s->connection) != NULL || s->connection->writer.broken ||
	    session_watch_gone(s, s->connection))
		return succeed(s, STEP_CLOSED);
	return session_wait(s, WAIT_TIMER);
}

/* A reset takes away what is on its way, so that waits for it to arrive. */
static enum step_result reset(struct session *s, struct echo_faulty_state *f)
{
	if (connection_unsent(s->connection) > 0 &&
	    transport_peer_state(s->connection->transport) == PEER_OPEN) {
		if (!timer_pending(session_timer(s))) {
			timer_start(s->timer, f->ask_ms);
			f->ask_ms = f->ask_ms < ASK_LAST_MS ? 2 * f->ask_ms : ASK_LAST_MS;
		}
		return session_wait(s, WAIT_TIMER);
	}
	log_fault(s, &f->queue);
	connection_abort(s->connection);
	return succeed(s, STEP_CLOSED);
}

static enum step_result misbehave(struct session *s, struct echo_faulty_state *f)
{
	const struct fault_queue *q = &f->queue;

	if (q->ending == FAULT_STALL)
		return stall(s, f);
	if (q->ending == FAULT_RESET)
		return reset(s, f);
	log_fault(s, q);
	if (q->ending == FAULT_TRUNCATE)
		connection_truncate(s->connection);
	s->ignore_close_errors = true;
	return succeed(s, STEP_STOP);
}

/* No piece may leave before `wait_ms` have passed; 0: none is there. */
static enum step_result read_ahead(struct session *s, const struct step *step,
				   struct echo_faulty_state *f, uint64_t wait_ms)
{
	size_t room = fault_queue_room(&f->queue);

	if (room > 0)
		f->status = echo_frame_read(s, step, room);
	if (evbuffer_get_length(s->data) > 0) {
		fault_queue_add(&f->queue, s->data, loop_now_us());
		return STEP_MORE;
	}
	if (wait_ms == 0 && f->status == STREAM_EOF)
		return succeed(s, STEP_STOP);
	if (wait_ms == 0)
		return session_read_unmet(s, f->status, NULL, 0);
	if (room > 0 && f->status == STREAM_AGAIN)
		(void)session_wait(s, WAIT_READ);
	timer_start(session_timer(s), wait_ms);
	return session_wait(s, WAIT_TIMER);
}

/* Each piece leaves in a write of its own, once the one before it has left. */
enum step_result echo_faulty_run(struct session *s, const struct step *step)
{
	struct echo_faulty_state *f = faulty_of(s);
	struct connection *c = s->connection;
	uint64_t wait_ms;

	if (c->writer.broken && f->queue.sent != f->queue.after)
		return session_fail(s, connection_write_error(c), NULL);
	if (writer_flush(&c->writer) == STREAM_AGAIN)
		return session_wait(s, WAIT_WRITE);
	switch (fault_queue_next(&f->queue, loop_now_us(), s->data, &wait_ms)) {
	case STREAM_OK:
		writer_write_buffer(&c->writer, s->data);
		return STEP_MORE;
	case STREAM_EOF:
		return misbehave(s, f);
	case STREAM_AGAIN:
	case STREAM_OVERRUN:
	case STREAM_ERROR:
		break;
	}
	return read_ahead(s, step, f, wait_ms);
}
