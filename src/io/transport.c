/* SPDX-License-Identifier: ISC */
/* transport: a connected byte stream, plain or TLS, behind one interface. */
#include "config.h"

#include "io/transport.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/log.h"
#include "io/transport_impl.h"

#include <assert.h>
#include <event2/buffer.h>
#include <stdlib.h>

void transport_log(const struct transport *t, const char *half, const char *from, const char *to)
{
	log_line(LOG_DEBUG, "%s%s%s: %s%s -> %s", t->name != NULL ? t->name : "",
		 t->name != NULL ? ": " : "", t->ops->name, half, from, to);
}

static void set_read_half(struct transport *t, enum read_half half)
{
	static const char *const names[] = {
		[READ_OPEN] = "open",
		[READ_ENDED] = "ended",
		[READ_BROKEN] = "broken",
	};

	transport_log(t, "reading: ", names[t->read_half], names[half]);
	t->read_half = half;
}

static void set_write_half(struct transport *t, enum write_half half)
{
	static const char *const names[] = {
		[WRITE_OPEN] = "open",
		[WRITE_DRAINING] = "draining",
		[WRITE_SHUT] = "shut",
		[WRITE_BROKEN] = "broken",
	};

	transport_log(t, "writing: ", names[t->write_half], names[half]);
	t->write_half = half;
}

void transport_free(struct transport *t)
{
	if (t != NULL)
		t->ops->free(t);
}

void transport_set_wake(struct transport *t, void (*wake)(void *arg), void *arg)
{
	t->wake = wake;
	t->wake_arg = arg;
}

void transport_set_name(struct transport *t, char *name)
{
	free(t->name);
	t->name = name;
}

void transport_want(struct transport *t, size_t room)
{
	t->room = room;
	t->ops->update(t);
}

void transport_flush(struct transport *t)
{
	t->ops->flush(t);
}

void transport_shut(struct transport *t)
{
	if (t->write_half != WRITE_OPEN)
		return;
	set_write_half(t, WRITE_DRAINING);
	t->ops->flush(t);
}

size_t transport_unsent(const struct transport *t)
{
	return t->ops->unsent(t);
}

enum peer_state transport_peer_state(const struct transport *t)
{
	return t->ops->peer_state(t);
}

void transport_probe(struct transport *t)
{
	t->ops->probe(t);
}

int transport_raw_fd(const struct transport *t)
{
	return t->ops->raw_fd != NULL ? t->ops->raw_fd(t) : -1;
}

void transport_raw_error(struct transport *t, enum transport_half half, int sys)
{
	t->ops->raw_error(t, half, sys);
}

void transport_set_addresses(struct transport *t, const struct socket_address *peer,
			     const struct socket_address *own)
{
	t->ops->set_addresses(t, peer, own);
}

bool transport_heard(const struct transport *t)
{
	return t->ops->heard != NULL ? t->ops->heard(t) : t->received > 0;
}

bool transport_info(const struct transport *t, enum info_key key, struct evbuffer *out)
{
	return t->ops->info(t, key, out);
}

char *transport_fact(const struct transport *t, enum info_key key)
{
	struct evbuffer *text = evbuffer_new();
	char *fact = NULL;

	if (transport_info(t, key, text) && evbuffer_get_length(text) > 0)
		fact = bytes_string(bytes_of(evbuffer_pullup(text, -1), evbuffer_get_length(text)));
	evbuffer_free(text);
	return fact;
}

const char *info_key_name(enum info_key key)
{
	static const char *const names[INFO_KEYS] = {
		[INFO_PEERNAME] = "peername",
		[INFO_SOCKNAME] = "sockname",
		[INFO_FAMILY] = "family",
		[INFO_RTT] = "rtt",
		[INFO_TLS_VERSION] = "tls-version",
		[INFO_CIPHER] = "cipher",
		[INFO_ALPN] = "alpn",
		[INFO_SERVER_NAME] = "server-name",
		[INFO_PEERCERT] = "peercert",
		[INFO_PEERCERT_SUBJECT] = "peercert-subject",
		[INFO_PEERCERT_ISSUER] = "peercert-issuer",
		[INFO_PEERCERT_NAMES] = "peercert-names",
		[INFO_PEERCERT_NOT_AFTER] = "peercert-not-after",
		[INFO_PEERCERT_DAYS_LEFT] = "peercert-days-left",
		[INFO_PEERCERT_SHA256] = "peercert-sha256",
		[INFO_PEERCERT_PIN] = "peercert-pin",
	};

	assert(key < INFO_KEYS);
	return names[key];
}

enum stream_status transport_handshake(struct transport *t, struct err *err)
{
	enum stream_status status = t->ops->handshake == NULL ? STREAM_OK : t->ops->handshake(t);

	if (status == STREAM_ERROR)
		*err = *t->read_error;
	return status;
}

void transport_release(struct transport *t)
{
	free(t->name);
	free(t->read_error);
	free(t->write_error);
}

void transport_notify(struct transport *t)
{
	if (t->wake != NULL)
		t->wake(t->wake_arg);
}

void transport_end(struct transport *t, const struct err *err)
{
	if (t->read_half != READ_OPEN)
		return;
	set_read_half(t, err == NULL ? READ_ENDED : READ_BROKEN);
	if (err != NULL)
		t->read_error = alloc_copy(err, sizeof(*err));
	transport_notify(t);
}

void transport_shut_done(struct transport *t)
{
	set_write_half(t, WRITE_SHUT);
}

void transport_fail_write(struct transport *t, const struct err *err)
{
	if (t->write_error != NULL)
		return;
	t->write_error = alloc_copy(err, sizeof(*err));
	if (t->write_half != WRITE_SHUT)
		set_write_half(t, WRITE_BROKEN);
	transport_notify(t);
}
