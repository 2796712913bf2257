/* SPDX-License-Identifier: ISC */
/* step_relay: joins the connection with standard input and output, and decides how that ends. */
#include "config.h"

#include "base/err.h"
#include "io/fd_reader.h"
#include "io/fd_writer.h"
#include "session/direction.h"
#include "session/session_log.h"
#include "session/session_pump.h"
#include "session/session_record.h"
#include "session/session_step.h"
#include "session/step_args.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <stdlib.h>

/*
 * Events move the states of the two directions, and decide() looks at both. How a relay ends is
 * data: struct relay_policy.
 */

enum { CLOSED_NOTICE_MS = 2000 }; /* without input after the peer's end */

struct relay_state {
	struct direction up;	 /* standard input to the peer */
	struct direction down;	 /* the peer to standard output */
	struct timer *quit;	 /* --quit-after, from the end of input; NULL: none */
	struct pump_stall stall; /* of `up`, once the peer has closed */
};

/* A listener's /dev/null has nothing to say, but that is not the end of its input. */
static bool input_is_silent(const struct session *s)
{
	return s->shared->settings->relay.recv_only ||
	       (s->shared->listening && fd_reader_is_null(s->shared->input));
}

static void open_up(struct session *s, struct relay_state *relay)
{
	if (input_is_silent(s))
		direction_move_to(s, &relay->up, DIRECTION_SHUT);
	else
		relay->up.pump = session_pump_up(s, s->shared->input, s->shared->settings->crlf);
}

static struct relay_state *new_state(struct session *s)
{
	struct relay_state *relay = session_state(s, sizeof(*relay));

	relay->up.name = "up";
	relay->down.name = "down";
	open_up(s, relay);
	if (s->shared->settings->relay.send_only)
		direction_move_to(s, &relay->down, DIRECTION_SHUT);
	else
		relay->down.pump = session_pump_down(s);
	return relay;
}

static void free_state(void *p)
{
	struct relay_state *relay = p;

	timer_free(relay->quit);
	pump_free(relay->up.pump);
	pump_free(relay->down.pump);
	free(relay);
}

/* --- each direction, as far as it can go now: STEP_FAIL or STEP_AGAIN --- */

static void input_ended(struct session *s, struct relay_state *relay)
{
	const struct relay_policy *policy = &s->shared->settings->relay;

	if (!policy->has_quit_after)
		return;
	relay->quit = timer_new(&s->task);
	timer_start(relay->quit, policy->quit_after_ms);
}

static void flush_up(struct session *s, struct relay_state *relay)
{
	bool half_close = !s->shared->settings->relay.no_half_close;

	direction_finish_flush(s, &relay->up,
			       half_close ? connection_write_eof(s->connection)
					  : writer_flush(&s->connection->writer));
}

static enum step_result run_up(struct session *s, struct relay_state *relay)
{
	if (relay->up.state == DIRECTION_FLOWING && direction_flow(s, &relay->up) == PUMP_END)
		input_ended(s, relay);
	if (relay->up.state == DIRECTION_CUT)
		return session_fail(s, fd_reader_error(s->shared->input), NULL);
	if (relay->up.state == DIRECTION_FLUSHING)
		flush_up(s, relay);
	return STEP_AGAIN;
}

/* Some peers, asyncio's TLS servers among them, take close_notify for the end of both
 * directions. */
static void explain_silence(const struct session *s, const struct relay_state *relay)
{
	char *version = transport_fact(s->connection->transport, INFO_TLS_VERSION);

	if (!input_is_silent(s) && relay->up.state == DIRECTION_SHUT &&
	    !s->shared->settings->relay.no_half_close && connection_received(s->connection) == 0 &&
	    version != NULL)
		session_log(s, LOG_NOTICE,
			    "the peer ended without a byte after our close_notify: if it takes "
			    "that for the end of everything, use --no-half-close");
	free(version);
}

static enum step_result run_down(struct session *s, struct relay_state *relay)
{
	enum step_result result;

	if (relay->down.state != DIRECTION_FLOWING)
		return STEP_AGAIN;
	result = session_pump_run_down(s, relay->down.pump);
	if (result != STEP_NEXT)
		return result;
	direction_move_to(s, &relay->down, DIRECTION_SHUT);
	explain_silence(s, relay);
	if (s->shared->single && !s->shared->events->json)
		fd_writer_end(s->shared->events->output);
	return STEP_AGAIN;
}

/* --- the whole --- */

/* The last event of a relay has no bytes. */
static enum step_result relay_ended(struct session *s)
{
	if (s->shared->events->json)
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

static bool ends_with_peer(const struct session *s)
{
	return s->shared->settings->relay.end_with_peer ||
	       (s->shared->input != NULL && fd_reader_is_terminal(s->shared->input));
}

/* What the two states and the policy make of the whole. */
static enum step_result decide(struct session *s, struct relay_state *relay)
{
	if (timer_expired(relay->quit))
		return relay_ended(s);
	if (relay->up.state == DIRECTION_BROKEN &&
	    (relay->down.state == DIRECTION_SHUT || session_watch_silence(s, s->connection)))
		return upload_failed(s);
	if (relay->down.state != DIRECTION_SHUT)
		return STEP_AGAIN;
	if (relay->up.state == DIRECTION_SHUT)
		return relay_ended(s);
	if (s->shared->settings->relay.send_only) /* the peer's end says nothing */
		return STEP_AGAIN;
	if (ends_with_peer(s))
		return relay_ended(s);
	if (relay->up.state == DIRECTION_FLOWING) /* a person at a terminal should know */
		session_pump_watch(s, &relay->stall, pump_bytes(relay->up.pump), CLOSED_NOTICE_MS,
				   "the peer has closed; still waiting for the end of input");
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
	struct relay_state *relay = s->state != NULL ? s->state : new_state(s);
	enum step_result result;

	(void)step;
	result = run_up(s, relay);
	if (result != STEP_FAIL)
		result = run_down(s, relay);
	if (result != STEP_FAIL)
		result = decide(s, relay);
	return result;
}

const struct step_kind step_relay = {
	.name = "relay",
	.args = "",
	.summary = "join with standard input and output",
	.returns = "what the peer sends",
	.fails = "io if reading, printing or sending fails, tls or timeout",
	.example = "writeline hello relay",
	.flags = STEP_LAST | STEP_READS | STEP_SENDS | STEP_PRINTS | STEP_RELAY,
	.parse = parse_relay,
	.run = run_relay,
	.free_state = free_state,
};
