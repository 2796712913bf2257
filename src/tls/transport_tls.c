/* SPDX-License-Identifier: ISC */
/* transport_tls: TLS over another transport. */
#include "config.h"

#include "tls/transport_tls.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/loop.h"
#include "tls/tls_config.h"
#include "tls/tls_engine.h"
#include "tls/tls_lower.h"
#include "tls/tls_settings.h"

#include <event2/buffer.h>
#include <stdlib.h>

/*
 * Everything happens in pump(): hands are shaken, what arrived is decrypted as
 * far as the owner has room, what is queued is encrypted as far as the lower
 * queue is below its mark. It runs when the lower transport wakes us (also from
 * a callback of libevent: it frees nothing), when the owner flushes, and from a
 * task of our own. The traps:
 *
 * - Bytes that wait in OpenSSL or in the lower input, because the owner had no
 *   room, are no event: update() wakes the task for them.
 * - A failed write below may come before the alert that says why. It is kept back
 *   until what arrived has been read: see tls_lower_may_say_why().
 * - OpenSSL never sees the end of the lower stream, only "nothing yet", so that
 *   sending can go on after it: see tls_lower_ended().
 */

enum tls_state {
	TLS_SHAKING,
	TLS_OPEN,
	TLS_BROKEN, /* OpenSSL takes and gives no more */
};

struct tls {
	struct transport base;
	struct tls_lower lower;
	struct tls_engine engine;
	struct task task;
	enum tls_state state;
	bool allow_truncated;
	bool pumping;
	bool close_sent; /* close_notify is in the lower queue */
};

static struct tls *tls_of(struct transport *t)
{
	return (struct tls *)t; /* `base` is its first member */
}

static const struct tls *tls_of_const(const struct transport *t)
{
	return (const struct tls *)t;
}

static void push_lower(struct tls *s)
{
	if (!s->engine.bio.queued)
		return;
	s->engine.bio.queued = false;
	transport_flush(s->lower.transport);
}

/* Nothing can be read or sent any more. The alert that OpenSSL has queued goes
 * out, and the end after it. */
static void break_off(struct tls *s, const struct err *err)
{
	s->state = TLS_BROKEN;
	push_lower(s);
	transport_shut(s->lower.transport);
	transport_end(&s->base, err);
	transport_fail_write(&s->base, err);
}

static void explain_end(struct tls *s)
{
	struct err err;

	(void)tls_engine_explain_end(&s->engine, &err);
	break_off(s, &err);
}

static void shake(struct tls *s)
{
	struct err err;
	enum stream_status status = tls_engine_shake(&s->engine, &err);

	if (status == STREAM_OK)
		s->state = TLS_OPEN;
	else if (status == STREAM_ERROR)
		break_off(s, &err);
	else if (tls_lower_ended(&s->lower))
		explain_end(s);
}

static void end_below(struct tls *s)
{
	struct err err;

	if (s->lower.transport->read_error != NULL || s->allow_truncated) {
		transport_end(&s->base, s->lower.transport->read_error);
		return;
	}
	(void)err_set(&err, ERR_TLS_TRUNCATED,
		      "the peer ended the connection without close_notify: "
		      "the data may be cut (--allow-truncated accepts this)");
	transport_end(&s->base, &err);
}

/* False when what has arrived is used up. */
static bool read_some(struct tls *s)
{
	struct transport *t = &s->base;
	size_t before = evbuffer_get_length(t->input);
	struct err err;
	enum stream_status status = tls_engine_read(&s->engine, t->room, t->input, &err);
	size_t came = evbuffer_get_length(t->input) - before;

	t->received += came;
	t->room -= came;
	if (status == STREAM_EOF)
		transport_end(t, NULL);
	else if (status == STREAM_ERROR)
		break_off(s, &err);
	else if (status == STREAM_AGAIN && tls_lower_ended(&s->lower))
		end_below(s);
	return status == STREAM_OK;
}

static bool can_read(const struct tls *s)
{
	return s->base.room > 0 && !s->base.ended && !tls_bio_full(&s->engine.bio) &&
	       (s->lower.transport->ended || tls_engine_pending(&s->engine));
}

static void read_all(struct tls *s)
{
	while (s->state == TLS_OPEN && can_read(s))
		if (!read_some(s))
			break;
}

/* One record. False when the lower queue is full, nothing is left, or it failed. */
static bool write_some(struct tls *s)
{
	struct transport *t = &s->base;
	size_t before = evbuffer_get_length(t->output);
	struct err err;
	enum stream_status status;

	if (before == 0 || tls_lower_full(&s->lower))
		return false;
	status = tls_engine_write(&s->engine, t->output, &err);
	t->sent += before - evbuffer_get_length(t->output);
	tls_lower_mark_data(&s->lower);
	if (status == STREAM_ERROR)
		break_off(s, &err);
	return status == STREAM_OK;
}

static void send_all(struct tls *s)
{
	bool moved = true;

	while (moved && s->state == TLS_OPEN && s->lower.transport->write_error == NULL) {
		moved = false;
		while (write_some(s))
			moved = true;
		push_lower(s);
	}
}

