/* SPDX-License-Identifier: ISC */
/* session_log: lines in the log about a session. */
#pragma once

#include "base/log.h"

struct connection;
struct session;

/* A line about the session. In a listener it begins with its name; in a client only where
 * it is a detail, as others speak of no connection. */
void session_log(const struct session *s, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* "connection 3 (127.0.0.1:5000)"; the number alone where the peer has no address, and in
 * a client. Owned by the caller. */
char *session_name(const struct session *s);

/* -v: a line about the TLS of one of its connections, if it has any. */
void session_log_tls(const struct session *s, const char *prefix, const struct connection *c);

/* At the end of a list that has not failed: a client that only writes may want to know that
 * there was an answer. */
void session_log_unread(const struct session *s);

/* A line, for a newcomer, about a step that gets no bytes. */
enum { SESSION_HINT_MS = 5000 };

void session_log_waiting(const struct session *s);
