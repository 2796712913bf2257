/* SPDX-License-Identifier: ISC */
/* session_log: what a session says on standard error. */
#include "config.h"

#include "session/session.h"

#include "base/alloc.h"
#include "base/text.h"
#include "net/opening.h"

#include <stdarg.h>
#include <stdlib.h>

char *session_name(const struct session *s)
{
	const struct transport *transport =
		s->connection != NULL ? s->connection->transport : opening_transport(s->opening);
	char *peer = s->shared->listening ? transport_fact(transport, INFO_PEERNAME) : NULL;
	char *name = peer != NULL ? alloc_printf("connection %u (%s)", s->conn, peer)
				  : alloc_printf("connection %u", s->conn);

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

void session_log_tls(const struct session *s)
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

	if (!log_enabled(LOG_INFO))
		return;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		char *fact = transport_fact(s->connection->transport, parts[i].key);

		if (fact != NULL)
			text_addf(&line, "%s%s%s", parts[i].before, fact, parts[i].after);
		free(fact);
	}
	if (line.len > 0)
		session_log(s, LOG_INFO, "%s", line.data);
	free(line.data);
}
