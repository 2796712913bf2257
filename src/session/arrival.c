/* SPDX-License-Identifier: ISC */
/* arrival: an accepted connection before its PROXY header has come. */
#include "config.h"

#include "session/arrival.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "io/transport.h"
#include "net/opening.h"
#include "session/session_struct.h"

#include <stdlib.h>
#include <string.h>

static void say(const struct arrival *a, enum log_level level, const char *what, const char *text)
{
	const char *from = a->peer != NULL ? " from " : "";

	log_line(level, "connection%s%s: %s%s", from, a->peer != NULL ? a->peer : "", what, text);
}

/* A peer that ends at once is a probe. */
static void say_refused(const struct arrival *a, const struct err *err)
{
	bool probe = err->kind != ERR_TIMEOUT && !transport_heard(opening_transport(a->opening));

	say(a, probe ? LOG_INFO : LOG_NOTICE, probe ? "probe: " : "", err->text);
}

static void say_taken(const struct arrival *a, const struct transport *transport)
{
	char *peer = log_enabled(LOG_INFO) ? transport_fact(transport, INFO_PEERNAME) : NULL;

	if (peer != NULL && (a->peer == NULL || strcmp(peer, a->peer) != 0))
		say(a, LOG_INFO, "on behalf of ", peer);
	free(peer);
}

static void run(void *arg)
{
	struct arrival *a = arg;
	struct transport *transport = NULL;
	struct err err;

	switch (opening_run(a->opening, &err)) {
	case OPENING_AGAIN:
		return;
	case OPENING_DONE:
		transport = opening_take(a->opening);
		say_taken(a, transport);
		break;
	case OPENING_FAILED:
		say_refused(a, &err);
		break;
	}
	a->done(a->arg, a, transport);
	arrival_free(a);
}

struct arrival *arrival_new(const struct session_shared *shared, struct transport *transport,
			    bool tls, arrival_done_fn done, void *arg)
{
	const struct session_settings *settings = shared->settings;
	const struct opening_limit limit = { settings->timeout_ms, "--timeout" };
	const struct opening_limit header = { settings->handshake_timeout_ms,
					      "--handshake-timeout" };
	struct arrival *a = alloc_zeroed(sizeof(*a));

	a->peer = transport_fact(transport, INFO_PEERNAME);
	if (log_enabled(LOG_DEBUG) && a->peer != NULL)
		transport_set_name(transport, alloc_printf("connection from %s", a->peer));
	a->since_ms = loop_now();
	a->tls = tls;
	a->done = done;
	a->arg = arg;
	task_init(&a->task, shared->loop, run, a);
	a->opening = opening_new(&a->task, transport, limit, a->since_ms);
	opening_add_proxy_header(a->opening, header);
	task_wake(&a->task);
	return a;
}

void arrival_free(struct arrival *a)
{
	opening_free(a->opening);
	task_cancel(&a->task);
	free(a->peer);
	free(a);
}
