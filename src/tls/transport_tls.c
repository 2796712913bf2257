/* SPDX-License-Identifier: ISC */
/* transport_tls: TLS over another transport. */
#include "config.h"

#include "tls/transport_tls.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "io/loop.h"
#include "io/transport_impl.h"
#include "tls/tls_config.h"
#include "tls/tls_engine.h"
#include "tls/tls_settings.h"

#include <event2/buffer.h>
#include <stdlib.h>

/*
 * pump() does all the work: it drives the handshake, decrypts what arrived as far
 * as the owner has room, and encrypts what is queued until the queue below is long
 * enough. It runs when the transport below wakes us (from a callback of libevent:
 * waiting for a task would cost a poll for each message), when the owner flushes,
 * and from a task of our own. It frees nothing. The traps:
 *
 * - Bytes that wait in OpenSSL or in the input below, because the owner had no room,
 *   cause no event: tls_update() wakes the task for them.
 * - A write below may fail before the alert that says why has been read. The error is
 *   kept back until then: see may_say_why().
 * - OpenSSL does not see the end of the stream below, so that sending can go on after
 *   it: see lower_ended().
 */

enum {
	RECORD_MAX = 5 + 16384 + 2048, /* on the wire (RFC 5246 section 6.2.3) */
	QUIET_RUNS = 2,		       /* of the task, with a poll between them */
	LATE_MAX = 8 * 1024 * 1024,    /* more than any kernel keeps for us */
};

enum tls_state {
	TLS_HANDSHAKE,
	TLS_REFUSED, /* the handshake failed */
	TLS_OPEN,
	TLS_CLOSED, /* close_notify is in the queue below; reading goes on */
	TLS_BROKEN, /* an alert or a bad record: OpenSSL neither reads nor writes */
};

struct tls {
	struct transport base;
	struct tls_engine engine; /* owns the transport below */
	struct task task;
	enum tls_state state;
	bool allow_truncated;
	bool pumping;
	uint64_t data_end; /* where the owner's last byte ends, in bytes sent below */
	/* Since a write below failed: */
	unsigned quiet;	     /* runs of the task in a row for which nothing arrived */
	uint64_t heard;	     /* bytes received below at the last run */
	uint64_t hear_until; /* report the error when so many have been received */
};

static struct tls *tls_of(struct transport *t)
{
	return (struct tls *)t; /* `base` is its first member */
}

static const struct tls *tls_of_const(const struct transport *t)
{
	return (const struct tls *)t;
}

static void set_state(struct tls *s, enum tls_state state)
{
	static const char *const names[] = {
		[TLS_HANDSHAKE] = "handshake", [TLS_REFUSED] = "handshake failed",
		[TLS_OPEN] = "open",	       [TLS_CLOSED] = "close_notify sent",
		[TLS_BROKEN] = "broken",
	};

	log_line(LOG_DEBUG, "TLS: %s -> %s", names[s->state], names[state]);
	s->state = state;
}

/* Nothing more will come from below, and OpenSSL has taken all that came. */
static bool lower_ended(const struct tls *s)
{
	const struct transport *lower = s->engine.lower;

	return lower->read_half != READ_OPEN && evbuffer_get_length(lower->input) == 0;
}

static void push_lower(struct tls *s)
{
	if (!s->engine.queued)
		return;
	s->engine.queued = false;
	transport_flush(s->engine.lower);
}

/* End both directions. The alert that OpenSSL has queued goes out, then FIN. */
static void fail(struct tls *s, enum tls_state state, const struct err *err)
{
	set_state(s, state);
	push_lower(s);
	transport_shut(s->engine.lower);
	transport_end(&s->base, err);
	transport_fail_write(&s->base, err);
}

static void refuse_end(struct tls *s)
{
	struct err err;

	tls_engine_explain_end(&s->engine, &err);
	fail(s, TLS_REFUSED, &err);
}

static void drive_handshake(struct tls *s)
{
	struct err err;
	enum stream_status status = tls_engine_handshake(&s->engine, &err);

	if (status == STREAM_OK)
		set_state(s, TLS_OPEN);
	else if (status == STREAM_ERROR)
		fail(s, TLS_REFUSED, &err);
	else if (lower_ended(s))
		refuse_end(s);
}

static void end_below(struct tls *s)
{
	const struct err *cause = s->engine.lower->read_error;
	struct err err;

	if (cause == NULL && !s->allow_truncated) {
		(void)err_set(&err, ERR_TLS_TRUNCATED,
			      "the peer ended the connection without close_notify: "
			      "the data may be cut (--allow-truncated accepts this)");
		cause = &err;
	}
	transport_end(&s->base, cause);
}

