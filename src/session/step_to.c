/* SPDX-License-Identifier: ISC */
/* step_to: opens an address and joins it with the connection. */
#include "config.h"

#include "base/alloc.h"
#include "base/err.h"
#include "net/address.h"
#include "net/dial.h"
#include "session/direction.h"
#include "session/session_log.h"
#include "session/session_pump.h"
#include "session/session_record.h"
#include "session/session_step.h"
#include "session/session_time.h"
#include "session/step_args.h"

#include <stdlib.h>

/*
 * The session has two connections then: its own, to the peer, and one to the target, which
 * the step owns and closes cleanly before it is done. Both wake the session's task.
 *
 * What one side has met is passed on to the other: an end as an end, and a reset, or a TLS
 * stream that was cut off, as a reset, once what had come before it has arrived. A part is not
 * to be taken for the whole. Both sides are reset where the step ends for another reason, such
 * as a time limit.
 */

enum to_phase { TO_DIALLING, TO_JOINED, TO_CLOSING };

struct to_state {
	struct session *session;
	enum to_phase phase;
	struct dial *dial;     /* NULL: it is done */
	struct err *err;       /* why it failed; owned, or NULL */
	struct direction up;   /* the peer to the target */
	struct direction down; /* the target to the peer */
};

static void free_state(void *p)
{
	struct to_state *state = p;
	struct session *s = state->session;

	dial_free(state->dial);
	pump_free(state->up.pump);
	pump_free(state->down.pump);
	if (s->target != NULL && state->down.state != DIRECTION_SHUT)
		connection_cut(s->connection);
	if (s->target != NULL && state->up.state != DIRECTION_SHUT)
		connection_abort(s->target);
	connection_free(s->target);
	s->target = NULL;
	free(state->err);
	free(state);
}

/* --- dialling --- */

static void dialled(void *arg, struct transport *transport, const struct err *err,
		    const struct dial_times *times)
{
	struct to_state *state = arg;
	struct session *s = state->session;
	const struct session_settings *settings = s->shared->settings;

	(void)times;
	state->dial = NULL;
	if (transport == NULL)
		state->err = alloc_copy(err, sizeof(*err));
	else
		s->target = connection_new(transport, settings->limit, settings->high_water,
					   settings->low_water, &s->task);
	task_wake(&s->task);
}

/* Of the dial's lines in the log; the caller owns it. */
static char *dial_prefix(const struct session *s)
{
	char *name, *prefix;

	if (!s->shared->listening || !log_enabled(LOG_INFO))
		return alloc_string("");
	name = session_name(s);
	prefix = alloc_printf("%s: ", name);
	free(name);
	return prefix;
}

static struct to_state *new_state(struct session *s, const struct step *step)
{
	struct to_state *state = session_state(s, sizeof(*state));
	char *prefix = dial_prefix(s);

	state->session = s;
	state->up.name = "up";
	state->down.name = "down";
	state->dial =
		dial_start(s->shared->loop, step->args, s->shared->dialing, prefix, dialled, state);
	free(prefix);
	return state;
}

static void join(struct session *s, struct to_state *state)
{
	struct pump_end peer = pump_end_connection(s->connection);
	struct pump_end target = pump_end_connection(s->target);

	state->phase = TO_JOINED;
	session_log_tls(s, "target: ", s->target);
	state->up.pump = session_pump_new(s, "up", peer, target);
	state->down.pump = session_pump_new(s, "down", target, peer);
}

/* A peer that has ended sending may still want an answer, one that has reset does not. */
static enum step_result run_dialling(struct session *s, struct to_state *state)
{
	if (state->err != NULL)
		return session_fail(s, state->err, NULL);
	if (s->target == NULL && s->connection->reader.broken)
		return session_fail(s, connection_read_error(s->connection), NULL);
	if (s->target == NULL)
		return session_wait(s, WAIT_PUMP);
	join(s, state);
	return STEP_MORE;
}

/* --- joined --- */

/* True while the destination takes no more. Once it has failed, what still comes is dropped:
 * the source may want to send it all before it reads. */
static bool run_direction(struct session *s, struct direction *d, struct connection *source,
			  struct connection *dest)
{
	bool full = false;

	if (d->state == DIRECTION_FLOWING)
		full = direction_flow(s, d) == PUMP_WAIT_DEST;
	if (d->state == DIRECTION_FLUSHING)
		direction_finish_flush(s, d, connection_write_eof(dest));
	if (d->state == DIRECTION_BROKEN) {
		(void)reader_read(&source->reader, UINT64_MAX, NULL);
		(void)session_wait(s, WAIT_PUMP);
	}
	return full || d->state == DIRECTION_FLUSHING;
}

static enum step_result fail_of(struct session *s, const struct err *of, const char *what)
{
	struct err err = *of;

	(void)err_prefix(&err, "%s", what);
	return session_fail(s, &err, NULL);
}

/* A direction is over, too, when nothing comes and its destination, which has ended sending,
 * has closed altogether. */
