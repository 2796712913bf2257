/* SPDX-License-Identifier: ISC */
/* step_head: the step that sends a request and reads the head of the response. */
#include "config.h"

#include "http/step_head.h"

#include "base/err.h"
#include "base/log.h"
#include "session/session.h"
#include "session/step.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

enum {
	STATUS_FINAL = 200,	/* a lower one is an interim response... */
	STATUS_SWITCHING = 101, /* ... but this one ends HTTP */
};

void step_head_init(struct step_head *h, char *request)
{
	*h = (struct step_head){ .request = request, .line = evbuffer_new() };
}

void step_head_clear(struct step_head *h)
{
	free(h->request);
	http_head_free(&h->head);
	free(text_take(&h->text));
	if (h->line != NULL)
		evbuffer_free(h->line);
	*h = (struct step_head){ 0 };
}

static bool is_interim(const struct http_head *head)
{
	return head->status < STATUS_FINAL && head->status != STATUS_SWITCHING;
}

/* Its bytes still count: otherwise a peer could send interim responses for ever. */
static void skip_interim(struct step_head *h)
{
	size_t bytes = h->head.bytes;
	char *text = text_take(&h->text), *rest = text, *line;

	while ((line = strsep(&rest, "\n")) != NULL && rest != NULL)
		log_line(LOG_INFO, "interim response: %s", line);
	free(text);
	http_head_free(&h->head);
	h->head.bytes = bytes;
}

static void keep_line(struct step_head *h, struct bytes line)
{
	text_add(&h->text, bytes_without_newline(line));
	text_add(&h->text, bytes_of("\n", 1));
}

/* Take the line that was read; AGAIN asks for the next. */
static enum step_result take_line(struct session *s, struct step_head *h)
{
	struct bytes line = bytes_of(evbuffer_pullup(h->line, -1), evbuffer_get_length(h->line));
	enum http_head_status status;
	struct err err;

	status = http_head_line(&h->head, line, &err);
	if (status == HTTP_HEAD_MORE)
		keep_line(h, line);
	evbuffer_drain(h->line, line.len);
	if (status == HTTP_HEAD_FAIL)
		return session_fail(s, &err, NULL);
	if (status == HTTP_HEAD_DONE && !is_interim(&h->head))
		return STEP_CLOSED;
	if (status == HTTP_HEAD_DONE)
		skip_interim(h);
	return STEP_AGAIN;
}

/* The stream ended before the blank line: keep what arrived of the last line. */
static enum step_result fail_cut(struct session *s, struct step_head *h)
{
	const struct err *broken = connection_read_error(s->connection);
	size_t len = evbuffer_get_length(h->line);
	struct err err;

	if (len > 0)
		keep_line(h, bytes_of(evbuffer_pullup(h->line, -1), len));
	if (broken != NULL)
		return session_fail(s, broken, NULL);
	(void)err_set(&err, ERR_INCOMPLETE_READ, "%s",
		      connection_received(s->connection) == 0
			      ? "empty reply: the peer closed without sending a byte"
			      : "the response was cut: the peer closed before the blank line");
	return session_fail(s, &err, NULL);
}

static enum step_result fail_long(struct session *s)
{
	struct err err;

	(void)err_set(&err, ERR_LIMIT_OVERRUN, "the response has a line of more than %d bytes",
		      HTTP_LINE_MAX);
	return session_fail(s, &err, NULL);
}

/* A server may respond and close before it has read the request: a failed write does
 * not end reading. */
static enum step_result run_head(struct session *s, const struct step *step)
{
	struct step_head *h = step->args;
	enum step_result result = STEP_AGAIN;

	if (h->request != NULL) {
		writer_write(&s->connection->writer, bytes_of_string(h->request));
		free(h->request);
		h->request = NULL;
	}
	if (h->first_byte_us == 0 && connection_received(s->connection) > 0)
		h->first_byte_us = loop_now_us() - s->started_us;
	while (result == STEP_AGAIN) {
		enum stream_status status = reader_readline(&s->connection->reader, h->line);

		if (status == STREAM_AGAIN)
			return session_wait(s, WAIT_READ);
		if (status == STREAM_OVERRUN)
			return fail_long(s);
		if (status != STREAM_OK)
			return fail_cut(s, h);
		result = take_line(s, h);
	}
	return result;
}

struct step_list *step_head_list(struct step_head *h)
{
	static const struct step_kind kind = {
		.name = "http-head",
		.returns = "the head of the response, for the command to print",
		.fails = "io if it is not HTTP, incomplete-read, limit-overrun, tls or timeout",
		.example = "liu head https://example.com/",
		.flags = STEP_READS | STEP_SENDS,
		.run = run_head,
	};
	struct step_list *list = step_list_of(&kind, h);

	list->silent = true;
	return list;
}