/* False when what has arrived is used up. */
static bool read_some(struct tls *s)
{
	struct transport *t = &s->base;
	size_t before = evbuffer_get_length(t->input);
	size_t room = t->room > TRANSPORT_LEAST ? t->room : TRANSPORT_LEAST;
	struct err err;
	enum stream_status status = tls_engine_read(&s->engine, room, t->input, &err);
	size_t came = evbuffer_get_length(t->input) - before;

	t->received += came;
	t->room -= came < t->room ? came : t->room;
	if (status == STREAM_EOF)
		transport_end(t, NULL);
	else if (status == STREAM_ERROR)
		fail(s, TLS_BROKEN, &err);
	else if (status == STREAM_AGAIN && lower_ended(s))
		end_below(s);
	return status == STREAM_OK;
}

static bool can_read(const struct tls *s)
{
	return (s->state == TLS_OPEN || s->state == TLS_CLOSED) && s->base.room > 0 &&
	       s->base.read_half == READ_OPEN &&
	       (lower_ended(s) || tls_engine_readable(&s->engine));
}

static void read_all(struct tls *s)
{
	while (can_read(s))
		if (!read_some(s))
			break;
}

/* One record. False when the queue below is full, nothing is left, or it failed. */
static bool write_some(struct tls *s)
{
	struct transport *t = &s->base;
	const struct transport *lower = s->engine.lower;
	size_t before = evbuffer_get_length(t->output);
	struct err err;
	enum stream_status status;

	if (before == 0)
		return false;
	status = tls_engine_write(&s->engine, t->output, &err);
	if (status == STREAM_ERROR)
		fail(s, TLS_BROKEN, &err);
	if (status != STREAM_OK)
		return false;
	t->sent += before - evbuffer_get_length(t->output);
	s->data_end = lower->sent + evbuffer_get_length(lower->output);
	return true;
}

static bool can_write(const struct tls *s)
{
	return s->state == TLS_OPEN && s->engine.lower->write_error == NULL;
}

static void write_all(struct tls *s)
{
	bool moved = true;

	while (moved && can_write(s)) {
		moved = false;
		while (write_some(s))
			moved = true;
		push_lower(s);
	}
}

/* close_notify once everything is encrypted, and the end of the stream below after it. */
static void finish_sending(struct tls *s)
{
	struct transport *t = &s->base;

	if ((t->write_half != WRITE_DRAINING && t->write_half != WRITE_SHUT) ||
	    evbuffer_get_length(t->output) > 0)
		return;
	if (can_write(s) && tls_engine_close(&s->engine) == STREAM_OK)
		set_state(s, TLS_CLOSED);
	if (s->state != TLS_CLOSED)
		return;
	transport_flush(s->engine.lower); /* notices a reset, of which no event may tell */
	transport_shut(s->engine.lower);
	if (s->engine.lower->write_half == WRITE_SHUT && t->write_half == WRITE_DRAINING)
		transport_shut_done(t);
}

/*
 * The peer may have said why it closed, and those bytes may not have been read yet:
 * true as long as any arrive, and until the loop has polled without.
 */
static bool may_say_why(struct tls *s)
{
	uint64_t received = s->engine.lower->received;

	if (s->hear_until == 0 || s->heard != received)
		s->quiet = 0;
	if (s->hear_until == 0)
		s->hear_until = received + LATE_MAX;
	s->heard = received;
	return s->quiet < QUIET_RUNS && received < s->hear_until;
}

/* What keeps us from sending: a write that failed below, or a reset that reading met
 * there after the peer's close_notify. */
static const struct err *write_error(const struct tls *s)
{
	const struct transport *lower = s->engine.lower;
	bool closed = s->base.read_half == READ_ENDED;

	if (lower->write_error == NULL && closed)
		return lower->read_error;
	return lower->write_error;
}

/* Keep a write error back while an alert may still arrive, which is the error then;
 * but where nothing is read, nothing can. */
static void meet_write_error(struct tls *s)
{
	const struct err *err = write_error(s);
	bool reads =
		s->state == TLS_HANDSHAKE || (s->base.room > 0 && s->base.read_half == READ_OPEN);

	if (err == NULL || s->base.write_error != NULL)
		return;
	if (reads && may_say_why(s))
		task_wake(&s->task);
	else if (s->state == TLS_HANDSHAKE)
		refuse_end(s);
	else
		transport_fail_write(&s->base, err);
}

/* Ask for whole records. After the end, what still comes is dropped: left unread, it
 * would make the close a reset, and the peer lose what was sent last. */
