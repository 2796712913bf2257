/* SPDX-License-Identifier: ISC */
/* test_dial: TCP addresses to a transport, or to one line that says why not. */
#include "config.h"

#include "io/sockaddr.h"
#include "net/dial.h"

#include "base/alloc.h"
#include "io/connection.h"
#include "unit/caller.h"
#include "unit/doors.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void test_connects(void **state)
{
	struct doors d;

	(void)state;
	doors_open(&d, DOOR_OPEN, DOOR_OPEN);
	check_port_connects("127.0.0.1:", d.port, "127.0.0.1:#");
	check_port_connects("[::1]:", d.port, "[::1]:#");
	check_port_connects("", d.port, "[::1]:#");
	check_port_connects(":", d.port, "[::1]:#");
	doors_close(&d);
}

static void test_either_family(void **state)
{
	struct doors d;

	(void)state;
	doors_open(&d, DOOR_CLOSED, DOOR_OPEN);
	check_port_connects("", d.port, "127.0.0.1:#");
	doors_close(&d);
	doors_open(&d, DOOR_OPEN, DOOR_CLOSED);
	check_port_connects("*:", d.port, "[::1]:#");
	doors_close(&d);
}

static void test_happy_eyeballs(void **state)
{
	struct doors d;
	struct caller c;
	char *want;

	(void)state;
	doors_open(&d, DOOR_SILENT, DOOR_OPEN);
	prepare_port(&c, "", d.port);
	c.options.happy_eyeballs_delay_ms = SHORT_MS;
	want = with_port("127.0.0.1:#", d.port);
	check_connects(&c, want);
	assert_in_range(c.times.connect_us, (SHORT_MS - SUPPORT_EARLY_MS) * 1000,
			SUPPORT_DEADLINE_MS * 1000);
	free(want);
	doors_close(&d);
}

static void test_name(void **state)
{
	struct doors d;
	struct caller c;

	(void)state;
	doors_open(&d, DOOR_OPEN, DOOR_OPEN);
	prepare_port(&c, "localhost:", d.port);
	c.options.family = AF_INET;
	await(&c);
	assert_non_null(c.transport);
	assert_int_not_equal(c.times.resolve_us, 0);
	assert_int_not_equal(c.times.connect_us, 0);
	finish(&c);
	doors_close(&d);
}

static void test_refused(void **state)
{
	struct doors d;
	struct caller c;

	(void)state;
	doors_open(&d, DOOR_CLOSED, DOOR_CLOSED);
	prepare_port(&c, "", d.port);
	check_port_fails(&c, ERR_CONNECT,
			 "cannot connect to localhost:#: [::1]:#: connection refused; "
			 "127.0.0.1:#: connection refused",
			 d.port);
	assert_int_equal(c.err.sys, ECONNREFUSED);
	prepare_port(&c, "[::1]:", d.port);
	check_port_fails(&c, ERR_CONNECT, "cannot connect to [::1]:#: connection refused", d.port);
	doors_close(&d);
}

