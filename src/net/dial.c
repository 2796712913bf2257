/* SPDX-License-Identifier: ISC */
/* dial: from an address to a transport that is ready: name, connection, TLS. */
#include "config.h"

#include "net/dial.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "io/loop.h"
#include "io/sockaddr.h"
#include "io/transport.h"
#include "net/address.h"
#include "net/dial_lookup.h"
#include "net/happy_eyeballs.h"
#include "net/opening.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct dial {
	struct loop *loop;
	const struct address *address;
	const struct dial_options *options;
	dial_done_fn done;
	void *arg;
	struct task task;
	struct opening *opening;
	struct dial_lookup *lookup; /* NULL: there is no name to look up */
	struct happy_eyeballs *race;
	struct dial_times times;
	char *target; /* the address without "tls:" */
	char *prefix; /* of the lines in the log */
};

static char *target_text(const void *arg)
{
	const struct dial *d = arg;

	return alloc_printf("connecting to %s", d->target);
}

/* --- addresses: those that need no lookup --- */

static enum opening_result find_addresses(struct opening *o, void *arg, struct err *err)
{
	struct dial *d = arg;
	struct socket_address found[ADDRESS_SOCKADDRS_MAX];
	size_t count = address_sockaddrs(d->address, ADDRESS_CONNECT, d->options->family, found);

	(void)o;
	for (size_t i = 0; i < count; i++)
		happy_eyeballs_add(d->race, &found[i]);
	if (count > 0)
		return OPENING_DONE;
	(void)err_set(err, ERR_CONNECT, "cannot connect to %s: no such interface", d->target);
	return OPENING_FAILED;
}

/* --- lookup: until there is an address to begin with --- */

static enum opening_result look_up(struct opening *o, void *arg, struct err *err)
{
	struct dial *d = arg;

	(void)o;
	if (d->lookup == NULL) {
		log_line(LOG_DETAIL, "%slooking up %s", d->prefix, d->address->host);
		d->lookup = dial_lookup_new(d->loop, d->address->host, d->address->port,
					    d->options->family, &d->task);
	}
	(void)dial_lookup_feed(d->lookup, d->race); /* its status says more */
	return dial_lookup_status(d->lookup, err);
}

static bool has_name(const struct address *address)
{
	return address->kind == ADDRESS_TCP && address->host_kind == HOST_NAME;
}

static char *lookup_text(const void *arg)
{
	const struct dial *d = arg;

	return alloc_printf("looking up %s", d->address->host);
}

/* --- connection: the slower lookup goes on feeding the race --- */

/* After an error, what the peer sent before is still read. */
static void set_socket(struct opening *o, const struct dial *d,
		       const struct happy_eyeballs_winner *connected)
{
	struct transport *transport =
		transport_plain_new(d->loop, connected->fd, &connected->peer, d->options->nagle);

	if (log_enabled(LOG_DEBUG))
		transport_set_name(transport, alloc_printf("%s%s", d->prefix, d->target));
	opening_set_transport(o, transport);
	if (connected->error != 0)
		transport_raw_error(transport, TRANSPORT_WRITE, connected->error);
}

static enum opening_result run_race(struct opening *o, void *arg, struct err *err)
{
	struct dial *d = arg;
	bool more = d->lookup != NULL && dial_lookup_feed(d->lookup, d->race);
	struct happy_eyeballs_winner winner;
	enum opening_result result = happy_eyeballs_run(d->race, more, &winner, err);

	if (result == OPENING_DONE)
		set_socket(o, d, &winner);
	return result;
}

/* "connecting to localhost:80", and where that does not say it all " ([::1]:80: connection
 * refused; 127.0.0.1:80: no answer)" */
static char *race_text(const void *arg)
{
	const struct dial *d = arg;
	char *attempts = happy_eyeballs_describe(d->race);
	bool plain = strchr(attempts, ';') == NULL && strstr(attempts, "no answer") != NULL;
	char *text =
		plain ? target_text(d) : alloc_printf("connecting to %s (%s)", d->target, attempts);

	free(attempts);
	return text;
}

/* --- an inherited socket --- */

