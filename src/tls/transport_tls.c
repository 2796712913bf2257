/* SPDX-License-Identifier: ISC */
/* transport_tls: TLS over another transport. */
#include "config.h"

#include "tls/transport_tls.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/escape.h"
#include "io/loop.h"
#include "io/transport_impl.h"
#include "tls/tls_bio.h"
#include "tls/tls_cert_text.h"
#include "tls/tls_config.h"
#include "tls/tls_library.h"
#include "tls/tls_settings.h"
#include "tls/tls_verify.h"

#include <event2/buffer.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

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
 *   kept back until then: see meet_write_error().
 * - OpenSSL does not see the end of the stream below, so that sending can go on after
 *   it: see lower_ended().
 */

enum {
	RECORD_MAX = 5 + 16384 + 2048,	      /* on the wire (RFC 5246 section 6.2.3) */
	PIECE_MAX = SSL3_RT_MAX_PLAIN_LENGTH, /* a record's data */
	PIECE_GOOD = PIECE_MAX / 2,	      /* do not join longer pieces with more */
	QUEUE_MARK = 64 * 1024, /* encrypted bytes waiting: add no more data; TLS itself may */
	READ_MAX = 63 * 1024,	/* reserved at a time: libevent's block is 64 KiB then */
	READ_MIN = 512,
	FIRST_SIZE = 48, /* of what a peer without TLS sent first... */
	SHOWN_SIZE = 64, /* ... and as it is shown */
	LATE_POLLS = 32, /* what a kernel keeps for us comes with them, 256 KiB each */
};

enum tls_state {
	TLS_HANDSHAKE,
	TLS_REFUSED, /* the handshake failed */
	TLS_OPEN,
	TLS_CLOSED, /* close_notify is in the queue below, or left out; reading goes on */
	TLS_BROKEN, /* an alert or a bad record: OpenSSL neither reads nor writes */
};

struct tls {
	struct transport base;
	struct transport *lower; /* owned */
	SSL *ssl;		 /* owned */
	const struct tls_config *config;
	struct tls_peer peer; /* what a client expects of it */
	struct task task;
	enum tls_state state;
	bool pumping;
	bool heard;	   /* the peer has sent something, which OpenSSL has taken */
	unsigned polls;	   /* since a write below failed */
	uint64_t data_end; /* where the owner's last byte ends, in bytes sent below */
};

static struct tls *tls_of(const struct transport *t)
{
	return (struct tls *)t; /* `base` is its first member */
}

static void set_state(struct tls *s, enum tls_state state)
{
	static const char *const names[] = {
		[TLS_HANDSHAKE] = "handshake", [TLS_REFUSED] = "handshake failed",
		[TLS_OPEN] = "open",	       [TLS_CLOSED] = "sending ended",
		[TLS_BROKEN] = "broken",
	};

	transport_log(&s->base, "", names[s->state], names[state]);
	s->state = state;
}

static size_t arrived(const struct tls *s)
{
	return evbuffer_get_length(s->lower->input);
}

static size_t queued(const struct tls *s)
{
	return evbuffer_get_length(s->lower->output);
}

/* Nothing more will come from below, and OpenSSL has taken all that came. */
static bool lower_ended(const struct tls *s)
{
	return s->lower->read_half != READ_OPEN && arrived(s) == 0;
}

/* End both directions. The alert that OpenSSL has queued goes out, then FIN. */
static void fail(struct tls *s, enum tls_state state, const struct err *err)
{
	set_state(s, state);
	transport_flush(s->lower);
	transport_shut(s->lower);
	transport_end(&s->base, err);
	transport_fail_write(&s->base, err);
}

/* What a call of OpenSSL has come to. */
static enum stream_status outcome(const struct tls *s, int result, struct err *err)
{
	switch (SSL_get_error(s->ssl, result)) {
	case SSL_ERROR_NONE:
		return STREAM_OK;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return STREAM_AGAIN;
	case SSL_ERROR_ZERO_RETURN: /* close_notify */
		return STREAM_EOF;
	default: /* not an enum */
		(void)tls_library_error(err);
		return STREAM_ERROR;
	}
}

/* --- the handshake --- */

