/* SPDX-License-Identifier: ISC */
/* sink: where what the steps read goes: standard output, raw or as JSON lines. */
#ifndef LIU_SESSION_SINK_H
#define LIU_SESSION_SINK_H

/*
 * Raw, only the bytes of the steps appear; as JSON every event is one line.
 * Each record is written whole, so that those of several sessions do not mix.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct evbuffer;
struct http_head;
struct output;
struct sink;
struct task;
struct transport;

/* `output` is borrowed. */
struct sink *sink_new(struct output *output, bool json);
void sink_free(struct sink *sink);
bool sink_is_json(const struct sink *sink);
struct output *sink_output(const struct sink *sink);

/* An empty evbuffer for one record; to be left empty. Borrowed. */
struct evbuffer *sink_scratch(struct sink *sink);

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

void sink_step(struct sink *sink, const struct step_event *event);

/* JSON only; nothing is written raw. A `conn` of 0 is left out. */
void sink_listening(struct sink *sink, const char *address);
void sink_open(struct sink *sink, unsigned conn, const struct transport *transport);
void sink_close(struct sink *sink, unsigned conn, uint64_t sent, uint64_t received,
		uint64_t duration_us);
void sink_error(struct sink *sink, unsigned conn, const struct err *err);

struct head_times {
	uint64_t resolve_us, connect_us, tls_us, first_byte_us, total_us;
};

void sink_head(struct sink *sink, const char *url, const struct http_head *head,
	       const struct head_times *times);

/* Back-pressure: see output.h. */
bool sink_above(const struct sink *sink);
void sink_wait(struct sink *sink, struct task *task);
void sink_unwait(struct sink *sink, struct task *task);

#endif
