/* SPDX-License-Identifier: ISC */
/* step_exec: runs a command on the stream, until it has exited and its output is sent. */
#include "config.h"

#include "base/environment.h"
#include "base/err.h"
#include "io/child.h"
#include "io/fd_reader.h"
#include "io/fd_writer.h"
#include "session/direction.h"
#include "session/exec_environment.h"
#include "session/session_pump.h"
#include "session/session_record.h"
#include "session/session_step.h"
#include "session/step_args.h"

#include <errno.h>
#include <stdlib.h>

/*
 * Two pipes carry the bytes: each is closed by itself, which is how an end is passed on,
 * and splice(2) moves between a pipe and a socket in one call. A socket pair would need
 * a pipe between, and a socket as standard output is not what commands are used to.
 *
 * Each direction has a pump and a state, as in relay. What decides is neither: the step
 * ends with the command. All that it has written is in the pipe by then, and that much
 * is still sent, but no more is waited for: a process that it has left behind may hold
 * the pipe for ever.
 */

enum {
	POLL_MS = 1000, /* between two looks at a peer that is not read */
	EXIT_MS = 200,	/* from the end of the output to the exit of most commands, at the most */
};

struct exec_state {
	struct session *session;
	struct child *child;
	struct direction up;	  /* the peer to the command */
	struct direction down;	  /* the command to the peer */
	struct fd_writer *input;  /* of the command; NULL: closed */
	struct fd_reader *output; /* of the command; NULL: closed */
	struct timer *poll_timer; /* at a peer that is not read */
	struct timer *exit_timer; /* from the end of the output; NULL: it goes on */
	bool exited;		  /* the command has: */
	uint64_t output_size;	  /* ... so much has it written, or left in the pipe */
	uint64_t kill_after_ms;	  /* from SIGTERM to SIGKILL */
};

static bool parse_exec(struct step *step, struct step_words *words, struct err *err)
{
	const char *command = step_args_word(words, "COMMAND", err);

	if (command == NULL)
		return false;
	if (command[0] == '\0')
		return err_set(err, ERR_USAGE, "the COMMAND is empty");
	step->args = (void *)command;
	return true;
}

/* --- start and end --- */

static void close_input(struct exec_state *state)
{
	fd_writer_free(state->input);
	state->input = NULL;
}

static void close_output(struct exec_state *state)
{
	fd_reader_free(state->output);
	state->output = NULL;
}

/* The command has exited, and the peer has all of its output. */
static bool is_over(const struct exec_state *state)
{
	return state->exited &&
	       (state->down.pump == NULL || pump_bytes(state->down.pump) >= state->output_size);
}

/* Where the step ends early, the peer has a part of the output, unless it has been told its
 * end. */
static void free_state(void *p)
{
	struct exec_state *state = p;

	if (state->child != NULL && state->down.state != DIRECTION_SHUT && !is_over(state))
		connection_cut(state->session->connection);
	pump_free(state->up.pump);
	pump_free(state->down.pump);
	close_input(state);
	close_output(state);
	timer_free(state->poll_timer);
	timer_free(state->exit_timer);
	child_free(state->child, state->kill_after_ms);
	free(state);
}

static bool start(struct session *s, struct exec_state *state, const char *command, struct err *err)
{
	struct loop *loop = s->shared->loop;
	struct environment env = environment_copy();
	struct child_pipes pipes;

	exec_environment_add(&env, s->connection, s->conn);
	state->child = child_start(s->shared->children,
				   &(struct child_options){ .command = command,
							    .environment = env.items,
							    .own_group = true },
				   &pipes, &s->task, err);
	environment_free(&env);
	if (state->child == NULL)
		return false;
	state->kill_after_ms = s->shared->settings->close_timeout_ms;
	state->input = fd_writer_new(loop, pipes.to, true, "the command");
	fd_writer_set_owner(state->input, &s->task);
	state->output = fd_reader_new(loop, pipes.from, true, "the command");
	fd_reader_set_task(state->output, &s->task);
	state->poll_timer = timer_new(&s->task);
	state->up.name = "up";
	state->up.pump = session_pump_new(s, "up", pump_end_connection(s->connection),
					  pump_end_output(state->input));
	state->down.name = "down";
	state->down.pump = session_pump_new(s, "down", pump_end_input(state->output),
					    pump_end_connection(s->connection));
	return true;
}

/* --- each direction, as far as it can go now: STEP_FAIL or STEP_AGAIN --- */

/* Let the command see the end, once it has got all. */
static void flush_up(struct session *s, struct exec_state *state)
{
	if (fd_writer_error(state->input) == NULL && fd_writer_queued(state->input) > 0) {
		(void)session_wait(s, WAIT_OUTPUT);
		return;
	}
	close_input(state);
	direction_move_to(s, &state->up, DIRECTION_SHUT);
}

/* The command reads no more. What the peer sends is dropped, so that its end is noticed. */
static enum step_result drop_up(struct session *s, struct exec_state *state)
{
	enum stream_status status;

