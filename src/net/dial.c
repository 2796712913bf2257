/* SPDX-License-Identifier: ISC */
/* dial: from an address to a transport that is ready: name, connection, TLS. */
#include "config.h"

#include "net/dial.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/loop.h"
#include "io/transport.h"
#include "io/vsock.h"
#include "net/address.h"
#include "net/dial_lookup.h"
#include "net/happy_eyeballs.h"
#include "tls/transport_tls.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A list of stages, each a function that is asked again after every wake until it
 * says STREAM_OK; then the next is asked. A stage that an address does not need
 * says so at once. The connection stage goes on feeding the race with the
 * answers of the slower lookup.
 */

enum stage { STAGE_BEGIN, STAGE_RESOLVE, STAGE_CONNECT, STAGE_TLS, STAGES };

struct dial {
	struct loop *loop;
	const struct address *address;
	const struct dial_options *options;
	dial_done_fn done;
	void *arg;
	struct task task;
	struct timer *budget, *handshake;
	struct dial_lookup *inquiry; /* NULL: no name is to be looked up */
	struct happy_eyeballs *race;
	struct transport *transport; /* once connected */
	bool upgraded;		     /* ... and TLS is on it */
	enum stage stage;
	uint64_t stage_began_us;
	struct dial_times times;
	char *target;	  /* the address without "tls:" */
	char *stage_text; /* for dial_stage() */
};

static bool is_wanted(const struct dial *d, int family)
{
	return d->options->family == AF_UNSPEC || d->options->family == family;
}

static void set_stage_text(struct dial *d, const char *what, const char *whom)
{
	free(d->stage_text);
	d->stage_text = alloc_printf("%s %s", what, whom);
}

/* --- begin: what the kind of address asks for --- */

static void add_literal(struct dial *d, const char *host)
{
	struct sockaddr_storage addr;
	socklen_t len;

	if (address_literal(host, d->address->port, &addr, &len))
		happy_eyeballs_add(d->race, (struct sockaddr *)&addr, len);
}

static bool begin_literal(struct dial *d, struct err *err)
{
	struct sockaddr_storage addr;
	socklen_t len;

	if (!address_literal(d->address->host, d->address->port, &addr, &len))
		return err_set(err, ERR_CONNECT, "cannot connect to %s: no such interface",
			       d->target);
	if (!is_wanted(d, addr.ss_family))
		return err_set(err, ERR_USAGE, "'%s' is an IPv%c address, which -%c excludes",
			       d->address->host, addr.ss_family == AF_INET ? '4' : '6',
			       addr.ss_family == AF_INET ? '6' : '4');
	happy_eyeballs_add(d->race, (struct sockaddr *)&addr, len);
	return true;
}

static void begin_name(struct dial *d)
{
	const struct address *a = d->address;

	set_stage_text(d, "looking up", a->host);
	d->inquiry = dial_lookup_new(d->loop, a->host, a->port, d->options->family, &d->task);
}

static bool begin_tcp(struct dial *d, struct err *err)
{
	switch (d->address->host_kind) {
	case HOST_LITERAL:
		return begin_literal(d, err);
	case HOST_NAME:
		begin_name(d);
		return true;
	case HOST_LOOPBACK:
	case HOST_ANY:
		break;
	}
	if (is_wanted(d, AF_INET6))
		add_literal(d, "::1");
	if (is_wanted(d, AF_INET))
		add_literal(d, "127.0.0.1");
	return true;
}

/* Unix and vsock: there is one address. */
static bool begin_local(struct dial *d, struct err *err)
{
	const struct address *a = d->address;
	struct sockaddr_storage addr;
	socklen_t len;

	if (a->kind == ADDRESS_UNIX && !address_sockaddr_unix(a, &addr, &len, err))
		return false;
	if (a->kind == ADDRESS_VSOCK && !vsock_fill(a->cid, a->vsock_port, &addr, &len))
		return err_set(err, ERR_CONNECT, "cannot connect to %s: there is no AF_VSOCK here",
			       d->target);
	happy_eyeballs_add(d->race, (struct sockaddr *)&addr, len);
	return true;
}

