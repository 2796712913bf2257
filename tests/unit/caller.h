/* SPDX-License-Identifier: ISC */
/* caller: a dial and what came of it. */
#pragma once

#include "base/alloc.h"
#include "base/err.h"
#include "io/loop.h"
#include "io/transport.h"
#include "net/address.h"
#include "net/dial.h"
#include "unit/support.h"

#include <event2/buffer.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

enum { SHORT_MS = 20, AMPLE_MS = 1500, NEVER_MS = 60 * 1000 };

struct caller {
	struct loop *loop;
	struct address address;
	struct dial_options options;
	struct dial *dial;
	struct transport *transport;
	struct err err;
	struct dial_times times;
	bool done;
};

static inline void note(void *arg, struct transport *transport, const struct err *err,
			const struct dial_times *times)
{
	struct caller *c = arg;

	assert_false(c->done);
	assert_true((transport == NULL) == (err != NULL));
	c->transport = transport;
	if (err != NULL)
		c->err = *err;
	c->times = *times;
	c->done = true;
}

static inline void prepare(struct caller *c, const char *address)
{
	struct err err;

	*c = (struct caller){ .loop = loop_new() };
	if (!address_parse(address, NULL, ADDRESS_CONNECT, &c->address, &err))
		fail_msg("%s", err.text);
	c->options.happy_eyeballs_delay_ms = NEVER_MS;
}

static inline void start(struct caller *c)
{
	c->dial = dial_start(c->loop, &c->address, &c->options, "", note, c);
	assert_false(c->done);
}

static inline void finish(struct caller *c)
{
	transport_free(c->transport);
	address_free(&c->address);
	loop_free(c->loop);
}

static inline void await(struct caller *c)
{
	start(c);
	assert_true(support_run_until(c->loop, &c->done, SUPPORT_DEADLINE_MS));
}

static inline void check_peer(const struct transport *transport, const char *peer)
{
	struct evbuffer *text = evbuffer_new();

	assert_true(transport_info(transport, INFO_PEERNAME, text));
	evbuffer_add(text, "", 1);
	assert_string_equal(evbuffer_pullup(text, -1), peer);
	evbuffer_free(text);
}

/* It connects, and these are the peer's address and the times' stages. */
static inline void check_connects(struct caller *c, const char *peer)
{
	await(c);
	if (c->transport == NULL)
		fail_msg("%s", c->err.text);
	check_peer(c->transport, peer);
	assert_int_equal(c->times.resolve_us, 0);
	assert_int_equal(c->times.tls_us, 0);
	finish(c);
}

static inline void check_fails(struct caller *c, enum err_kind kind, const char *text)
{
	await(c);
	assert_null(c->transport);
	assert_string_equal(c->err.text, text);
	assert_int_equal(c->err.kind, kind);
	finish(c);
}

static inline void prepare_port(struct caller *c, const char *format, uint16_t port)
{
	char *text = alloc_printf("%s%u", format, port);

	prepare(c, text);
	free(text);
}

/* The same text with the port in the place of each '#'. */
static inline char *with_port(const char *text, uint16_t port)
{
	struct evbuffer *out = evbuffer_new();
	char *copy;

	for (; *text != '\0'; text++) {
		if (*text == '#')
			evbuffer_add_printf(out, "%u", port);
		else
			evbuffer_add(out, text, 1);
	}
	evbuffer_add(out, "", 1);
	copy = alloc_string((char *)evbuffer_pullup(out, -1));
	evbuffer_free(out);
	return copy;
}

static inline void check_port_fails(struct caller *c, enum err_kind kind, const char *text,
				    uint16_t port)
{
	char *want = with_port(text, port);

	check_fails(c, kind, want);
	free(want);
}

static inline void check_port_connects(const char *before, uint16_t port, const char *peer)
{
	struct caller c;
	char *want = with_port(peer, port);

	prepare_port(&c, before, port);
	check_connects(&c, want);
	free(want);
}

static inline void prepare_fd(struct caller *c, int fd)
{
	char *text = alloc_printf("fd:%d", fd);

	prepare(c, text);
	free(text);
}

struct awaited {
	const struct caller *caller;
	const char *stage;
};

static inline bool is_at_stage(void *arg)
{
	static const struct opening_limit limit = { 1000, "-w" };
	const struct awaited *a = arg;
	size_t len = strlen(a->stage);
	struct err err;

	dial_timed_out(a->caller->dial, limit, &err);
	return strncmp(err.text, a->stage, len) == 0 &&
	       strcmp(err.text + len, ": timed out after 1 s (-w)") == 0;
}

/* It comes to this stage, is cancelled there, and is not heard of again. */
static inline void check_cancelled(struct caller *c, const char *stage)
{
	struct awaited awaited = { .caller = c, .stage = stage };

	start(c);
	assert_true(support_run(c->loop, is_at_stage, &awaited, SUPPORT_DEADLINE_MS));
	dial_free(c->dial);
	support_run_for(c->loop, 1);
	assert_false(c->done);
	finish(c);
}
