/* SPDX-License-Identifier: ISC */
/* event_writer: where what the steps read goes: standard output, raw or as JSON lines. */
#ifndef LIU_SESSION_EVENT_WRITER_H
#define LIU_SESSION_EVENT_WRITER_H

/*
 * Raw, only the bytes of the steps appear; as JSON every event is one line.
 * Each record is written whole, so that those of several sessions do not mix.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection;
struct err;
struct evbuffer;
struct json_event;
struct stdout_writer;
struct event_writer;
struct task;

/* `output` is borrowed. */
struct event_writer *event_writer_new(struct stdout_writer *output, bool json);
void event_writer_free(struct event_writer *events);
bool event_writer_is_json(const struct event_writer *events);
struct stdout_writer *event_writer_output(const struct event_writer *events);

/* An empty evbuffer for one record; to be left empty. Borrowed. */
struct evbuffer *event_writer_scratch(struct event_writer *events);

/* What a step has done. Raw, `data` is written, and a newline after it where
 * `newline` says so. */
struct step_event {
	unsigned conn;
	size_t index;
	const char *step;
	const struct err *error; /* NULL: it went well */
	bool has_expected;
	uint64_t expected; /* bytes a failed read was asked for */
	bool has_limit;
	size_t limit; /* of an overrun; consumed is limit + 1 */
	bool has_bytes;
	uint64_t bytes;
	struct evbuffer *data; /* what was read; left empty; NULL: nothing */
	bool no_data;	       /* info: the stream does not have it */
	bool more;	       /* the record goes on in another event */
	bool newline;
};

void event_writer_step(struct event_writer *events, const struct step_event *event);

/* JSON only; nothing is written raw. A `conn` of 0 is left out. */
void event_writer_listening(struct event_writer *events, const char *address);
void event_writer_open(struct event_writer *events, unsigned conn,
		       const struct connection *connection);
void event_writer_close(struct event_writer *events, unsigned conn, uint64_t sent,
			uint64_t received, uint64_t duration_us);
void event_writer_error(struct event_writer *events, unsigned conn, const struct err *err);

/* One line, whatever the output is: for events of JSON alone. `event` is handed over. */
void event_writer_add(struct event_writer *events, struct json_event *event);

/* Back-pressure: see stdout_writer.h. */
bool event_writer_above(const struct event_writer *events);
void event_writer_wait(struct event_writer *events, struct task *task);
void event_writer_unwait(struct event_writer *events, struct task *task);

#endif