bool dial_check_fd(int fd, struct err *err)
{
	struct sockaddr_storage peer;
	socklen_t peer_len = sizeof(peer);
	int type = 0;
	socklen_t len = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0)
		return err_sys(err, ERR_USAGE, errno, "cannot use fd:%d", fd);
	if (type != SOCK_STREAM)
		return err_set(err, ERR_USAGE, "cannot use fd:%d: it is no stream socket", fd);
	if (getpeername(fd, (struct sockaddr *)&peer, &peer_len) != 0)
		return err_sys(err, ERR_USAGE, errno, "cannot use fd:%d", fd);
	return true;
}

/* From here on it is ours, and no command that we start inherits it. FD_CLOEXEC, unlike
 * O_NONBLOCK, is not shared with other processes. */
static bool begin_fd(struct dial *d, struct err *err)
{
	int fd = d->address->fd;

	if (!dial_check_fd(fd, err))
		return false;
	if (fd > STDERR_FILENO)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC); /* it is open */
	d->transport = transport_plain_new(d->loop, fd, NULL, d->options->nagle);
	return true;
}

static bool begin_kind(struct dial *d, struct err *err)
{
	switch (d->address->kind) {
	case ADDRESS_TCP:
		return begin_tcp(d, err);
	case ADDRESS_UNIX:
	case ADDRESS_VSOCK:
		return begin_local(d, err);
	case ADDRESS_FD:
		return begin_fd(d, err);
	case ADDRESS_SD:
		break;
	}
	return err_set(err, ERR_USAGE, "'%s' is only for listening", d->target);
}

static enum stream_status begin(struct dial *d, struct err *err)
{
	const struct dial_options *o = d->options;
	socklen_t local_len = d->address->kind == ADDRESS_TCP ? o->local_len : 0;

	d->race = happy_eyeballs_new(d->loop, o->happy_eyeballs_delay_ms, &o->local, local_len,
				     &d->task);
	return begin_kind(d, err) ? STREAM_OK : STREAM_ERROR;
}

/* --- resolve: until there is an address to begin with --- */

static enum stream_status resolve(struct dial *d, struct err *err)
{
	if (d->inquiry == NULL)
		return STREAM_OK;
	(void)dial_lookup_feed(d->inquiry, d->race); /* its status says more */
	return dial_lookup_status(d->inquiry, err);
}

/* --- connect --- */

static enum stream_status run_race(struct dial *d, struct err *err)
{
	const char *latest;
	bool more;

	if (d->transport != NULL)
		return STREAM_OK;
	more = d->inquiry != NULL && dial_lookup_feed(d->inquiry, d->race);
	switch (happy_eyeballs_run(d->race, more)) {
	case HAPPY_EYEBALLS_WON:
		d->transport = transport_plain_new(d->loop, happy_eyeballs_take(d->race), NULL,
						   d->options->nagle);
		return STREAM_OK;
	case HAPPY_EYEBALLS_LOST:
		happy_eyeballs_error(d->race, d->target, err);
		return STREAM_ERROR;
	case HAPPY_EYEBALLS_AGAIN:
		break;
	}
	latest = happy_eyeballs_latest(d->race);
	if (latest != NULL)
		set_stage_text(d, "connecting to", latest);
	return STREAM_AGAIN;
}

/* --- TLS --- */

static void wake(void *arg)
{
	struct dial *d = arg;

	task_wake(&d->task);
}

static void upgrade(struct dial *d)
{
	const struct dial_options *o = d->options;

	set_stage_text(d, "shaking hands with", d->target);
	d->upgraded = true;
	d->transport = transport_tls_client(d->transport, o->tls, o->tls_name);
	transport_set_wake(d->transport, wake, d);
	if (o->handshake_timeout_ms > 0)
		timer_start(d->handshake, o->handshake_timeout_ms);
}

static enum stream_status secure(struct dial *d, struct err *err)
{
	enum stream_status status;

	if (!d->address->tls)
		return STREAM_OK;
	if (!d->upgraded)
		upgrade(d);
	status = transport_handshake(d->transport);
	if (status == STREAM_ERROR) {
		*err = *d->transport->read_error;
		(void)err_prefix(err, "%s", d->target);
	}
	return status;
}

/* --- the whole --- */