static void ask_lower(struct tls *s)
{
	struct transport *lower = s->engine.lower;
	bool always = s->state == TLS_HANDSHAKE ||
		      s->base.read_half != READ_OPEN; /* also unless the owner reads */
	size_t room = s->base.room;
	size_t waiting;

	if (s->base.read_half != READ_OPEN)
		(void)evbuffer_drain(lower->input, evbuffer_get_length(lower->input));
	if (room < RECORD_MAX && (room > 0 || always))
		room = RECORD_MAX;
	waiting = evbuffer_get_length(lower->input);
	transport_want(lower, waiting < room ? room - waiting : 0);
}

static void pump(struct tls *s, bool reading)
{
	s->pumping = true;
	if (s->state == TLS_HANDSHAKE)
		drive_handshake(s);
	if (reading)
		read_all(s);
	write_all(s);
	finish_sending(s);
	push_lower(s);
	meet_write_error(s);
	ask_lower(s);
	s->pumping = false;
}

/* From a callback of the transport below, or from a call of pump(). */
static void on_lower(void *arg)
{
	struct tls *s = arg;

	if (s->pumping) {
		task_wake(&s->task);
		return;
	}
	pump(s, true);
	transport_notify(&s->base);
}

static void on_task(void *arg)
{
	struct tls *s = arg;

	s->quiet++;
	pump(s, true);
	transport_notify(&s->base);
}

static void tls_free(struct transport *t)
{
	struct tls *s = tls_of(t);

	task_cancel(&s->task);
	tls_engine_release(&s->engine);
	evbuffer_free(t->input);
	evbuffer_free(t->output);
	transport_release(t);
	free(s);
}

static void tls_update(struct transport *t)
{
	struct tls *s = tls_of(t);

	ask_lower(s);
	if (can_read(s))
		task_wake(&s->task);
}

static void tls_flush(struct transport *t)
{
	struct tls *s = tls_of(t);

	if (s->state != TLS_HANDSHAKE && !s->pumping)
		pump(s, false);
}

static void tls_abort(struct transport *t)
{
	transport_abort(tls_of(t)->engine.lower);
}

/* What was queued after the owner's last byte does not count: a peer that misses
 * session tickets or close_notify has lost nothing. */
static size_t tls_unsent(const struct transport *t)
{
	const struct tls *s = tls_of_const(t);
	const struct transport *lower = s->engine.lower;
	uint64_t reached = lower->sent - transport_unsent(lower);

	return s->data_end > reached ? (size_t)(s->data_end - reached) : 0;
}

static bool tls_info(const struct transport *t, enum info_key key, struct evbuffer *out)
{
	const struct tls *s = tls_of_const(t);

	if (key == INFO_PEERNAME || key == INFO_SOCKNAME || key == INFO_FAMILY || key == INFO_RTT)
		return transport_info(s->engine.lower, key, out);
	if (s->state == TLS_HANDSHAKE || s->state == TLS_REFUSED)
		return false;
	return tls_engine_info(&s->engine, key, out);
}

static enum stream_status tls_handshake(struct transport *t)
{
	struct tls *s = tls_of(t);

	if (s->state == TLS_HANDSHAKE && !s->pumping)
		pump(s, true);
	if (s->state == TLS_HANDSHAKE)
		return STREAM_AGAIN;
	return s->state == TLS_REFUSED ? STREAM_ERROR : STREAM_OK;
}

static const struct transport_ops tls_ops = {
	.name = "TLS",
	.free = tls_free,
	.update = tls_update,
	.flush = tls_flush,
	.shut = tls_flush,
	.abort = tls_abort,
	.unsent = tls_unsent,
	.info = tls_info,
	.handshake = tls_handshake,
};

static struct tls *tls_new(struct transport *lower, const struct tls_config *config)
{
	struct tls *s = alloc_zeroed(sizeof(*s));

	transport_init(&s->base, &tls_ops, lower->loop);
	s->base.input = evbuffer_new();
	s->base.output = evbuffer_new();
	s->allow_truncated = tls_config_settings(config)->allow_truncated;
	tls_engine_init(&s->engine, lower, tls_config_ctx(config), tls_config_bio_method(config));
	task_init(&s->task, lower->loop, on_task, s);
	transport_set_wake(lower, on_lower, s);
	ask_lower(s);
	return s;
}

struct transport *transport_tls_client(struct transport *lower, const struct tls_config *config,
				       const char *name)
{
	const char *other = tls_config_settings(config)->server_name;
	struct tls *s = tls_new(lower, config);

	tls_engine_connect(&s->engine, other != NULL ? other : name);
	return &s->base;
}

struct transport *transport_tls_server(struct transport *lower, const struct tls_config *config)
{
	struct tls *s = tls_new(lower, config);

	tls_engine_accept(&s->engine);
	return &s->base;
}