/* Start to dial; the peer's end of a connection that the dial has not noticed yet. */
static int accept_unnoticed(struct caller *c)
{
	int fd, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);

	assert_int_equal(bind(listener, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
	prepare_port(c, "127.0.0.1:", ntohs(addr.sin_port));
	start(c);
	support_run_for(c->loop, 0);
	assert_false(c->done);
	fd = accept(listener, NULL, NULL);
	close(listener);
	return fd;
}

/* The peer must not take it for a stream that ended well, and empty. */
static void test_cancel_unnoticed(void **state)
{
	struct evbuffer *got = evbuffer_new();
	struct caller c;
	int fd = accept_unnoticed(&c);

	(void)state;
	dial_free(c.dial);
	assert_int_equal(support_receive_all(fd, got), ECONNRESET);
	evbuffer_free(got);
	close(fd);
	finish(&c);
}

/* A connection that the peer has made and then reset is not a refusal, even when the dial
 * sees both at once: the peer is known, what was sent before can be read, and then the reset
 * shows. */
static void test_reset_at_once(void **state)
{
	struct connection *connection;
	struct evbuffer *got = evbuffer_new();
	struct caller c;
	int fd = accept_unnoticed(&c);
	struct socket_address address = sockaddr_own(fd);
	char *peer = sockaddr_text(&address);

	(void)state;
	support_send(fd, "last", 4);
	support_reset(fd);
	assert_true(support_run_until(c.loop, &c.done, SUPPORT_DEADLINE_MS));
	assert_non_null(c.transport);
	check_peer(c.transport, peer);
	free(peer);
	connection = connection_new(c.transport, 10, 10, 5, NULL);
	c.transport = NULL;
	for (int i = 0; i < 5; i++) {
		(void)connection_update(connection);
		support_run_for(c.loop, 1);
		connection_refresh(connection);
	}
	assert_int_equal(reader_read(&connection->reader, 10, got), STREAM_OK);
	assert_int_equal(evbuffer_get_length(got), 4);
	assert_int_equal(reader_read(&connection->reader, 10, got), STREAM_ERROR);
	assert_int_equal(connection_read_error(connection)->sys, ECONNRESET);
	connection_free(connection);
	evbuffer_free(got);
	finish(&c);
}

static void test_family(void **state)
{
	struct doors d;
	struct caller c;

	(void)state;
	doors_open(&d, DOOR_CLOSED, DOOR_CLOSED);
	prepare_port(&c, "", d.port);
	c.options.family = AF_INET6;
	check_port_fails(&c, ERR_CONNECT,
			 "cannot connect to localhost:#: [::1]:#: connection refused", d.port);
	prepare_port(&c, "", d.port);
	c.options.family = AF_INET;
	check_port_fails(&c, ERR_CONNECT,
			 "cannot connect to localhost:#: 127.0.0.1:#: connection refused", d.port);
	doors_close(&d);
}

static void set_local(struct caller *c, const char *local)
{
	struct err err;

	assert_true(address_parse_local(local, &c->options.local, &err));
}

static void test_local_address(void **state)
{
	struct socket_address from = { .len = sizeof(from.addr) };
	struct doors d;
	struct caller c;
	char *text;
	int fd;

	(void)state;
	doors_open(&d, DOOR_OPEN, DOOR_OPEN);
	prepare_port(&c, "", d.port);
	set_local(&c, "127.0.0.9");
	text = with_port("127.0.0.1:#", d.port);
	check_connects(&c, text); /* [::1] does not match, and is passed over */
	free(text);
	fd = accept(d.ipv4, (struct sockaddr *)&from.addr, &from.len);
	assert_true(fd >= 0);
	text = sockaddr_text(&from);
	assert_memory_equal(text, "127.0.0.9:", strlen("127.0.0.9:"));
	free(text);
	close(fd);
	doors_close(&d);
}

static void test_local_address_fails(void **state)
{
	struct doors d;
	struct caller c;

	(void)state;
	doors_open(&d, DOOR_OPEN, DOOR_OPEN);
	prepare_port(&c, "[::1]:", d.port);
	set_local(&c, "127.0.0.1");
	check_port_fails(&c, ERR_CONNECT, "cannot connect to [::1]:#: no matching local address",
			 d.port);
	prepare_port(&c, "127.0.0.1:", d.port);
	set_local(&c, "203.0.113.1");
	check_port_fails(&c, ERR_CONNECT,
			 "cannot connect to 127.0.0.1:#: cannot bind to 203.0.113.1: cannot "
			 "assign requested address (this machine has no such address)",
			 d.port);
	doors_close(&d);
}

static void test_timeout(void **state)
{
	struct doors d;
	struct caller c;

	(void)state;
	doors_open(&d, DOOR_SILENT, DOOR_CLOSED);
	prepare_port(&c, "[::1]:", d.port);
	c.options.connect_timeout_ms = SHORT_MS;
	check_port_fails(&c, ERR_TIMEOUT,
			 "connecting to [::1]:#: timed out after 0.02 s (--connect-timeout)",
			 d.port);
	prepare_port(&c, "", d.port);
	c.options.connect_timeout_ms = AMPLE_MS;
	c.options.happy_eyeballs_delay_ms = 1;
	check_port_fails(
		&c, ERR_TIMEOUT,
		"connecting to localhost:# ([::1]:#: no answer; "
		"127.0.0.1:#: connection refused): timed out after 1.5 s (--connect-timeout)",
		d.port);
	doors_close(&d);
}

static void test_cancel(void **state)
{
	int before = doors_lowest_fd();
	struct doors d;
	struct caller c;
	char *stage;

	(void)state;
	dial_free(NULL);
	doors_open(&d, DOOR_SILENT, DOOR_SILENT);
	prepare_port(&c, "", d.port);
	stage = with_port("connecting to localhost:#", d.port);
	check_cancelled(&c, stage);
	free(stage);
	prepare_port(&c, "", d.port);
	c.options.happy_eyeballs_delay_ms = 1;
	stage = with_port("connecting to localhost:# ([::1]:#: no answer; 127.0.0.1:#: no answer)",
			  d.port);
	check_cancelled(&c, stage);
	free(stage);
	doors_close(&d);
	assert_int_equal(doors_lowest_fd(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connects),       cmocka_unit_test(test_either_family),
		cmocka_unit_test(test_happy_eyeballs), cmocka_unit_test(test_name),
		cmocka_unit_test(test_refused),	       cmocka_unit_test(test_family),
		cmocka_unit_test(test_local_address),  cmocka_unit_test(test_local_address_fails),
		cmocka_unit_test(test_timeout),	       cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_reset_at_once),  cmocka_unit_test(test_cancel_unnoticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
