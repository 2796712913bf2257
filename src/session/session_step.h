/* SPDX-License-Identifier: ISC */
/* session_step: functions of a session for its running step. */
#pragma once

#include "session/session_struct.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection;
struct err;
struct evbuffer;
struct step_event;
struct timer;

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

/* What a read of one record into s->data answers, once the reader has been asked;
 * `expected` as in session_read_unmet(). */
enum step_result session_take_record(struct session *s, enum stream_status status,
				     uint64_t expected);

/* "WHAT the limit of N bytes (--limit)". */
enum step_result session_fail_overrun(struct session *s, const char *what);

/* Sleep until then; `wait` is one bit. Always STEP_AGAIN. */
enum step_result session_wait(struct session *s, enum session_wait wait);

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

void session_note_error(struct session *s, const struct err *err); /* unless it has one */

/* session_fail(), also for a failure that `try` does not catch. */
enum step_result session_fail_for(struct session *s, const struct err *err,
				  struct step_event *event, bool forgivable);