/* The stream below has ended or failed, although OpenSSL still waits. */
static void refuse_end(struct tls *s)
{
	const struct err *cause =
		s->lower->read_error ? s->lower->read_error : s->lower->write_error;
	struct err err;

	if (cause != NULL) {
		err = *cause;
		err.kind = ERR_TLS;
		(void)err_prefix(&err, "the connection broke during the TLS handshake");
	} else {
		(void)err_set(&err, ERR_TLS, "the peer closed the connection %s",
			      s->heard ? "during the TLS handshake" : "without a TLS handshake");
	}
	fail(s, TLS_REFUSED, &err);
}

/* Can what the peer sent first be TLS? Asked before OpenSSL takes any of it. */
static bool check_first(struct tls *s, struct err *err)
{
	unsigned char first[FIRST_SIZE];
	char shown[SHOWN_SIZE];
	ev_ssize_t copied = evbuffer_copyout(s->lower->input, first, sizeof(first));
	size_t len = copied > 0 ? (size_t)copied : 0, line = 0;

	if (s->heard || len == 0)
		return true;
	s->heard = true;
	if ((first[0] == SSL3_RT_HANDSHAKE || first[0] == SSL3_RT_ALERT) &&
	    (len == 1 || first[1] == SSL3_VERSION_MAJOR))
		return true;
	while (line < len && first[line] != '\r' && first[line] != '\n')
		line++;
	/* If it begins with a line end, show that. */
	escape_visible(bytes_of(first, line > 0 ? line : len), shown, sizeof(shown));
	return err_set(err, ERR_TLS, "the peer does not speak TLS: it sent '%s'", shown);
}

static void drive_handshake(struct tls *s)
{
	struct err err;
	enum stream_status status;

	if (!check_first(s, &err)) {
		fail(s, TLS_REFUSED, &err);
		return;
	}
	ERR_clear_error();
	status = outcome(s, SSL_do_handshake(s->ssl), &err);
	if (status == STREAM_ERROR) {
		if (s->peer.failure != NULL)
			(void)err_set(&err, ERR_TLS, "%s", s->peer.failure);
		fail(s, TLS_REFUSED, &err);
	} else if (status == STREAM_OK) {
		set_state(s, TLS_OPEN);
	} else if (status == STREAM_EOF || lower_ended(s)) {
		refuse_end(s);
	}
}

/* --- reading --- */

static void end_below(struct tls *s)
{
	const struct err *cause = s->lower->read_error;
	struct err err;

	if (cause == NULL && !s->config->settings->allow_truncated) {
		(void)err_set(&err, ERR_TLS_TRUNCATED,
			      "the peer ended the connection without close_notify: "
			      "the data may be cut (--allow-truncated accepts this)");
		cause = &err;
	}
	transport_end(&s->base, cause);
}

/* How much to reserve: not more than what is there can decrypt to, so that a
 * short message takes no large block. */
static size_t read_size(const struct tls *s)
{
	size_t room = s->base.room > TRANSPORT_LEAST ? s->base.room : TRANSPORT_LEAST;
	size_t size = arrived(s) + (size_t)SSL_pending(s->ssl);

	if (size < READ_MIN)
		size = READ_MIN;
	if (size > READ_MAX)
		size = READ_MAX;
	return size < room ? size : room;
}

