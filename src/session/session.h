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

#include "base/log.h"
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

/* What is left of a --timeout that has counted since then, at least 1 ms; 0: it was not
 * given. */
uint64_t session_time_left(const struct session_settings *settings, uint64_t since_ms);

/* For the steps. */

/* The running step's own struct of `size` bytes, zeroed when first asked for. */
void *session_state(struct session *s, size_t size);

/* Say that the running step has failed with `err`, whose text gets the step in
 * front. `event` (or NULL) has what the read got; both are written. Always
 * STEP_FAIL. */
enum step_result session_fail(struct session *s, const struct err *err, struct step_event *event);

/* What a step answers when the reader has not said OK but `status`, and put what was
 * left into `data`, which may be NULL. `expected` is all that the step had to take (0:
 * not known). STEP_AGAIN, STEP_FAIL, or STEP_STOP when the peer ended a loop between
 * two rounds. */
enum step_result session_read_unmet(struct session *s, enum stream_status status,
				    struct evbuffer *data, uint64_t expected);

/* The same once the stream has ended. With `of`, what arrived is told as a part of
 * `expected`, where that is known. */
enum step_result session_read_ended(struct session *s, struct evbuffer *data, uint64_t expected,
				    bool of);

/* "WHAT the limit of N bytes (--limit)". */
enum step_result session_fail_overrun(struct session *s, const char *what);

/* Sleep until then; `wait` is one bit. Always STEP_AGAIN. */
enum step_result session_wait(struct session *s, enum session_wait wait);

/* A new event of the running step. */
struct step_event session_event(const struct session *s);

/* The running step is done, having moved `bytes`. Always STEP_NEXT. */
enum step_result session_step_done(struct session *s);
enum step_result session_step_moved(struct session *s, uint64_t bytes);

/* A record that the running step has read. `strip` bytes at its end are its line
 * end or separator, for --chomp and expect; `more` says that the step goes on. */
void session_record(struct session *s, struct evbuffer *data, size_t strip, bool more);

/* What a read of one record into s->data answers, once the reader has been asked;
 * `expected` as in session_read_unmet(). */
enum step_result session_take_record(struct session *s, enum stream_status status,
				     uint64_t expected);

/* A piece of a longer record; without `more` it is the last, perhaps empty. */
void session_piece(struct session *s, struct evbuffer *data, bool more);

/* Is what the running step reads printed as --hex says? */
bool session_shows_hex(const struct session *s);

/* The end of what had no length of its own: an event without bytes. */
void session_piece_end(struct session *s);

/* Remember bytes for expect: a new record, or more of it. */
void session_record_begin(struct session *s);
void session_record_add(struct session *s, struct evbuffer *data, size_t len);

/* The length of a line's end: LF, CR LF or none. */
size_t session_line_end(struct evbuffer *line);

/* When a step that computes, like expect, gives way to other connections, in
 * microseconds of loop_now_us(): all such steps of one run share 5 ms. */
uint64_t session_turn_end(struct session *s);

/* Bytes taken from the peer's stream so far, and by the running step. */
uint64_t session_consumed(const struct session *s);
uint64_t session_taken(const struct session *s);

/* One call of the orderly end of the session's connection, or of one that a step has opened,
 * as connection_close() has it. `hurry`: the close timeout bounds sending too, even if it was
 * not given. */
enum stream_status session_close(struct session *s, struct connection *c, bool hurry,
				 struct err *err);

/* Once sending to it has failed: true when nothing has come from there for a second, so that
 * it need not be waited for. Until then the step's timer is started. */
bool session_watch_silence(struct session *s, const struct connection *c);

/* Once its peer has ended sending, and there is nothing to send to it: true when it has closed
 * altogether, which it need not tell. Until then the step's timer is started. Over TCP that takes
 * a minute or two: see transport_probe(). */
bool session_watch_gone(struct session *s, const struct connection *c);

struct timer *session_timer(struct session *s); /* the step's own; made at need */

/* A line about the session. In a listener it begins with its name; in a client only where
 * it is a detail, as others speak of no connection. */
void session_log(const struct session *s, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Within the session. */

void session_note_error(struct session *s, const struct err *err); /* unless it has one */

/* session_fail(), also for a failure that `try` does not catch. */
enum step_result session_fail_for(struct session *s, const struct err *err,
				  struct step_event *event, bool forgivable);

/* "connection 3 (127.0.0.1:5000)"; the number alone where the peer has no address, and in
 * a client. Owned by the caller. */
char *session_name(const struct session *s);

/* -v: a line about the TLS of one of its connections, if it has any. */
void session_log_tls(const struct session *s, const char *prefix, const struct connection *c);

/* At the end of a list that has not failed: a client that only writes may want to know that
 * there was an answer. */
void session_log_unread(const struct session *s);

/* Complete the event of a step that has failed: a begin of a character that was kept for
 * the next piece comes before its data, and its line ends. */
void session_complete_failure(struct session *s, struct step_event *event);

/* A line, for a newcomer, about a step that gets no bytes. */
enum { SESSION_HINT_MS = 5000 };

void session_log_waiting(const struct session *s);

/* The limits of time. Begin: from here on the deadline and the idle one count; step: the
 * next step begins; note: bytes may have moved, before a run or in it; idle_off: silence
 * is allowed from now on; end: the limit for steps has had its turn. */
void session_time_begin(struct session *s, uint64_t since_ms);
void session_time_step(struct session *s);
void session_time_note(struct session *s);
void session_time_idle_off(struct session *s);
void session_time_end(struct session *s);
void session_time_free(struct session *s);

/* Has a limit passed? `err` says which. Each is told once: its timer is started again or
 * stopped, but for the deadline's. */
enum expiry {
	EXPIRY_NONE,
	EXPIRY_DEADLINE, /* `try` does not forgive it */
	EXPIRY_STEP,	 /* the running step took too long, or was silent for too long */
};

enum expiry session_time_take(struct session *s, struct err *err);
