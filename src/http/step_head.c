/* SPDX-License-Identifier: ISC */
/* step_head: the step that sends a request and reads the head of the response. */
#include "config.h"

#include "http/step_head.h"

#include "base/err.h"
#include "base/log.h"
#include "session/session_step.h"
#include "session/session_struct.h"
#include "session/step.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	STATUS_FINAL = 200,	/* a lower one is an interim response... */
	STATUS_SWITCHING = 101, /* ... but this one ends HTTP */
	START_MAX = 80,		/* bytes that show what is not HTTP */
};

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

/* Take the line that was read. */
static enum http_head_status take_line(struct step_head *h, struct evbuffer *data, struct err *err)
{
	struct bytes line = bytes_of(evbuffer_pullup(data, -1), evbuffer_get_length(data));
	enum http_head_status status = http_head_line(&h->head, line, err);

	if (status == HTTP_HEAD_MORE)
		keep_line(h, line);
	evbuffer_drain(data, line.len);
	if (status != HTTP_HEAD_DONE || h->head.status >= STATUS_FINAL ||
	    h->head.status == STATUS_SWITCHING)
		return status;
	skip_interim(h);
	return HTTP_HEAD_MORE;
}

/* No further line will come. Keep what arrived of one, unless it shows that the peer does
 * not speak HTTP. */
static enum step_result fail_read(struct session *s, struct step_head *h, enum stream_status status)
{
	const struct err *broken = connection_read_error(s->connection);
	size_t len = evbuffer_get_length(s->data);
	struct bytes line = bytes_of(evbuffer_pullup(s->data, -1), len);
	struct err err;

	if (h->head.status == 0 && !http_head_begins(line)) {
		(void)http_head_line(&h->head, line, &err);
		evbuffer_drain(s->data, len);
		return session_fail(s, &err, NULL);
	}
	if (len > 0)
		keep_line(h, line);
	evbuffer_drain(s->data, len);
	if (status == STREAM_OVERRUN)
		(void)err_set(&err, ERR_LIMIT_OVERRUN,
			      "the response has a line of more than %zu bytes",
			      s->shared->settings->limit);
	else if (broken != NULL)
		err = *broken;
	else
		(void)err_set(
			&err, ERR_INCOMPLETE_READ, "%s",
			connection_received(s->connection) == 0
				? "empty reply: the peer closed without sending a byte"
				: "the response was cut: the peer closed before the blank line");
	return session_fail(s, &err, NULL);
}

/* Could what has come of the first line be that of a response? A peer that speaks another protocol
 * may wait for us after a few bytes. */
static bool may_come(struct session *s, struct step_head *h, struct err *err)
{
	struct evbuffer *in = s->connection->reader.in;
	size_t len = evbuffer_get_length(in) < START_MAX ? evbuffer_get_length(in) : START_MAX;
	struct bytes start = bytes_of(evbuffer_pullup(in, (ev_ssize_t)len), len);

	if (h->head.status != 0 || http_head_begins(start))
		return true;
	(void)http_head_line(&h->head, start, err); /* says why */
	return false;
}

/* Is the value of this header line a secret? */
static bool is_secret(const char *line)
{
	static const char *const names[] = { "Authorization:", "Proxy-Authorization:", "Cookie:" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strncasecmp(line, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static void log_request(const char *request)
{
	for (size_t len; (len = strcspn(request, "\r\n")) > 0; request += len + strlen("\r\n")) {
		bool secret = is_secret(request);
		size_t shown = secret ? strcspn(request, ":") : len;

		log_line(LOG_INFO, "request: %.*s%s", (int)shown, request,
			 secret ? ": (not shown)" : "");
	}
}

/* A server may respond and close before it has read the request: a failed write does
 * not end reading. */
static enum step_result run_head(struct session *s, const struct step *step)
{
	struct step_head *h = step->args;
	enum http_head_status progress;
	enum stream_status status;
	struct err err;

	if (h->request != NULL) {
		log_request(h->request);
		writer_write(&s->connection->writer, bytes_of_string(h->request));
		free(h->request);
		h->request = NULL;
	}
	if (h->first_byte_us == 0 && connection_received(s->connection) > 0)
		h->first_byte_us = loop_now_us() - s->started_us;
	status = reader_readline(&s->connection->reader, s->data);
	if (status == STREAM_AGAIN)
		return may_come(s, h, &err) ? session_wait(s, WAIT_READ)
					    : session_fail(s, &err, NULL);
	if (status != STREAM_OK)
		return fail_read(s, h, status);
	progress = take_line(h, s->data, &err);
	if (progress == HTTP_HEAD_MORE)
		return STEP_MORE;
	return progress == HTTP_HEAD_DONE ? STEP_CLOSED : session_fail(s, &err, NULL);
}

struct step_list *step_head_list(struct step_head *h, char *request)
{
	static const struct step_kind kind = {
		.name = "http-head",
		.flags = STEP_READS | STEP_SENDS,
		.run = run_head,
	};
	struct step_list *list = step_list_of(&kind, h);

	list->silent = true;
	*h = (struct step_head){ .request = request };
	return list;
}

void step_head_clear(struct step_head *h)
{
	free(h->request);
	http_head_free(&h->head);
	free(h->text.data);
	*h = (struct step_head){ 0 };
}