static enum stream_status (*const stages[STAGES])(struct dial *d, struct err *err) = {
	[STAGE_BEGIN] = begin,
	[STAGE_RESOLVE] = resolve,
	[STAGE_CONNECT] = run_race,
	[STAGE_TLS] = secure,
};

/* How long a stage took that was needed. */
static void note_time(struct dial *d)
{
	uint64_t now = loop_now_us();
	uint64_t took = now - d->stage_began_us;

	d->stage_began_us = now;
	if (d->stage == STAGE_RESOLVE && d->inquiry != NULL)
		d->times.resolve_us = took;
	else if (d->stage == STAGE_CONNECT && d->address->kind != ADDRESS_FD)
		d->times.connect_us = took;
	else if (d->stage == STAGE_TLS && d->address->tls)
		d->times.tls_us = took;
}

static enum stream_status advance(struct dial *d, struct err *err)
{
	while (d->stage < STAGES) {
		enum stream_status status = stages[d->stage](d, err);
		if (status == STREAM_AGAIN)
			return status;
		note_time(d);
		if (status != STREAM_OK)
			return status;
		d->stage++;
	}
	return STREAM_OK;
}

static void connect_timeout(const struct dial *d, struct err *err)
{
	char tale[ERR_TEXT_SIZE] = "";

	if (d->stage == STAGE_TLS)
		(void)snprintf(tale, sizeof(tale), "shaking hands");
	else
		happy_eyeballs_describe(d->race, d->target, tale, sizeof(tale));
	(void)err_set(err, ERR_TIMEOUT, "connecting to %s took longer than %g s (%s)", d->target,
		      (double)d->options->connect_timeout_ms / 1000,
		      tale[0] != '\0' ? tale : "looking up the name");
}

/* What has come in time counts, even if the timer has run out since. */
static bool is_late(struct dial *d, struct err *err)
{
	if (timer_expired(d->budget))
		connect_timeout(d, err);
	else if (timer_expired(d->handshake))
		(void)err_set(err, ERR_TIMEOUT, "the TLS handshake with %s took longer than %g s",
			      d->target, (double)d->options->handshake_timeout_ms / 1000);
	else
		return false;
	note_time(d);
	return true;
}

static void run(void *arg)
{
	struct dial *d = arg;
	struct transport *transport = NULL;
	dial_done_fn done = d->done;
	void *done_arg = d->arg;
	struct dial_times times;
	struct err err;
	enum stream_status status = advance(d, &err);

	if (status == STREAM_AGAIN && !is_late(d, &err))
		return;
	if (status == STREAM_OK) {
		transport = d->transport;
		transport_set_wake(transport, NULL, NULL);
		d->transport = NULL;
	}
	times = d->times;
	dial_cancel(d);
	done(done_arg, transport, transport == NULL ? &err : NULL, &times);
}

static char *target_text(const struct address *address)
{
	struct address plain = *address;

	plain.tls = false;
	return address_text(&plain);
}

struct dial *dial_start(struct loop *loop, const struct address *address,
			const struct dial_options *options, dial_done_fn done, void *arg)
{
	struct dial *d = alloc_zeroed(sizeof(*d));

	assert(!address->tls || options->tls != NULL);
	d->loop = loop;
	d->address = address;
	d->options = options;
	d->done = done;
	d->arg = arg;
	task_init(&d->task, loop, run, d);
	d->budget = timer_new(&d->task);
	d->handshake = timer_new(&d->task);
	d->stage_began_us = loop_now_us();
	d->target = target_text(address);
	set_stage_text(d, "connecting to", d->target);
	if (options->connect_timeout_ms > 0)
		timer_start(d->budget, options->connect_timeout_ms);
	task_wake(&d->task);
	return d;
}

void dial_cancel(struct dial *dial)
{
	if (dial == NULL)
		return;
	dial_lookup_free(dial->inquiry);
	happy_eyeballs_free(dial->race);
	transport_free(dial->transport);
	timer_free(dial->budget);
	timer_free(dial->handshake);
	task_cancel(&dial->task);
	free(dial->target);
	free(dial->stage_text);
	free(dial);
}

const char *dial_stage(const struct dial *dial)
{
	return dial->stage_text;
}
