/* SPDX-License-Identifier: ISC */
/* step_head: ask for a URL and read the head of the answer, as a step. */
#include "config.h"

#include "http/step_head.h"

#include "base/err.h"
#include "base/log.h"
#include "session/session.h"
#include "session/step.h"

#include <event2/buffer.h>
#include <stdlib.h>

enum {
	STATUS_FINAL = 200,	/* what is below is an interim answer... */
	STATUS_SWITCHING = 101, /* ... but this one ends HTTP */
};

void fetch_init(struct fetch *fetch, char *request)
{
	*fetch = (struct fetch){ .request = request, .text = evbuffer_new() };
}

void fetch_clear(struct fetch *fetch)
{
	free(fetch->request);
	http_head_free(&fetch->head);
	if (fetch->text != NULL)
		evbuffer_free(fetch->text);
	*fetch = (struct fetch){ 0 };
}

/* An answer that only says to wait for the next. */
static bool is_interim(const struct http_head *head)
{
	return head->status < STATUS_FINAL && head->status != STATUS_SWITCHING;
}

/* Its bytes still count: without a limit a peer could go on for ever. */
static void pass_over(struct fetch *fetch)
{
	size_t bytes = fetch->head.bytes;
	char *line;

	while ((line = evbuffer_readln(fetch->text, NULL, EVBUFFER_EOL_LF)) != NULL) {
		log_line(LOG_INFO, "interim response: %s", line);
		free(line);
	}
	http_head_free(&fetch->head);
	fetch->head.bytes = bytes;
}

static void keep_line(struct fetch *fetch, struct bytes line)
{
	line = bytes_without_newline(line);
	evbuffer_add(fetch->text, line.data, line.len);
	evbuffer_add(fetch->text, "\n", 1);
}

/* One line of the status; AGAIN asks for the next. */
static enum step_result take_line(struct session *s, struct fetch *fetch, struct evbuffer *data)
{
	struct bytes line = bytes_of(evbuffer_pullup(data, -1), evbuffer_get_length(data));
	enum http_head_status status;
	struct err err;

	status = http_head_line(&fetch->head, line, &err);
	if (status == HTTP_HEAD_MORE)
		keep_line(fetch, line);
	evbuffer_drain(data, line.len);
	if (status == HTTP_HEAD_FAIL)
		return session_fail(s, &err, NULL);
	if (status == HTTP_HEAD_MORE)
		return STEP_AGAIN;
	if (is_interim(&fetch->head)) {
		pass_over(fetch);
		return STEP_AGAIN;
	}
	fetch->done = true;
	return STEP_CLOSED;
}

/* The stream ended before the blank line. What came is the head so far. */
static enum step_result fail_cut(struct session *s, struct fetch *fetch, struct evbuffer *data)
{
	const struct err *broken = connection_read_error(s->connection);
	struct err err;

	if (evbuffer_get_length(data) > 0)
		keep_line(fetch, bytes_of(evbuffer_pullup(data, -1), evbuffer_get_length(data)));
	evbuffer_drain(data, evbuffer_get_length(data));
	if (broken != NULL)
		return session_fail(s, broken, NULL);
	if (connection_received(s->connection) == 0)
		(void)err_set(&err, ERR_INCOMPLETE_READ,
			      "empty reply: the peer closed without "
			      "sending a byte");
	else
		(void)err_set(&err, ERR_INCOMPLETE_READ,
			      "the response was cut: the peer closed before the blank line");
	return session_fail(s, &err, NULL);
}

static enum step_result fail_long(struct session *s)
{
	struct err err;

	(void)err_set(&err, ERR_LIMIT_OVERRUN, "the response has a line of more than %d bytes",
		      HTTP_LINE_MAX);
	return session_fail(s, &err, NULL);
}

static enum step_result read_head(struct session *s, struct fetch *fetch)
{
	struct evbuffer *data = event_writer_scratch(s->shared->events);
	enum step_result result;

	do {
		enum stream_status status = reader_readline(&s->connection->reader, data);

		if (status == STREAM_AGAIN)
			return session_wait(s, WAIT_READ);
		if (status == STREAM_OVERRUN)
			return fail_long(s);
		if (status != STREAM_OK)
			return fail_cut(s, fetch, data);
		result = take_line(s, fetch, data);
	} while (result == STEP_AGAIN);
	return result;
}

/* A server may answer and close before it has read the request: a failed write
 * does not keep us from reading. */
static enum step_result run_fetch(struct session *s, const struct step *step)
{
	struct fetch *fetch = step->args;

	if (!fetch->sent) {
		writer_write(&s->connection->writer, bytes_of_string(fetch->request));
		fetch->sent = true;
	}
	if (fetch->first_byte_us == 0 && connection_received(s->connection) > 0)
		fetch->first_byte_us = loop_now_us() - s->started_us;
	return read_head(s, fetch);
}

struct step_list *fetch_steps(struct fetch *fetch)
{
	static const struct step_kind kind = {
		.name = "http-head",
		.flags = STEP_READS | STEP_SENDS,
		.run = run_fetch,
	};
	struct step_list *list = step_list_of(&kind, fetch);

	list->silent = true;
	return list;
}
