/* SPDX-License-Identifier: ISC */
/* session_record: gives what steps read to standard output, events and expect. */
#include "config.h"

#include "session/session_record.h"

#include "session/session_struct.h"

#include <event2/buffer.h>
#include <string.h>

struct step_event session_event(const struct session *s)
{
	const struct step *step = &s->shared->steps->steps[s->at];

	return (struct step_event){
		.conn = s->conn,
		.index = step->index,
		.step = step->kind->name,
	};
}

enum step_result session_step_done(struct session *s)
{
	struct step_event event = session_event(s);

	event_writer_step(s->shared->events, &event);
	return STEP_NEXT;
}

enum step_result session_step_moved(struct session *s, uint64_t bytes)
{
	struct step_event event = session_event(s);

	event.has_bytes = true;
	event.bytes = bytes;
	event_writer_step(s->shared->events, &event);
	return STEP_NEXT;
}

void session_record_begin(struct session *s)
{
	if (s->record != NULL)
		evbuffer_drain(s->record, evbuffer_get_length(s->record));
}

void session_record_add(struct session *s, struct evbuffer *data, size_t len)
{
	size_t room;

	if (s->record == NULL)
		return;
	room = s->shared->settings->limit - evbuffer_get_length(s->record);
	if (len > room)
		len = room;
	evbuffer_add(s->record, evbuffer_pullup(data, (ev_ssize_t)len), len);
}

/* Take `count` bytes off the end. */
static void cut_end(struct evbuffer *data, size_t count)
{
	size_t keep = evbuffer_get_length(data) - count;
	struct evbuffer *whole;

	if (count == 0)
		return;
	whole = evbuffer_new();
	evbuffer_add_buffer(whole, data);
	evbuffer_remove_buffer(whole, data, keep);
	evbuffer_free(whole);
}

/* JSON pieces are cut between characters: put the begin of one that was kept in front of
 * `data`, and where there is more to come keep the one at its end. */
static void hold_character(struct session *s, struct evbuffer *data, bool more)
{
	size_t len, whole;

	if (s->held_len > 0)
		evbuffer_prepend(data, s->held, s->held_len);
	s->held_len = 0;
	len = evbuffer_get_length(data);
	if (!more || len == 0)
		return;
	whole = bytes_utf8_prefix(bytes_of(evbuffer_pullup(data, -1), len));
	s->held_len = len - whole; /* 3 at most */
	memcpy(s->held, evbuffer_pullup(data, -1) + whole, s->held_len);
	cut_end(data, s->held_len);
}

/* Only relay prints what is not a record. */
bool session_shows_hex(const struct session *s)
{
	unsigned flags = s->shared->steps->steps[s->at].flags & (STEP_PRINTS | STEP_RECORD);

	return s->shared->settings->hex && flags != STEP_PRINTS && !s->shared->events->json;
}

/* How `data` is printed: `last` says that its record ends here. */
static void set_data(struct session *s, struct step_event *event, struct evbuffer *data, bool last)
{
	event->has_bytes = true;
	event->bytes = evbuffer_get_length(data);
	event->data = data;
	event->hex = session_shows_hex(s);
	event->newline = last && (s->shared->settings->chomp || event->hex);
	s->line_open = event->hex && !last;
}

void session_complete_failure(struct session *s, struct step_event *event)
{
	bool open = s->line_open;

	if (event->data == NULL && (s->held_len > 0 || open))
		event->data = s->data;
	if (event->data == NULL)
		return;
	hold_character(s, event->data, false);
	set_data(s, event, event->data, open || evbuffer_get_length(event->data) > 0);
}

static void give(struct session *s, struct evbuffer *data, bool more, bool last)
{
	struct step_event event = session_event(s);

	set_data(s, &event, data, last);
	event.more = more;
	event.separator = more ? NULL : s->separator;
	event_writer_step(s->shared->events, &event);
}

void session_piece(struct session *s, struct evbuffer *data, bool more)
{
	session_record_add(s, data, evbuffer_get_length(data));
	if (s->shared->events->json)
		hold_character(s, data, more);
	if (evbuffer_get_length(data) > 0 || !more)
		give(s, data, more, !more);
}

void session_piece_end(struct session *s)
{
	hold_character(s, s->data, false);
	if (evbuffer_get_length(s->data) > 0)
		give(s, s->data, true, false);
	give(s, s->data, false, true);
}

/* Leave of a record that is too long for one JSON event its last piece. */
static void give_pieces(struct session *s, struct evbuffer *data)
{
	size_t limit = s->shared->settings->limit;
	struct evbuffer *piece = evbuffer_new();

	while (evbuffer_get_length(data) > limit) {
		evbuffer_remove_buffer(data, piece, limit);
		hold_character(s, piece, true);
		give(s, piece, true, false);
	}
	hold_character(s, data, false);
	evbuffer_free(piece);
}

void session_record(struct session *s, struct evbuffer *data, size_t strip, bool more)
{
	session_record_begin(s);
	/* Of several separators expect sees which. */
	session_record_add(s, data, evbuffer_get_length(data) - (s->separator == NULL ? strip : 0));
	if (s->shared->settings->chomp)
		cut_end(data, strip);
	if (s->shared->events->json)
		give_pieces(s, data);
	give(s, data, more, true);
}

size_t session_line_end(struct evbuffer *line)
{
	size_t len = evbuffer_get_length(line);
	const unsigned char *text = evbuffer_pullup(line, -1);

	if (len == 0 || text[len - 1] != '\n')
		return 0;
	return len > 1 && text[len - 2] == '\r' ? 2 : 1;
}
