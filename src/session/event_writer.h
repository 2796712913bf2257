/* SPDX-License-Identifier: ISC */
/* event_writer: writes what the steps read to standard output, raw or as JSON lines. */
#pragma once

/*
 * Raw output is the bytes of the steps alone; with JSON every event is one line.
 * Each record is written whole, so that the records of sessions do not mix.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes;
struct connection;
struct err;
struct evbuffer;
struct json_t; /* jansson's json_t */
struct fd_writer;

/* For others to read only. */
struct event_writer {
	struct fd_writer *output; /* borrowed */
	struct evbuffer *scratch; /* for one record; left empty by each user */
	bool json;
};

struct event_writer *event_writer_new(struct fd_writer *output, bool json);
void event_writer_free(struct event_writer *events);

/* What a step has done. Raw output is `data`, as digits if `hex`, followed by a
 * newline if `newline`. */
struct step_event {
	uint64_t conn;
	size_t index;
	const char *step;
	const struct err *error; /* NULL on success */
	bool tried;		 /* ... and `try` has caught it */
	const char *key;	 /* of info; NULL: of another step */
	uint64_t expected;	 /* bytes that a failed read had to deliver; 0: not known */
	size_t limit;		 /* of an overrun; 0: it is none */
	bool has_bytes;
	uint64_t bytes;
	struct evbuffer *data;	       /* what was read; left empty; NULL: nothing */
	const struct bytes *separator; /* that ended it, of several; or NULL */
	bool no_data;		       /* info: the connection has no such fact */
	bool more;		       /* the record continues in another event */
	bool hex;
	bool newline;
};

void event_writer_step(struct event_writer *events, const struct step_event *step);

/* With JSON only. A `conn` of 0 and an address that is NULL are left out. */
void event_writer_listening(struct event_writer *events, const char *address);
void event_writer_open(struct event_writer *events, uint64_t conn, const char *address,
		       const struct connection *connection);
void event_writer_close(struct event_writer *events, uint64_t conn, uint64_t sent,
			uint64_t received, uint64_t duration_us);

/*
 * The one form in which an error is told while the loop runs: a line on standard error,
 * "NAME: TEXT", and the event "error". Left out: the name when NULL, the number when
 * `conn` is 0 (then the name is a URL, which the event has), and the event when `events`
 * is NULL, for an error that the event of a step has told.
 */
void event_writer_error(struct event_writer *events, uint64_t conn, const char *name,
			const struct err *err);

/* For events made elsewhere, where `json` is set. add() writes an object as a line; `event`
 * is handed over. Microseconds become seconds. */
void event_writer_add(struct event_writer *events, struct json_t *event);
struct json_t *event_writer_seconds(uint64_t us);
