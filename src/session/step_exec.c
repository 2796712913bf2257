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
	LOOK_MS = 1000, /* between two looks at a peer that is not read */
	EXIT_MS = 200,	/* from the end of the output to the exit of most commands, at the most */
};

struct exec {
	struct child *child;
	struct direction up;	  /* the peer to the command */
	struct direction down;	  /* the command to the peer */
	struct fd_writer *input;  /* of the command; NULL: closed */
	struct fd_reader *output; /* of the command; NULL: closed */
	struct timer *looking;	  /* at a peer that is not read */
	struct timer *exiting;	  /* from the end of the output; NULL: it goes on */
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

static void close_input(struct exec *x)
{
	fd_writer_free(x->input);
	x->input = NULL;
}

static void close_output(struct exec *x)
{
	fd_reader_free(x->output);
	x->output = NULL;
}

/* While the command runs, this is the end of the session: a failure. */
static void free_state(void *p)
{
	struct exec *x = p;

	pump_free(x->up.pump);
	pump_free(x->down.pump);
	close_input(x);
	close_output(x);
	timer_free(x->looking);
	timer_free(x->exiting);
	child_free(x->child, x->kill_after_ms);
	free(x);
}

static bool start(struct session *s, struct exec *x, const char *command, struct err *err)
{
	struct loop *loop = s->shared->loop;
	struct environment env = environment_copy();
	struct child_pipes pipes;

	exec_environment_add(&env, s->connection, s->conn);
	x->child = child_start(s->shared->children,
			       &(struct child_options){ .command = command,
							.environment = env.items,
							.own_group = true },
			       &pipes, &s->task, err);
	environment_free(&env);
	if (x->child == NULL)
		return false;
	x->kill_after_ms = s->shared->settings->close_timeout_ms;
	x->input = fd_writer_new(loop, pipes.to, true, "the command");
	fd_writer_set_owner(x->input, &s->task);
	x->output = fd_reader_new(loop, pipes.from, true, "the command");
	fd_reader_set_task(x->output, &s->task);
	x->looking = timer_new(&s->task);
	x->up.name = "up";
	x->up.pump = session_pump_new(s, "up", pump_end_connection(s->connection),
				      pump_end_output(x->input));
	x->down.name = "down";
	x->down.pump = session_pump_new(s, "down", pump_end_input(x->output),
					pump_end_connection(s->connection));
	return true;
}

/* --- each direction, as far as it can go now: STEP_FAIL or STEP_AGAIN --- */

/* Let the command see the end, once it has got all. */
static void flush_up(struct session *s, struct exec *x)
{
	if (fd_writer_error(x->input) == NULL && fd_writer_queued(x->input) > 0) {
		(void)session_wait(s, WAIT_OUTPUT);
		return;
	}
	close_input(x);
	direction_move_to(s, &x->up, DIRECTION_SHUT);
}

/* The command reads no more. What the peer sends is dropped, so that its end is noticed. */
static enum step_result drop_up(struct session *s, struct exec *x)
{
	enum stream_status status;

	do
		status = reader_read(&s->connection->reader, UINT64_MAX, NULL);
	while (status == STREAM_OK);
	if (status == STREAM_ERROR)
		return session_read_unmet(s, status, NULL, 0);
	if (status != STREAM_EOF)
		return session_wait(s, WAIT_READ);
	direction_move_to(s, &x->up, DIRECTION_SHUT);
	return STEP_AGAIN;
}

/* While the command does not read, the peer is not read either: it is not silent, but nothing
 * tells of its reset. */
static bool watch_reset(struct session *s, struct exec *x)
{
	(void)session_wait(s, WAIT_OUTPUT);
	if (timer_pending(x->looking))
		return false;
	timer_start(x->looking, LOOK_MS);
	return transport_peer_state(s->connection->transport) == PEER_RESET;
}

static enum step_result reset_unread(struct session *s)
{
	struct step_event event = session_event(s);
	struct err err;

