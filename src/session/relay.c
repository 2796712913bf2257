/* SPDX-License-Identifier: ISC */
/* relay: the stream joined with standard input and output, and how that ends. */
#include "config.h"

#include "session/relay.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "io/fd_reader.h"
#include "session/pump.h"
#include "session/session.h"
#include "session/step_args.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <stdlib.h>

enum { CLOSED_NOTICE_MS = 2000 }; /* without input after the peer's end */

enum direction_state {
	FLOWING,
	FLUSHING,
	SHUT,
	BROKEN,
};

struct direction {
	const char *name;
	enum direction_state state;
	struct pump pump;
};

struct relay {
	struct direction up;   /* standard input to the peer */
	struct direction down; /* the peer to standard output */
	bool passes_end;       /* the end of input closes the sending half */
	bool ends_with_peer;
	struct timer *quit;   /* --quit-after, from the end of input; NULL: none */
	struct timer *notice; /* the peer has closed and no input comes; NULL: none */
	uint64_t noticed_bytes;
};

static void move_to(struct session *s, struct direction *d, enum direction_state state)
{
	static const char *const names[] = {
		[FLOWING] = "flowing",
		[FLUSHING] = "flushing",
		[SHUT] = "shut",
		[BROKEN] = "broken",
	};

	log_line(LOG_DEBUG, "connection %u: relay %s: %s -> %s", s->conn, d->name, names[d->state],
		 names[state]);
	d->state = state;
}

/* A server's /dev/null is no end of input: nobody has anything to say. */
static bool input_is_silent(const struct session *s)
{
	return s->shared->settings->relay.recv_only ||
	       (s->shared->listening && fd_reader_is_null(s->shared->input));
}

static struct relay *relay_new(struct session *s)
{
	const struct relay_policy *policy = &s->shared->settings->relay;
	struct relay *relay = alloc_zeroed(sizeof(*relay));

	relay->up.name = "up";
	relay->down.name = "down";
	pump_init(&relay->up.pump, PUMP_UP, s->shared->input);
	pump_init(&relay->down.pump, PUMP_DOWN, NULL);
	relay->up.pump.crlf = s->shared->settings->crlf;
	relay->passes_end = !policy->no_half_close;
	relay->ends_with_peer = policy->end_with_peer || (s->shared->input != NULL &&
							  fd_reader_is_terminal(s->shared->input));
	if (input_is_silent(s)) {
		move_to(s, &relay->up, SHUT);
		relay->passes_end = false;
	} else {
		fd_reader_set_task(s->shared->input, &s->task);
	}
	if (policy->send_only)
		move_to(s, &relay->down, SHUT);
	return relay;
}

void relay_free(struct relay *relay, struct session *s)
{
	if (relay == NULL)
		return;
	timer_free(relay->quit);
	timer_free(relay->notice);
	pump_clear(&relay->up.pump, s);
	pump_clear(&relay->down.pump, s);
	free(relay);
}

/* Each of the two moves its direction on as far as it can go now; they answer
 * STEP_FAIL, or STEP_AGAIN. */

static void input_ended(struct session *s, struct relay *relay)
{
	const struct relay_policy *policy = &s->shared->settings->relay;

	move_to(s, &relay->up, FLUSHING);
	if (!policy->has_quit_after)
		return;
	relay->quit = timer_new(&s->task);
	timer_start(relay->quit, policy->quit_after_ms);
}

static enum step_result flow_up(struct session *s, struct relay *relay)
{
	switch (pump_run(&relay->up.pump, s)) {
	case STREAM_OK:
		return session_wait(s, WAIT_TURN);
	case STREAM_AGAIN:
		return STEP_AGAIN;
	case STREAM_EOF:
		input_ended(s, relay);
		return STEP_AGAIN;
	case STREAM_OVERRUN:
	case STREAM_ERROR:
		break;
	}
	return session_fail(s, fd_reader_error(s->shared->input), NULL);
}

static void flush_up(struct session *s, struct relay *relay)
{
	enum stream_status status = relay->passes_end ? connection_write_eof(s->connection)
						      : writer_flush(&s->connection->writer);

	if (status == STREAM_AGAIN)
		(void)session_wait(s, WAIT_WRITE);
	else
		move_to(s, &relay->up, status == STREAM_OK ? SHUT : BROKEN);
}

static enum step_result run_up(struct session *s, struct relay *relay)
{
	enum step_result result = STEP_AGAIN;