/* close_notify, and the end of the lower stream after it. */
static void finish_sending(struct tls *s)
{
	struct transport *t = &s->base;

	if (!t->shut_wanted || t->shut_done || s->state != TLS_OPEN ||
	    s->lower.transport->write_error != NULL || evbuffer_get_length(t->output) > 0)
		return;
	if (!s->close_sent && tls_engine_close(&s->engine) == STREAM_AGAIN)
		return;
	s->close_sent = true;
	push_lower(s);
	transport_shut(s->lower.transport);
	t->shut_done = s->lower.transport->shut_done;
}

/* Report what has been kept back. */
static void fail_writing(struct tls *s)
{
	if (s->state == TLS_SHAKING)
		explain_end(s);
	else
		transport_fail_write(&s->base, s->lower.transport->write_error);
}

/* Keep the error back while an alert may still arrive, which is the error then; but
 * where nothing is read, nothing can. */
static void meet_write_error(struct tls *s)
{
	bool reads = s->state == TLS_SHAKING || s->base.room > 0;

	if (s->lower.transport->write_error == NULL || s->base.write_error != NULL)
		return;
	if (tls_lower_may_say_why(&s->lower) && reads && !s->base.ended)
		task_wake(&s->task);
	else
		fail_writing(s);
}

/* After the end, what still comes is dropped: left unread, it would make the
 * close a reset, and the peer lose what we sent last. */
static void ask_lower(struct tls *s)
{
	size_t room = s->base.room;

	if (s->base.ended)
		tls_lower_drop(&s->lower);
	if (s->state == TLS_SHAKING || s->base.ended)
		room = room > 0 ? room : TLS_RECORD_MAX; /* also without an owner who reads */
	tls_lower_ask(&s->lower, room);
}

static void pump(struct tls *s, bool reading)
{
	s->pumping = true;
	if (s->state == TLS_SHAKING)
		shake(s);
	if (reading)
		read_all(s);
	send_all(s);
	finish_sending(s);
	push_lower(s);
	meet_write_error(s);
	ask_lower(s);
	s->pumping = false;
}

/* From a callback of the lower transport, or from a call of ours. */
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

	tls_lower_count_run(&s->lower);
	pump(s, true);
	transport_notify(&s->base);
}

static void tls_free(struct transport *t)
{
	struct tls *s = tls_of(t);

	task_cancel(&s->task);
	tls_engine_release(&s->engine);
	tls_lower_release(&s->lower);
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

	if (s->state == TLS_OPEN && !s->pumping)
		pump(s, false);
}

static void tls_abort(struct transport *t)
{
	transport_abort(tls_of(t)->lower.transport);
}

static size_t tls_unsent(const struct transport *t)
{
	return tls_lower_unsent(&tls_of_const(t)->lower);
}

static int tls_raw_fd(const struct transport *t)
{
	(void)t;
	return -1;
}

static bool tls_info(const struct transport *t, enum info_key key, struct evbuffer *out)
{
	const struct tls *s = tls_of_const(t);

	if (key == INFO_PEERNAME || key == INFO_SOCKNAME || key == INFO_FAMILY || key == INFO_RTT)
		return transport_info(s->lower.transport, key, out);
	return tls_engine_info(&s->engine, key, out);
}

static enum stream_status tls_handshake(struct transport *t)
{
	struct tls *s = tls_of(t);

	if (s->state == TLS_SHAKING && !s->pumping)
		pump(s, true);
	if (s->state == TLS_SHAKING)
		return STREAM_AGAIN;
	return tls_engine_is_open(&s->engine) ? STREAM_OK : STREAM_ERROR;
}

static const struct transport_ops tls_ops = {
	.free = tls_free,
	.update = tls_update,
	.flush = tls_flush,
	.shut = tls_flush,
	.abort = tls_abort,
	.unsent = tls_unsent,
	.raw_fd = tls_raw_fd,
	.info = tls_info,
	.handshake = tls_handshake,
};

static struct tls *tls_new(struct transport *lower, const struct tls_config *config)
{
	struct tls *s = alloc_zeroed(sizeof(*s));

	transport_init(&s->base, &tls_ops, lower->loop);
	s->base.input = evbuffer_new();
	s->base.output = evbuffer_new();
	if (s->base.input == NULL || s->base.output == NULL)
		alloc_failed();
	tls_lower_init(&s->lower, lower);
	s->allow_truncated = tls_config_settings(config)->allow_truncated;
	task_init(&s->task, lower->loop, on_task, s);
	return s;
}

static struct transport *tls_start(struct tls *s)
{
	transport_set_wake(s->lower.transport, on_lower, s);
	ask_lower(s);
	return &s->base;
}

struct transport *transport_tls_client(struct transport *lower, const struct tls_config *config,
				       const char *name)
{
	struct tls *s = tls_new(lower, config);

	tls_engine_connect(&s->engine, lower, config, name);
	return tls_start(s);
}

struct transport *transport_tls_server(struct transport *lower, const struct tls_config *config)
{
	struct tls *s = tls_new(lower, config);

	tls_engine_accept(&s->engine, lower, config);
	return tls_start(s);
}