	event.has_bytes = true;
	event.bytes = session_taken(s);
	(void)err_set(&err, ERR_IO, "%s", err_message(ECONNRESET));
	err.sys = ECONNRESET;
	return session_fail(s, &err, &event);
}

static enum step_result run_up(struct session *s, struct exec *x)
{
	enum pump_result result;

	if (x->up.state == DIRECTION_FLOWING) {
		result = direction_flow(s, &x->up);
		if (result == PUMP_SOURCE_FAILED)
			return session_read_unmet(s, STREAM_ERROR, NULL, 0);
		if (result == PUMP_WAIT_DEST && watch_reset(s, x))
			return reset_unread(s);
	}
	if (x->up.state == DIRECTION_FLUSHING)
		flush_up(s, x);
	return x->up.state == DIRECTION_BROKEN ? drop_up(s, x) : STEP_AGAIN;
}

static void output_ended(struct session *s, struct exec *x)
{
	close_output(x);
	x->exiting = timer_new(&s->task);
	timer_start(x->exiting, EXIT_MS);
}

/* A command whose output goes nowhere gets SIGPIPE by its next write. One that has closed it
 * may run on: then the peer gets the end. But most exit a moment later, and a peer that closes
 * when it sees the end must not do so before the command has exited. */
static enum step_result run_down(struct session *s, struct exec *x)
{
	enum pump_result result;

	if (x->down.state == DIRECTION_FLOWING) {
		result = direction_flow(s, &x->down);
		if (result == PUMP_SOURCE_FAILED)
			return session_fail(s, fd_reader_error(x->output), NULL);
		if (x->down.state != DIRECTION_FLOWING)
			output_ended(s, x);
	}
	if (x->down.state == DIRECTION_FLUSHING && !x->exited && timer_expired(x->exiting))
		direction_finish_flush(s, &x->down, connection_write_eof(s->connection));
	return STEP_AGAIN;
}

/* --- the whole --- */

static void watch_command(struct session *s, struct exec *x)
{
	if (!child_exited(x->child)) {
		(void)session_wait(s, WAIT_OTHERS);
	} else if (!x->exited) {
		x->exited = true;
		if (x->down.pump != NULL)
			x->output_size = x->down.pump->bytes + fd_reader_pending(x->output);
	}
}

static bool is_over(const struct exec *x)
{
	return x->exited && (x->down.pump == NULL || x->down.pump->bytes >= x->output_size);
}

static enum step_result command_ended(struct session *s, const struct exec *x)
{
	struct step_event event = session_event(s);
	struct err err;

	if (x->down.state == DIRECTION_BROKEN)
		return session_fail(s, connection_write_error(s->connection), NULL);
	event.has_bytes = true;
	event.bytes = session_taken(s);
	if (!child_succeeded(x->child, &err))
		return session_fail(s, &err, &event);
	(void)session_step_moved(s, event.bytes);
	return STEP_STOP;
}

static enum step_result run_exec(struct session *s, const struct step *step)
{
	struct exec *x = s->state;
	struct err err;

	if (x == NULL) {
		x = session_state(s, sizeof(*x));
		if (!start(s, x, step->args, &err))
			return session_fail(s, &err, NULL);
	}
	watch_command(s, x);
	if (run_down(s, x) == STEP_FAIL)
		return STEP_FAIL;
	if (is_over(x))
		return command_ended(s, x);
	return run_up(s, x);
}

const struct step_kind step_exec = {
	.name = "exec",
	.args = "COMMAND",
	.summary = "run a shell command on the stream",
	.returns = "nothing; the peer gets the output, and its bytes are the input",
	.fails = "with COMMAND's status, exec without a shell, io, tls or timeout",
	.example = "exec 'echo \"hello, $LIU_PEER\"'",
	.flags = STEP_LAST | STEP_READS | STEP_SENDS | STEP_COMMAND,
	.parse = parse_exec,
	.run = run_exec,
	.free_state = free_state,
};