	if (s->connection->writer.broken && relay->up.state < SHUT)
		move_to(s, &relay->up, BROKEN);
	if (relay->up.state == FLOWING)
		result = flow_up(s, relay);
	if (relay->up.state == FLUSHING)
		flush_up(s, relay);
	return result;
}

/* asyncio's TLS servers, for one, take close_notify for the end of everything. */
static void explain_silence(const struct session *s, const struct relay *relay)
{
	struct evbuffer *version = event_writer_scratch(s->shared->events);

	if (relay->up.state != SHUT || !relay->passes_end ||
	    connection_received(s->connection) > 0 ||
	    !connection_info(s->connection, INFO_TLS_VERSION, version))
		return;
	evbuffer_drain(version, evbuffer_get_length(version));
	log_line(LOG_NOTICE, "the peer ended without a byte after our close_notify: if it takes "
			     "that for the end of everything, use --no-half-close");
}

static enum step_result run_down(struct session *s, struct relay *relay)
{
	if (relay->down.state != FLOWING)
		return STEP_AGAIN;
	switch (pump_run(&relay->down.pump, s)) {
	case STREAM_OK:
		return session_wait(s, WAIT_TURN);
	case STREAM_AGAIN:
		return STEP_AGAIN;
	case STREAM_EOF:
		move_to(s, &relay->down, SHUT);
		explain_silence(s, relay);
		return STEP_AGAIN;
	case STREAM_OVERRUN:
	case STREAM_ERROR:
		break;
	}
	return session_fail_read(s, event_writer_scratch(s->shared->events), relay->down.pump.bytes,
				 0);
}

/* The last event of a relay has no bytes. */
static enum step_result relay_ended(struct session *s)
{
	if (event_writer_is_json(s->shared->events))
		session_piece_end(s);
	return STEP_STOP;
}

static enum step_result upload_failed(struct session *s)
{
	struct err err = *connection_write_error(s->connection);
	uint64_t sent = connection_sent(s->connection);

	(void)err_prefix(&err, "after %" PRIu64 " byte%s sent", sent, sent == 1 ? "" : "s");
	return session_fail(s, &err, NULL);
}

/* The peer has closed and we go on sending: a person who waits should know. */
static void watch_closed(struct session *s, struct relay *relay)
{
	if (relay->notice == NULL)
		relay->notice = timer_new(&s->task);
	else if (relay->noticed_bytes == relay->up.pump.bytes && timer_expired(relay->notice)) {
		log_line(LOG_NOTICE, "the peer has closed; still waiting for the end of input");
		timer_stop(relay->notice);
		relay->noticed_bytes = UINT64_MAX;
		return;
	}
	if (relay->noticed_bytes == UINT64_MAX ||
	    (timer_pending(relay->notice) && relay->noticed_bytes == relay->up.pump.bytes))
		return;
	relay->noticed_bytes = relay->up.pump.bytes;
	timer_start(relay->notice, CLOSED_NOTICE_MS);
}

/* What the two states, and the policy, make of the whole. */
static enum step_result decide(struct session *s, struct relay *relay)
{
	bool down_over = relay->down.state == SHUT;
	bool send_only = s->shared->settings->relay.send_only;

	if (relay->quit != NULL && timer_expired(relay->quit))
		return relay_ended(s);
	if (relay->up.state == BROKEN && down_over)
		return upload_failed(s);
	if (relay->up.state == SHUT && down_over)
		return relay_ended(s);
	if (down_over && !send_only) {
		if (relay->ends_with_peer)
			return relay_ended(s);
		if (relay->up.state == FLOWING)
			watch_closed(s, relay);
	}
	return STEP_AGAIN;
}

/* Whether standard input is read is for an option to say. */
static bool parse_relay(struct step *step, struct step_words *words, struct err *err)
{
	(void)err;
	if (!words->context->settings->relay.recv_only)
		step->flags |= STEP_STDIN;
	return true;
}

static enum step_result run_relay(struct session *s, const struct step *step)
{
	enum step_result result;

	(void)step;
	if (s->state.relay == NULL)
		s->state.relay = relay_new(s);
	result = run_up(s, s->state.relay);
	if (result != STEP_FAIL)
		result = run_down(s, s->state.relay);
	if (result != STEP_FAIL)
		result = decide(s, s->state.relay);
	return result;
}

const struct step_kind step_relay = {
	.name = "relay",
	.args = "",
	.summary = "join with standard input and output",
	.flags = STEP_LAST | STEP_READS | STEP_SENDS | STEP_PRINTS,
	.parse = parse_relay,
	.run = run_relay,
};
