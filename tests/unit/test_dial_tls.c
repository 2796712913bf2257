/* SPDX-License-Identifier: ISC */
/* test_dial_tls: the handshake as the last stage of a dial. */
#include "config.h"

#include "net/dial.h"

#include "base/alloc.h"
#include "tls/tls_config.h"
#include "tls/tls_settings.h"
#include "tls/transport_tls.h"
#include "unit/caller.h"
#include "unit/doors.h"

#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct tls_config *insecure(void)
{
	static const struct tls_settings settings = { .insecure = true };
	struct err err;
	struct tls_config *config = tls_config_client(&settings, &err);

	assert_non_null(config);
	return config;
}

static void prepare_tls(struct caller *c, uint16_t port)
{
	prepare_port(c, "tls:127.0.0.1:", port);
	c->options.tls = insecure();
}

/* The peer takes the connection and says nothing. */
static void test_tls_silence(void **state)
{
	int before = doors_lowest_fd();
	const struct tls_config *config;
	struct doors d;
	struct caller c;
	char *stage;

	(void)state;
	doors_open(&d, DOOR_OPEN, DOOR_OPEN);
	prepare_tls(&c, d.port);
	config = c.options.tls;
	c.options.handshake_timeout_ms = SHORT_MS;
	check_port_fails(&c, ERR_TIMEOUT,
			 "TLS handshake with 127.0.0.1:#: timed out after 0.02 s "
			 "(--handshake-timeout)",
			 d.port);
	assert_int_not_equal(c.times.connect_us, 0);
	assert_in_range(c.times.tls_us, (SHORT_MS - SUPPORT_EARLY_MS) * 1000,
			SUPPORT_DEADLINE_MS * 1000);
	tls_config_free((struct tls_config *)config);
	prepare_tls(&c, d.port);
	config = c.options.tls;
	c.options.connect_timeout_ms = AMPLE_MS;
	check_port_fails(
		&c, ERR_TIMEOUT,
		"TLS handshake with 127.0.0.1:#: timed out after 1.5 s (--connect-timeout)",
		d.port);
	tls_config_free((struct tls_config *)config);
	prepare_tls(&c, d.port);
	config = c.options.tls;
	stage = with_port("TLS handshake with 127.0.0.1:#", d.port);
	check_cancelled(&c, stage);
	free(stage);
	tls_config_free((struct tls_config *)config);
	doors_close(&d);
	assert_int_equal(doors_lowest_fd(), before);
}

static void test_tls_refused(void **state)
{
	struct tls_config *config = insecure();
	struct caller c;
	char *begin;
	int pair[2];

	(void)state;
	support_unix_pair(pair);
	prepare_fd(&c, pair[0]);
	c.address.tls = true;
	c.options.tls = config;
	support_send(pair[1], "220 hello\r\n", 11);
	await(&c);
	assert_null(c.transport);
	assert_int_equal(c.err.kind, ERR_TLS);
	begin = alloc_printf("fd:%d: ", pair[0]);
	assert_memory_equal(c.err.text, begin, strlen(begin));
	free(begin);
	finish(&c);
	close(pair[1]);
	tls_config_free(config);
}

static bool both_ready(void *arg)
{
	struct transport **server = arg;

	return support_handshake(*server) != STREAM_AGAIN;
}

static void test_tls(void **state)
{
	static const struct tls_settings settings = { .insecure = false };
	struct tls_config *client = insecure();
	struct tls_config *config;
	struct transport *server;
	struct err err;
	struct caller c;
	int pair[2];

	(void)state;
	config = tls_config_server(&settings, NULL, 0, &err);
	assert_non_null(config);
	support_unix_pair(pair);
	prepare_fd(&c, pair[0]);
	c.address.tls = true;
	c.options.tls = client;
	c.options.handshake_timeout_ms = SUPPORT_DEADLINE_MS;
	server = transport_tls_new(transport_plain_new(c.loop, pair[1], NULL, false), config, NULL);
	start(&c);
	assert_true(support_run(c.loop, both_ready, &server, SUPPORT_DEADLINE_MS));
	assert_true(support_run_until(c.loop, &c.done, SUPPORT_DEADLINE_MS));
	if (c.transport == NULL)
		fail_msg("%s", c.err.text);
	assert_int_equal(c.times.connect_us, 0);
	assert_int_not_equal(c.times.tls_us, 0);
	transport_free(server);
	finish(&c);
	tls_config_free(config);
	tls_config_free(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls_silence),
		cmocka_unit_test(test_tls_refused),
		cmocka_unit_test(test_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
