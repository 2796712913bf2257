/* SPDX-License-Identifier: ISC */
/* session_struct: struct session, for its own files, the steps and its owner. */
#pragma once

#include "io/connection.h"
#include "io/loop.h"
#include "session/event_writer.h"
#include "session/session_shared.h"
#include "session/settings.h"
#include "session/step.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct err;
struct evbuffer;
struct opening;
struct session_limits;

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

/* There may be very many idle sessions: what few of them need is made at need. */
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
	struct err *tried; /* the last failure in this round of a loop that `try` caught, timeouts
			      excepted; owned */
	void (*done)(void *arg, struct session *session);
	void *arg;
	TAILQ_ENTRY(session) link; /* for its owner */
};
