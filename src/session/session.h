/* SPDX-License-Identifier: ISC */
/* session: a list of steps run over one stream. */
#pragma once

/*
 * A wake only marks the session's task as pending; the loop runs it with
 * nothing of it on the stack. A run goes on as far as it can within a budget,
 * then sleeps; what it waits for has been armed by then (asserted). It is freed
 * in one place, at the end of its own run, or by its owner with session_free().
 *
 * The first failure in time is the session's. After it, as after the last step,
 * the stream is closed in order; after a deadline at once.
 */

#include "io/connection.h"
#include "io/loop.h"
#include "session/event_writer.h"
#include "session/settings.h"
#include "session/step.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct broadcast;
struct children;
struct dial_options;
struct err;
struct evbuffer;
struct fd_reader;
struct opening;
struct session;
struct session_limits;
struct splice_pipes;
struct tls_config;

/* At the end of the session's last run; it is freed when this returns. */
typedef void (*session_done_fn)(void *arg, struct session *session);

/* What sessions share; all borrowed. */
struct session_shared {
	struct loop *loop;
	const struct session_settings *settings;
	const struct step_list *steps;
	struct event_writer *events;
	struct fd_reader *input;      /* standard input; NULL when no step uses it */
	const char *address;	      /* as the user wrote it, in one word; NULL: accepted */
	bool listening;		      /* we accepted the connection */
	bool single;		      /* the only one: the end of its peer is that of the output */
	bool probes;		      /* a peer that ends before it sent a byte is not a failure */
	bool hints;		      /* say which step waits for long; needs `single` */
	struct splice_pipes *pipes;   /* for the pumps; NULL: none */
	struct broadcast *broadcast;  /* for the step broker, which needs it */
	struct children *children;    /* for exec */
	const struct tls_config *tls; /* for accepted connections that start TLS */
	const struct dial_options *dialing; /* for the step `to` */
};

/* What armed the wake-up of a session that sleeps. */
enum session_wait {
	WAIT_READ = 1 << 0,   /* bytes from the peer */
	WAIT_WRITE = 1 << 1,  /* bytes leaving towards it */
	WAIT_OUTPUT = 1 << 2, /* room for what the peer sends: output, a target, a command */
	WAIT_TIMER = 1 << 3,
	WAIT_TURN = 1 << 4,   /* its own next turn: the budget is spent */
	WAIT_PUMP = 1 << 5,   /* an end of a pump, which has armed it */
	WAIT_CLOSE = 1 << 6,  /* the orderly end */
	WAIT_OTHERS = 1 << 7, /* what others do: another session, a command */
};

enum session_phase {
	SESSION_OPENING, /* the handshake of an accepted connection */
	SESSION_STEPS,
	SESSION_READING_REST, /* sending failed: read what the peer had sent, then fail */
	SESSION_CLOSING,
	SESSION_OVER,
};

/* For the steps and for session_*.c; owners use the functions. There may be very many
 * idle sessions: what few of them need is made at need. */
struct session {
	const struct session_shared *shared;
	struct opening *opening;       /* owned; NULL: it is open */
	struct connection *connection; /* owned; NULL until it is open */
	struct connection *target;     /* that the step `to` has opened, and owns; or NULL */
	struct task task;
	uint64_t conn;
	unsigned at;   /* the running step */
	unsigned next; /* the one after it */
	enum session_phase phase;
	unsigned char waits;	      /* enum session_wait, or-ed; of the last run */
	bool err_told : 1;	      /* the event of the failed step has told `err` */
	bool begun : 1;		      /* the running step has */
	bool line_open : 1;	      /* --hex: the line of a record in pieces has no end yet */
	bool probe : 1;		      /* it has ended, and is_probe() held */
	bool ignore_close_errors : 1; /* --fault has ended it */
	unsigned char held_len;
	unsigned char held[3];	       /* JSON: the start of a character, for the next piece */
	const struct bytes *separator; /* that the running readuntil met, of several; or NULL */
	void *state;		       /* of the running step, made by it; owned */
	uint64_t read_rest_until_ms;   /* SESSION_READING_REST: for so long at most */
	uint64_t heard;		       /* bytes received at the last check for silence */
	uint64_t round_start;	       /* bytes consumed when this round of a loop began */
	uint64_t step_start;	       /* ... when the running step began; see session_taken() */
	struct evbuffer *data;	       /* what it reads; empty between runs; shared, borrowed */
	struct evbuffer *record;       /* what expect looks at; NULL unless it is in the list */
	struct session_limits *limits; /* of time; NULL: there are none */
	struct timer *timer;	       /* the running step's own, or NULL */
	uint64_t started_us;	       /* until it is open, when it was accepted */
	uint64_t turn_end_us;	       /* see session_turn_end(); 0: not asked for in this run */
	struct err *err;	       /* owned; NULL: all went well */
	struct err *tried; /* the last that `try` caught in this round of a loop, but for timeouts;
			      owned */
	session_done_fn done;
	void *arg;
	TAILQ_ENTRY(session) link; /* for its owner */
};

/* `transport` is handed over; it is open, unless `tls`: then it has just been accepted,
 * and TLS starts. --timeout has counted since `since_ms`, by loop_now(). */
struct session *session_new(const struct session_shared *shared, struct transport *transport,
			    bool tls, uint64_t conn, uint64_t since_ms, session_done_fn done,
			    void *arg);

/* NULL is allowed. Before it is done: `done` is not called. */
void session_free(struct session *s);

/* Tell its failure, if it has one, and its end: before it is freed by its owner. */
void session_tell_end(struct session *s);

/* End it soon, with this error if it has none yet, without an orderly close. */
void session_end(struct session *s, const struct err *err);
