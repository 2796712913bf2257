/* SPDX-License-Identifier: ISC */
/* session_record: gives what steps read to standard output, events and expect. */
#pragma once

#include "session/session_struct.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evbuffer;

/* A new event of the running step. */
struct step_event session_event(const struct session *s);

/* The running step is done, having moved `bytes`. Always STEP_NEXT. */
enum step_result session_step_done(struct session *s);
enum step_result session_step_moved(struct session *s, uint64_t bytes);

/* A record that the running step has read. `strip` bytes at its end are its line
 * end or separator, for --chomp and expect; `more` says that the step goes on. */
void session_record(struct session *s, struct evbuffer *data, size_t strip, bool more);

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

/* Complete the event of a step that has failed: a begin of a character that was kept for
 * the next piece comes before its data, and its line ends. */
void session_complete_failure(struct session *s, struct step_event *event);
