/* SPDX-License-Identifier: ISC */
/* session_log: lines in the log about a session. */
#include "config.h"

#include "session/session_log.h"

#include "base/alloc.h"
#include "base/escape.h"
#include "base/text.h"
#include "net/opening.h"
#include "session/session_struct.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

enum {
	SHOWN_BYTES = 16,		  /* of what was sent last... */
	SHOWN_SIZE = 4 * SHOWN_BYTES + 1, /* ... and as it is shown */
};

char *session_name(const struct session *s)
{
	const struct transport *transport =
		s->connection != NULL ? s->connection->transport : opening_transport(s->opening);
	char *peer = s->shared->listening ? transport_fact(transport, INFO_PEERNAME) : NULL;
	char *name = peer != NULL ? alloc_printf("connection %" PRIu64 " (%s)", s->conn, peer)
				  : alloc_printf("connection %" PRIu64, s->conn);

	free(peer);
	return name;
}

void session_log(const struct session *s, enum log_level level, const char *format, ...)
{
	char *name, *text;
	va_list args;

	if (!log_enabled(level))
		return;
	va_start(args, format);
	text = alloc_vprintf(format, args);
	va_end(args);
	if (s->shared->listening || level > LOG_INFO) {
		name = session_name(s);
		log_line(level, "%s: %s", name, text);
		free(name);
	} else {
		log_line(level, "%s", text);
	}
	free(text);
}

/* NULL without TLS; owned by the caller. */
static char *tls_text(const struct connection *c)
{
	static const struct {
		enum info_key key;
		const char *before, *after;
	} parts[] = {
		{ INFO_TLS_VERSION, "", "" },
		{ INFO_CIPHER, ", ", "" },
		{ INFO_ALPN, ", ALPN ", "" },
		{ INFO_PEERCERT_SUBJECT, ", peer ", "" },
		{ INFO_PEERCERT_DAYS_LEFT, ", ", " days left" },
	};
	struct text line = { 0 };

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		char *fact = transport_fact(c->transport, parts[i].key);

		if (fact != NULL)
			text_addf(&line, "%s%s%s", parts[i].before, fact, parts[i].after);
		free(fact);
	}
	return line.data;
}

void session_log_tls(const struct session *s, const char *prefix, const struct connection *c)
{
	char *tls = log_enabled(LOG_INFO) ? tls_text(c) : NULL;

	if (tls != NULL)
		session_log(s, LOG_INFO, "%s%s", prefix, tls);
	free(tls);
}

void session_log_unread(const struct session *s)
{
	const struct step_list *list = s->shared->steps;
	uint64_t dropped = s->connection != NULL ? connection_received(s->connection) : 0;

	if (dropped == 0 || s->shared->listening)
		return;
	for (size_t i = 0; i < list->count; i++)
		if (list->steps[i].kind->flags & STEP_READS)
			return;
	session_log(s, LOG_NOTICE,
		    "the peer sent %" PRIu64 " byte%s, but no step reads: 'read' prints them",
		    dropped, dropped == 1 ? "" : "s");
}

/* What the last sending step before the running one has sent, where that is known. */
static struct bytes last_sent(const struct session *s)
{
	const struct step *step = &s->shared->steps->steps[s->at];

	while (step > s->shared->steps->steps)
		if ((--step)->flags & STEP_SENDS)
			return bytes_of(step->args, step->flags & STEP_TEXT ? step->n : 0);
	return bytes_of("", 0);
}

void session_log_waiting(const struct session *s)
{
	const struct step *step = &s->shared->steps->steps[s->at];
	uint64_t sent = connection_sent(s->connection);
	struct bytes last = last_sent(s);
	size_t skipped = last.len > SHOWN_BYTES ? last.len - SHOWN_BYTES : 0;
	char shown[SHOWN_SIZE];
	struct text text = { 0 };

	text_addf(&text, "step %zu (%s) has waited for %d s: ", step->index, step->text,
		  SESSION_HINT_MS / 1000);
	if (sent == 0)
		text_addf(&text, "nothing was sent");
	else
		text_addf(&text, "%" PRIu64 " byte%s sent", sent, sent == 1 ? " was" : "s were");
	if (sent > 0 && last.len > 0 && last.data[last.len - 1] != '\n')
		text_addf(&text, ", ending in '%s' without a line end",
			  escape_visible(bytes_of(last.data + skipped, last.len - skipped), shown,
					 sizeof(shown)));
	session_log(s, LOG_NOTICE, "%s", text.data);
	free(text.data);
}