bool dial_check_fd(int fd, struct err *err)
{
	struct sockaddr_storage peer;
	socklen_t peer_len = sizeof(peer);
	int type = 0;
	socklen_t len = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 ? type != SOCK_STREAM
								  : errno == ENOTSOCK)
		return err_set(err, ERR_USAGE, "cannot use fd:%d: not a stream socket", fd);
	return getpeername(fd, (struct sockaddr *)&peer, &peer_len) == 0 ||
	       err_sys(err, ERR_USAGE, errno, "cannot use fd:%d", fd);
}

/* The program owns it from now on, and no command that it starts inherits it. FD_CLOEXEC,
 * unlike O_NONBLOCK, is not shared with other processes. */
static enum opening_result adopt_fd(struct opening *o, void *arg, struct err *err)
{
	struct dial *d = arg;
	int fd = d->address->fd;
	const struct happy_eyeballs_winner given = { .fd = fd, .peer = sockaddr_peer(fd) };

	if (!dial_check_fd(fd, err))
		return OPENING_FAILED;
	if (fd > STDERR_FILENO)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC); /* it is open */
	set_socket(o, d, &given);
	return OPENING_DONE;
}

/* --- the whole --- */

static void run(void *arg)
{
	struct dial *d = arg;
	struct transport *transport = NULL;
	dial_done_fn done;
	void *done_arg;
	struct dial_times times;
	struct err err;

	switch (opening_run(d->opening, &err)) {
	case OPENING_AGAIN:
		return;
	case OPENING_DONE:
		transport = opening_take(d->opening);
		break;
	case OPENING_FAILED:
		break;
	}
	done = d->done;
	done_arg = d->arg;
	times = d->times;
	dial_free(d);
	done(done_arg, transport, transport == NULL ? &err : NULL, &times);
}

static void add_stages(struct dial *d)
{
	const struct dial_options *options = d->options;
	const struct opening_stage adopt = { .run = adopt_fd, .text = target_text, .arg = d };
	const struct opening_stage find = { .run = find_addresses, .text = target_text, .arg = d };
	const struct opening_stage lookup = {
		.run = look_up, .text = lookup_text, .arg = d, .took_us = &d->times.resolve_us
	};
	const struct opening_stage race = {
		.run = run_race, .text = race_text, .arg = d, .took_us = &d->times.connect_us
	};
	const struct opening_limit handshake = { options->handshake_timeout_ms,
						 "--handshake-timeout" };

	if (d->address->kind == ADDRESS_FD) {
		opening_add(d->opening, &adopt);
	} else {
		opening_add(d->opening, has_name(d->address) ? &lookup : &find);
		opening_add(d->opening, &race);
	}
	if (d->address->tls)
		opening_add_tls(d->opening, options->tls, d->target, address_tls_name(d->address),
				handshake, &d->times.tls_us);
}

struct dial *dial_start(struct loop *loop, const struct address *address,
			const struct dial_options *options, const char *prefix, dial_done_fn done,
			void *arg)
{
	const struct opening_limit limit = { options->connect_timeout_ms, "--connect-timeout" };
	const struct socket_address *local = address->kind == ADDRESS_TCP ? &options->local : NULL;
	struct dial *d = alloc_zeroed(sizeof(*d));

	assert(!address->tls || options->tls != NULL);
	d->loop = loop;
	d->address = address;
	d->options = options;
	d->done = done;
	d->arg = arg;
	d->target = address_text(address);
	d->prefix = alloc_string(prefix);
	task_init(&d->task, loop, run, d);
	d->race = happy_eyeballs_new(loop, d->target, d->prefix, options->happy_eyeballs_delay_ms,
				     local, &d->task);
	d->opening = opening_new(&d->task, NULL, limit, loop_now());
	add_stages(d);
	task_wake(&d->task);
	return d;
}

void dial_free(struct dial *dial)
{
	if (dial == NULL)
		return;
	opening_free(dial->opening);
	dial_lookup_free(dial->lookup);
	happy_eyeballs_free(dial->race);
	task_cancel(&dial->task);
	free(dial->target);
	free(dial->prefix);
	free(dial);
}

void dial_timed_out(const struct dial *dial, struct opening_limit limit, struct err *err)
{
	opening_timed_out(dial->opening, limit, err);
}