/* False when what has arrived is used up. */
static bool read_some(struct tls *s)
{
	struct transport *t = &s->base;
	size_t size = read_size(s), came = 0, n;
	struct evbuffer_iovec piece;
	enum stream_status status;
	struct err err;
	int result = 1;

	(void)evbuffer_reserve_space(t->input, (ev_ssize_t)size, &piece, 1);
	ERR_clear_error();
	while (came < size && result == 1) {
		result = SSL_read_ex(s->ssl, (char *)piece.iov_base + came, size - came, &n);
		came += result == 1 ? n : 0;
	}
	status = outcome(s, result, &err);
	piece.iov_len = came;
	(void)evbuffer_commit_space(t->input, &piece, 1); /* fails for a foreign piece */
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

/* Not while the queue below is far too long: what is read may need an answer (key
 * updates, from a peer that does not read). */
static bool can_read(const struct tls *s)
{
	return (s->state == TLS_OPEN || s->state == TLS_CLOSED) && s->base.room > 0 &&
	       s->base.read_half == READ_OPEN &&
	       (lower_ended(s) ||
		(queued(s) < TLS_BIO_QUEUE_MAX && (arrived(s) > 0 || SSL_pending(s->ssl) > 0)));
}

/* --- writing --- */

/* The next record's data in one piece: many small ones are joined. */
static unsigned char *next_piece(struct evbuffer *from, size_t *len)
{
	size_t waiting = evbuffer_get_length(from);
	size_t there = evbuffer_get_contiguous_space(from);

	*len = waiting < PIECE_MAX ? waiting : PIECE_MAX;
	if (there >= PIECE_GOOD && there < *len)
		*len = there;
	return evbuffer_pullup(from, (ev_ssize_t)*len);
}

static bool can_write(const struct tls *s)
{
	return s->state == TLS_OPEN && s->lower->write_error == NULL;
}

/* One record. False when it failed, or OpenSSL has to wait. */
static bool write_some(struct tls *s)
{
	struct transport *t = &s->base;
	enum stream_status status;
	struct err err;
	size_t len, n;
	const unsigned char *data = next_piece(t->output, &len);

	ERR_clear_error();
	status = outcome(s, SSL_write_ex(s->ssl, data, len, &n), &err);
	if (status == STREAM_ERROR)
		fail(s, TLS_BROKEN, &err);
	if (status != STREAM_OK)
		return false;
	(void)evbuffer_drain(t->output, n); /* fails only for a frozen buffer */
	t->sent += n;
	s->data_end = s->lower->sent + queued(s);
	return true;
}

static void write_all(struct tls *s)
{
	while (can_write(s) && evbuffer_get_length(s->base.output) > 0 && queued(s) < QUEUE_MARK &&
	       write_some(s))
		if (queued(s) >= QUEUE_MARK)
			transport_flush(s->lower);
}

/* False when the queue below is too long; nothing can be done about another failure. */
static bool send_close_notify(const struct tls *s)
{
	int result;

	ERR_clear_error();
	result = SSL_shutdown(s->ssl);
	return result >= 0 || SSL_get_error(s->ssl, result) != SSL_ERROR_WANT_WRITE;
}

/* close_notify once everything is encrypted, and the end of the stream below after it. */
static void finish_sending(struct tls *s)
{
	struct transport *t = &s->base;

	if (t->write_half != WRITE_DRAINING || evbuffer_get_length(t->output) > 0)
		return;
	if (can_write(s) && (t->truncate || send_close_notify(s)))
		set_state(s, TLS_CLOSED);
	if (s->state != TLS_CLOSED)
		return;
	transport_shut(s->lower);
	if (s->lower->write_half == WRITE_SHUT)
		transport_shut_done(t);
}

/* A peer that has ended and closed since may miss our close_notify, and nothing else. */
static bool end_came_too_late(const struct tls *s)
{
	return s->state == TLS_CLOSED && s->base.read_half == READ_ENDED &&
	       transport_unsent(&s->base) == 0;
}

/* A write that failed below, or a reset that reading met there after the peer's
 * close_notify, is kept back while an alert may still arrive, which is the error then:
 * until the stream below ends, for some polls. The owner may not have asked for bytes
 * yet: it does so at the end of its run. */
static void meet_write_error(struct tls *s)
{
	const struct err *err = s->lower->write_error;

	if (err == NULL && s->base.read_half == READ_ENDED)
		err = s->lower->read_error;
	if (err == NULL || s->base.write_error != NULL)
		return;
	if (end_came_too_late(s)) {
		if (s->base.write_half == WRITE_DRAINING)
			transport_shut_done(&s->base);
		return;
	}
	if (s->base.read_half == READ_OPEN && s->polls < LATE_POLLS)
		task_wake(&s->task);
	else if (s->state == TLS_HANDSHAKE)
		refuse_end(s);
	else
		transport_fail_write(&s->base, err);
}

/* --- the pump --- */

/* Ask for whole records. After the end, what still comes is dropped: left unread, it
 * would make the close a reset, and the peer lose what was sent last. */
static void ask_lower(struct tls *s)
{
	struct transport *lower = s->lower;
	bool ended = s->base.read_half != READ_OPEN;
	size_t room = s->base.room;

	if (ended)
		(void)evbuffer_drain(lower->input, arrived(s));
	/* At the end and during the handshake even when the owner wants nothing. */
	if (room < RECORD_MAX && (room > 0 || ended || s->state == TLS_HANDSHAKE))
		room = RECORD_MAX;
	transport_want(lower, arrived(s) < room ? room - arrived(s) : 0);
}

static void pump(struct tls *s, bool reading)
{
	s->pumping = true;
	if (s->state == TLS_HANDSHAKE)
		drive_handshake(s);
	while (reading && can_read(s) && read_some(s))
		;
	write_all(s);
	finish_sending(s);
	s->lower->reset = s->base.reset;
	transport_flush(s->lower); /* notices a reset, too, of which no event may tell */
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

	if (s->lower->write_error != NULL)
		s->polls++;
	on_lower(s);
}

static void tls_free(struct transport *t)
{
	struct tls *s = tls_of(t);

	task_cancel(&s->task);
	SSL_free(s->ssl);
	tls_verify_release(&s->peer);
	s->lower->reset = t->reset;
	transport_free(s->lower);
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

/* What was queued after the owner's last byte does not count: a peer that misses
 * close_notify has lost nothing. */
static size_t tls_unsent(const struct transport *t)
{
	const struct tls *s = tls_of(t);
	const struct transport *lower = s->lower;
	size_t below = transport_unsent(lower); /* another program's bytes, too, on fd:N */
	uint64_t reached = lower->sent > below ? lower->sent - below : 0;

	return s->data_end > reached ? (size_t)(s->data_end - reached) : 0;
}

static enum peer_state tls_peer_state(const struct transport *t)
{
	return transport_peer_state(tls_of(t)->lower);
}

static void tls_probe(struct transport *t)
{
	transport_probe(tls_of(t)->lower);
}

static bool tls_heard(const struct transport *t)
{
	const struct tls *s = tls_of(t);
	bool open = s->state != TLS_HANDSHAKE && s->state != TLS_REFUSED;

	return open ? t->received > 0 : transport_heard(s->lower);
}

static char *fact(const SSL *ssl, enum info_key key)
{
	const X509 *cert = SSL_get0_peer_certificate(ssl);
	const char *name;

	if (key == INFO_TLS_VERSION)
		return alloc_string(SSL_get_version(ssl));
	if (key == INFO_CIPHER)
		return alloc_string(SSL_get_cipher_name(ssl));
	if (key != INFO_SERVER_NAME)
		return cert != NULL ? tls_cert_text_fact(cert, key) : NULL;
	name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	return name != NULL ? escape_controls(bytes_of_string(name)) : NULL;
}

static bool tls_info(const struct transport *t, enum info_key key, struct evbuffer *out)
{
	const struct tls *s = tls_of(t);
	char *text;

	if (key == INFO_PEERNAME || key == INFO_SOCKNAME || key == INFO_FAMILY || key == INFO_RTT)
		return transport_info(s->lower, key, out);
	if (s->state == TLS_HANDSHAKE || s->state == TLS_REFUSED)
		return false;
	text = fact(s->ssl, key);
	if (text == NULL)
		return false;
	(void)evbuffer_add(out, text, strlen(text));
	free(text);
	return true;
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
	.unsent = tls_unsent,
	.peer_state = tls_peer_state,
	.probe = tls_probe,
	.heard = tls_heard,
	.info = tls_info,
	.handshake = tls_handshake,
};

struct transport *transport_tls_new(struct transport *lower, const struct tls_config *config,
				    const char *name)
{
	const char *other = config->settings->server_name;
	struct tls *s = alloc_zeroed(sizeof(*s));

	s->base = (struct transport){ .ops = &tls_ops, .loop = lower->loop };
	s->base.input = evbuffer_new();
	s->base.output = evbuffer_new();
	if (lower->name != NULL)
		s->base.name = alloc_string(lower->name);
	s->lower = lower;
	s->config = config;
	ERR_clear_error();
	s->ssl = SSL_new(config->ctx);
	tls_bio_set(s->ssl, config->bio_method, lower);
	if (SSL_is_server(s->ssl)) {
		SSL_set_accept_state(s->ssl);
	} else {
		SSL_set_connect_state(s->ssl);
		tls_verify_expect(s->ssl, &s->peer, other != NULL ? other : name);
	}
	task_init(&s->task, lower->loop, on_task, s);
	transport_set_wake(lower, on_lower, s);
	ask_lower(s);
	return &s->base;
}
