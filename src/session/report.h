/* SPDX-License-Identifier: ISC */
/* report: the one form in which an error is told while the loop runs. */
#pragma once

struct err;
struct event_writer;

/*
 * A line on standard error, "PEER: TEXT", and the event "error". Left out: the peer
 * when NULL, the number when `conn` is 0, and the event when `events` is NULL, for an
 * error that the event of a step has told.
 */
void report_error(struct event_writer *events, unsigned conn, const char *peer,
		  const struct err *err);
