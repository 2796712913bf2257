/* SPDX-License-Identifier: ISC */
/* session_log: what a session says on standard error. */
#include "config.h"

#include "session/session.h"

#include "base/alloc.h"
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