	do
		status = reader_read(&s->connection->reader, UINT64_MAX, NULL);
	while (status == STREAM_OK);
	if (status == STREAM_ERROR)
		return session_read_unmet(s, status, NULL, 0);
	if (status != STREAM_EOF)
		return session_wait(s, WAIT_READ);
	direction_move_to(s, &state->up, DIRECTION_SHUT);
	return STEP_AGAIN;
}

/* While the command does not read, the peer is not read either: it is not silent, but nothing
 * tells of its reset. */
static bool watch_reset(struct session *s, struct exec_state *state)
{
	(void)session_wait(s, WAIT_OUTPUT);
	if (timer_pending(state->poll_timer))
		return false;
	timer_start(state->poll_timer, POLL_MS);
	return transport_peer_state(s->connection->transport) == PEER_RESET;
}

static enum step_result reset_unread(struct session *s)
{
	struct step_event event = session_event(s);
	struct err err = err_errno(ERR_IO, ECONNRESET);

	event.has_bytes = true;
	event.bytes = session_taken(s);
	return session_fail(s, &err, &event);
}

static enum step_result run_up(struct session *s, struct exec_state *state)
{
	enum pump_result result;

	if (state->up.state == DIRECTION_FLOWING) {
		result = direction_flow(s, &state->up);
		if (result == PUMP_SOURCE_FAILED)
			return session_read_unmet(s, STREAM_ERROR, NULL, 0);
		if (result == PUMP_WAIT_DEST && watch_reset(s, state))
			return reset_unread(s);
	}
	if (state->up.state == DIRECTION_FLUSHING)
		flush_up(s, state);
	return state->up.state == DIRECTION_BROKEN ? drop_up(s, state) : STEP_AGAIN;
}

static void output_ended(struct session *s, struct exec_state *state)
{
	close_output(state);
	state->exit_timer = timer_new(&s->task);
	timer_start(state->exit_timer, EXIT_MS);
}

/* A command whose output goes nowhere gets SIGPIPE by its next write. One that has closed it
 * may run on: then the peer gets the end. But most exit a moment later, and a peer that closes
 * when it sees the end must not do so before the command has exited. */
static enum step_result run_down(struct session *s, struct exec_state *state)
{
	enum pump_result result;

	if (state->down.state == DIRECTION_FLOWING) {
		result = direction_flow(s, &state->down);
		if (result == PUMP_SOURCE_FAILED)
			return session_fail(s, fd_reader_error(state->output), NULL);
		if (state->down.state != DIRECTION_FLOWING)
			output_ended(s, state);
	}
	if (state->down.state == DIRECTION_FLUSHING && !state->exited &&
	    timer_expired(state->exit_timer))
		direction_finish_flush(s, &state->down, connection_write_eof(s->connection));
	return STEP_AGAIN;
}

/* --- the whole --- */

static void watch_command(struct session *s, struct exec_state *state)
{
	if (!child_exited(state->child)) {
		(void)session_wait(s, WAIT_OTHERS);
	} else if (!state->exited) {
		state->exited = true;
		if (state->down.pump != NULL)
			state->output_size =
				pump_bytes(state->down.pump) + fd_reader_pending(state->output);
	}
}

static enum step_result command_ended(struct session *s, const struct exec_state *state)
{
	struct step_event event = session_event(s);
	struct err err;

	if (state->down.state == DIRECTION_BROKEN)
		return session_fail(s, connection_write_error(s->connection), NULL);
	event.has_bytes = true;
	event.bytes = session_taken(s);
	if (!child_succeeded(state->child, &err))
		return session_fail(s, &err, &event);
	if (child_status(state->child) != 0) { /* the program ends, and has ended it */
		connection_cut(s->connection);
		return STEP_STOP;
	}
	(void)session_step_moved(s, event.bytes);
	return STEP_STOP;
}

static enum step_result run_exec(struct session *s, const struct step *step)
{
	struct exec_state *state = s->state;
	struct err err;

	if (state == NULL) {
		state = session_state(s, sizeof(*state));
		state->session = s;
		if (!start(s, state, step->args, &err))
			return session_fail(s, &err, NULL);
	}
	watch_command(s, state);
	if (run_down(s, state) == STEP_FAIL)
		return STEP_FAIL;
	if (is_over(state))
		return command_ended(s, state);
	return run_up(s, state);
}

const struct step_kind step_exec = {
	.name = "exec",
	.args = "COMMAND",
	.summary = "run a shell command on the stream",
	.returns = "nothing; the peer gets the output, and its bytes are the input",
	.fails = "with COMMAND's status, exec without a shell, io, tls or timeout",
	.example = "exec 'echo \"hello, $LIU_PEER\"'",
	.flags = STEP_LAST | STEP_READS | STEP_SENDS | STEP_COMMAND | STEP_TOTAL,
	.parse = parse_exec,
	.run = run_exec,
	.free_state = free_state,
};