static bool shut_if_peer_gone(struct session *s, struct direction *d, const struct direction *other,
			      const struct connection *dest, bool full)
{
	if (other->state != DIRECTION_SHUT || d->state != DIRECTION_FLOWING || full ||
	    !session_watch_gone(s, dest))
		return false;
	direction_move_to(s, d, DIRECTION_SHUT);
	return true;
}

static enum step_result close_target(struct session *s, struct to_state *state)
{
	state->phase = TO_CLOSING;
	session_time_step_off(s);
	if (state->up.state == DIRECTION_CUT)
		connection_cut(s->target);
	return STEP_MORE;
}

/* What the two states make of the whole. A direction that is broken leaves the other its
 * time, as long as that has something to say. */
static enum step_result decide(struct session *s, struct to_state *state, bool up_is_full,
			       bool down_is_full)
{
	struct direction *up = &state->up, *down = &state->down;

	if (down->state == DIRECTION_CUT)
		return fail_of(s, connection_read_error(s->target), "reading from the target");
	if (up->state == DIRECTION_CUT)
		return close_target(s, state);
	if (up->state == DIRECTION_BROKEN &&
	    (down->state == DIRECTION_SHUT || down->state == DIRECTION_BROKEN ||
	     (!down_is_full && session_watch_silence(s, s->target))))
		return fail_of(s, connection_write_error(s->target), "sending to the target");
	if (up->state == DIRECTION_SHUT &&
	    (down->state == DIRECTION_SHUT || down->state == DIRECTION_BROKEN))
		return close_target(s, state);
	if (shut_if_peer_gone(s, down, up, s->connection, down_is_full) ||
	    shut_if_peer_gone(s, up, down, s->target, up_is_full))
		return close_target(s, state);
	return STEP_AGAIN;
}

static enum step_result run_joined(struct session *s, struct to_state *state)
{
	enum step_result result;
	bool up_is_full, down_is_full;

	connection_refresh(s->target);
	up_is_full = run_direction(s, &state->up, s->connection, s->target);
	if (up_is_full)
		(void)session_wait(s, WAIT_OUTPUT); /* the peer is not silent, but not read */
	down_is_full = run_direction(s, &state->down, s->target, s->connection);
	result = decide(s, state, up_is_full, down_is_full);
	if (connection_update(s->target))
		(void)session_wait(s, WAIT_TURN);
	return result;
}

/* --- closing --- */

/* The step is over, and so is the connection to the target. */
static enum step_result finish(struct session *s, const struct to_state *state)
{
	if (state->up.state == DIRECTION_CUT)
		return session_fail(s, connection_read_error(s->connection), NULL);
	if (state->down.state == DIRECTION_BROKEN)
		return session_fail(s, connection_write_error(s->connection), NULL);
	(void)session_step_moved(s, session_taken(s));
	return STEP_STOP;
}

static enum step_result run_closing(struct session *s, struct to_state *state)
{
	bool failed = state->up.state == DIRECTION_CUT || state->down.state == DIRECTION_BROKEN;
	struct err err;

	connection_refresh(s->target);
	switch (session_close(s, s->target, failed, &err)) {
	case STREAM_AGAIN:
		(void)connection_update(s->target); /* its timer or its events wake the task */
		return session_wait(s, WAIT_CLOSE);
	case STREAM_ERROR:
		if (!failed)
			return fail_of(s, &err, "closing the connection to the target");
		break;
	case STREAM_OK:
	case STREAM_EOF:
	case STREAM_OVERRUN:
		break;
	}
	return finish(s, state);
}

/* --- the step --- */

static bool parse_to(struct step *step, struct step_words *words, struct err *err)
{
	const char *word = step_args_word(words, "ADDRESS", err);
	struct address *address;

	if (word == NULL)
		return false;
	step->args = address = alloc_zeroed(sizeof(*address));
	if (!address_parse(word, NULL, ADDRESS_CONNECT, address, err))
		return false;
	if (address->kind == ADDRESS_FD)
		return err_set(err, ERR_USAGE,
			       "'%s' is open already: ADDRESS must be one to connect to", word);
	step->flags |= address->tls ? STEP_DIALS_TLS : 0;
	if (address->tls && address_tls_name(address) == NULL)
		step->flags |= STEP_DIALS_NAMELESS;
	return address_check_family(address, words->context->family, err);
}

static void free_args(void *args)
{
	address_free(args);
	free(args);
}

static enum step_result run_to(struct session *s, const struct step *step)
{
	struct to_state *state = s->state != NULL ? s->state : new_state(s, step);

	switch (state->phase) {
	case TO_DIALLING:
		return run_dialling(s, state);
	case TO_JOINED:
		return run_joined(s, state);
	case TO_CLOSING:
		break;
	}
	return run_closing(s, state);
}

const struct step_kind step_to = {
	.name = "to",
	.args = "ADDRESS",
	.summary = "connect to ADDRESS and join the two streams",
	.returns = "nothing; each side gets what the other sends",
	.fails = "resolve, connect, tls or timeout while connecting, io or tls afterwards",
	.example = "to localhost:8080",
	.flags = STEP_LAST | STEP_READS | STEP_SENDS | STEP_DIALS | STEP_TOTAL,
	.parse = parse_to,
	.free_args = free_args,
	.run = run_to,
	.free_state = free_state,
};
