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

#include <stdbool.h>
#include <stdint.h>

struct err;
struct session;
struct session_shared;
struct transport;

/* At the end of the session's last run; it is freed when this returns. */
typedef void (*session_done_fn)(void *arg, struct session *session);

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
