/* SPDX-License-Identifier: ISC */
/* test_server: how a server ends: by itself, by signals, and by its owner. */
#include "config.h"

#include "session/server.h"

#include "base/err.h"
#include "base/log.h"
#include "io/child.h"
#include "io/fd_writer.h"
#include "io/loop.h"
#include "io/sockaddr.h"
#include "net/address.h"
#include "net/listener_options.h"
#include "session/event_writer.h"
#include "session/settings.h"
#include "session/step.h"
#include "tls/tls_config.h"
#include "tls/tls_settings.h"
#include "unit/support.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { SHORT_MS = 40, CLIENTS = 3 };

/* A server on an abstract socket, and its clients. */
struct rig {
	struct loop *loop;
	struct children *children;
	int out[2];
	struct fd_writer *output;
	struct event_writer *events;
	struct session_settings settings;
	struct serve_options options;
	struct listener_options listening;
	struct step_list *list;
	struct session_shared shared;
	struct address address;
	struct tls_config *tls;
	struct socket_address addr;
	struct server *server;
	struct rlimit files; /* as it was before the test */
	int clients[CLIENTS];
	unsigned dones;
	int status;
};

static int set_up(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	char name[64];
	struct err err;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &rig->files), 0);
	rig->loop = loop_new();
	rig->children = children_new(rig->loop, 0);
	assert_int_equal(pipe(rig->out), 0);
	rig->output = fd_writer_new(rig->loop, rig->out[1], false, "the pipe");
	rig->events = event_writer_new(rig->output, false);
	rig->settings = (struct session_settings){
		.limit = SETTINGS_LIMIT,
		.high_water = SETTINGS_HIGH_WATER,
		.low_water = SETTINGS_HIGH_WATER / 4,
		.close_timeout_ms = SETTINGS_CLOSE_TIMEOUT_MS,
	};
	rig->options = (struct serve_options){ .keep_open = true, .readiness.ready_fd = -1 };
	rig->listening.backlog = 100;
	(void)snprintf(name, sizeof(name), "unix:@liu-test-serve-%d-%p", (int)getpid(),
		       (void *)rig);
	assert_true(address_parse(name, NULL, ADDRESS_LISTEN, &rig->address, &err));
	assert_true(sockaddr_unix(rig->address.path, true, &rig->addr));
	for (int i = 0; i < CLIENTS; i++)
		rig->clients[i] = -1;
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	(void)setrlimit(RLIMIT_NOFILE, &rig->files);
	server_free(rig->server);
	for (int i = 0; i < CLIENTS; i++)
		if (rig->clients[i] >= 0)
			close(rig->clients[i]);
	step_list_free(rig->list);
	tls_config_free(rig->tls);
	address_free(&rig->address);
	event_writer_free(rig->events);
	fd_writer_free(rig->output);
	children_free(rig->children);
	loop_free(rig->loop);
	close(rig->out[0]);
	close(rig->out[1]);
	free(rig);
	return 0;
}

static void server_over(void *arg, int status)
{
	struct rig *rig = arg;

	rig->dones++;
	rig->status = status;
}

static bool try_start(struct rig *rig, const char *step, struct err *err)
{
	const struct step_context context = {
		.settings = &rig->settings,
		.listening = true,
		.connection_fd = -1,
	};
	char word[32];
	char *words[] = { word };

	(void)snprintf(word, sizeof(word), "%s", step);
	rig->list = step_list_parse(words, 1, &context, err);
	rig->shared = (struct session_shared){
		.loop = rig->loop,
		.settings = &rig->settings,
		.steps = rig->list,
		.events = rig->events,
		.children = rig->children,
		.listening = true,
		.tls = rig->tls,
	};
	rig->server = server_new(&rig->shared, &rig->options, server_over, rig);
	return server_listen(rig->server, &rig->address, 1, &rig->listening, err);
}

static void start(struct rig *rig, const char *step)
{
	struct err err;

	assert_true(try_start(rig, step, &err));
}

static void start_tls(struct rig *rig, const char *step)
{
	static const struct tls_settings settings = { 0 };
	struct err err;

	rig->tls = tls_config_server(&settings, NULL, 0, &err);
	assert_non_null(rig->tls);
	rig->address.tls = true;
	start(rig, step);
}

/* Turns enough for what is on its way, however busy the machine. */
static void settle(struct rig *rig)
{
	for (int i = 0; i < 30; i++)
		support_run_for(rig->loop, 0);
}

static int dial(const struct rig *rig)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (connect(fd, (const struct sockaddr *)&rig->addr.addr, rig->addr.len) == 0)
		return fd;
	close(fd);
	return -errno;
}

static void dial_all(struct rig *rig)
{
	for (int i = 0; i < CLIENTS; i++) {
		rig->clients[i] = dial(rig);
		assert_true(rig->clients[i] >= 0);
	}
	settle(rig);
}

static bool is_over(void *arg)
{
	const struct rig *rig = arg;

	return rig->dones > 0;
}

static void finish(struct rig *rig, int status)
{
	assert_true(support_run(rig->loop, is_over, rig, SUPPORT_DEADLINE_MS));
	settle(rig);
	assert_int_equal(rig->dones, 1);
	assert_int_equal(rig->status, status);
}

static void hang_up(struct rig *rig, int i)
{
	close(rig->clients[i]);
	rig->clients[i] = -1;
	settle(rig);
}

/* --- tests --- */

static void the_lowest_number_that_failed_counts(void **state)
{
	struct rig *rig = *state;

	rig->settings.limit = 4;
	rig->options.accept_count = CLIENTS;
	start(rig, "readline");
	dial_all(rig);
	support_send(rig->clients[2], "too long", 8);
	settle(rig);
	hang_up(rig, 2);
	hang_up(rig, 1);
	assert_int_equal(rig->dones, 0);
	support_send(rig->clients[0], "x\n", 2);
	hang_up(rig, 0);
	finish(rig, 7);
}

static void is_done_at_once_by_a_signal_when_idle(void **state)
{
	struct rig *rig = *state;

	start(rig, "readline");
	settle(rig);
	server_finish(rig->server, "again");
	finish(rig, 0);
	assert_int_equal(dial(rig), -ECONNREFUSED);
}

static void a_signal_lets_the_rest_be_served(void **state)
{
	struct rig *rig = *state;

	start(rig, "echo");
	dial_all(rig);
	server_finish(rig->server, "again");
	settle(rig);
	assert_int_equal(dial(rig), -ECONNREFUSED);
	for (int i = 0; i < CLIENTS; i++) {
		char back[4];

		assert_int_equal(rig->dones, 0);
		support_send(rig->clients[i], "ping", 4);
		settle(rig);
		support_receive(rig->clients[i], back, 4);
		hang_up(rig, i);
	}
	finish(rig, 0);
}

static void a_signal_gives_the_rest_the_close_timeout(void **state)
{
	struct rig *rig = *state;
	uint64_t begin = loop_now();
	char byte;

	rig->settings.close_timeout_ms = SHORT_MS;
	start(rig, "readline");
	dial_all(rig);
	server_finish(rig->server, "again");
	finish(rig, 0);
	assert_in_range(loop_now() - begin + SUPPORT_EARLY_MS, SHORT_MS, SUPPORT_DEADLINE_MS);
	for (int i = 0; i < CLIENTS; i++)
		assert_int_equal(support_try_receive(rig->clients[i], &byte, 1), 0);
}

static void a_second_signal_ends_at_once(void **state)
{
	struct rig *rig = *state;
	char byte;

	start(rig, "readline");
	dial_all(rig);
	server_finish(rig->server, "again");
	assert_int_equal(rig->dones, 0);
	server_finish(rig->server, "again");
	assert_int_equal(rig->dones, 1);
	for (int i = 0; i < CLIENTS; i++)
		assert_int_equal(support_try_receive(rig->clients[i], &byte, 1), 0);
	finish(rig, 0);
}

static void a_handshake_has_its_own_limit_and_counts(void **state)
{
	struct rig *rig = *state;
	uint64_t began;

	rig->options.accept_count = CLIENTS;
	rig->settings.handshake_timeout_ms = SHORT_MS;
	rig->settings.step_timeout_ms = 1;
	start_tls(rig, "readline");
	began = loop_now();
	dial_all(rig);
	finish(rig, 6);
	assert_true(loop_now() - began + SUPPORT_EARLY_MS >= SHORT_MS);
}

static void the_deadline_covers_the_handshake(void **state)
{
	struct rig *rig = *state;

	rig->options.accept_count = 1;
	rig->settings.handshake_timeout_ms = SUPPORT_DEADLINE_MS;
	rig->settings.timeout_ms = SHORT_MS;
	start_tls(rig, "readline");
	rig->clients[0] = dial(rig);
	finish(rig, 6);
}

static void a_handshake_takes_a_place(void **state)
{
	struct rig *rig = *state;
	char byte;

	rig->options.max_conns = 1;
	rig->settings.handshake_timeout_ms = 25 * SHORT_MS;
	start_tls(rig, "readline");
	dial_all(rig);
	support_send(rig->clients[1], "no TLS", 6);
	settle(rig);
	assert_int_equal(support_try_receive(rig->clients[1], &byte, 1), -EAGAIN);
	server_finish(rig->server, "again");
	assert_int_equal(rig->dones, 0);
	finish(rig, 6);
}

static void a_handshake_can_be_aborted(void **state)
{
	struct rig *rig = *state;
	char byte;

	start_tls(rig, "readline");
	dial_all(rig);
	support_send(rig->clients[0], "\x16\x03", 2);
	settle(rig);
	server_finish(rig->server, "again");
	server_finish(rig->server, "again");
	assert_int_equal(rig->dones, 1);
	assert_int_equal(support_try_receive(rig->clients[1], &byte, 1), 0);
	finish(rig, 0);
}

static void can_be_freed_with_connections_open(void **state)
{
	struct rig *rig = *state;

	start(rig, "echo");
	dial_all(rig);
	support_send(rig->clients[0], "x", 1);
	server_free(rig->server);
	rig->server = NULL;
	settle(rig);
	assert_int_equal(rig->dones, 0);
}

static void nothing_is_left_when_it_cannot_say_where(void **state)
{
	struct rig *rig = *state;
	struct err err;

	rig->options.readiness.address_file = "/nonexistent/ready";
	assert_false(try_start(rig, "echo", &err));
	server_free(rig->server);
	rig->server = NULL;
	assert_int_equal(err.kind, ERR_IO);
	assert_string_equal(err.text,
			    "cannot write '/nonexistent/ready': no such file or directory");
	assert_int_equal(rig->dones, 0);
	assert_int_equal(dial(rig), -ECONNREFUSED);
}

/* Let the process open no more than it has open. */
static void use_up_descriptors(const struct rig *rig)
{
	int unused = dup(rig->out[0]);
	const struct rlimit none = { .rlim_cur = (rlim_t)unused, .rlim_max = rig->files.rlim_max };

	assert_true(unused >= 0);
	close(unused);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
}

/* The listener alone would try again after a second; here no time passes. */
static void a_connection_that_ends_makes_room_for_one_that_waits(void **state)
{
	struct rig *rig = *state;
	char back[4];

	if (getenv("TEST_WRAPPER") != NULL)
		skip(); /* valgrind keeps a limit of its own */
	start(rig, "echo");
	rig->clients[0] = dial(rig);
	settle(rig);
	rig->clients[1] = dial(rig);
	use_up_descriptors(rig);
	support_send(rig->clients[1], "ping", 4);
	settle(rig);
	assert_int_equal(support_try_receive(rig->clients[1], back, 4), -EAGAIN);
	hang_up(rig, 0);
	assert_int_equal(support_try_receive(rig->clients[1], back, 4), 4);
	assert_memory_equal(back, "ping", 4);
}

/* Full, and waiting: no processor time. */
static void waiting_costs_nothing(void **state)
{
	struct rig *rig = *state;

	rig->options.max_conns = 1;
	rig->options.accept_timeout_ms = SUPPORT_DEADLINE_MS;
	start(rig, "readline");
	dial_all(rig);
	assert_true(support_is_idle(rig->loop, 2 * SHORT_MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_lowest_number_that_failed_counts, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(is_done_at_once_by_a_signal_when_idle, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_signal_lets_the_rest_be_served, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_signal_gives_the_rest_the_close_timeout, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_second_signal_ends_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_handshake_has_its_own_limit_and_counts, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_deadline_covers_the_handshake, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_handshake_takes_a_place, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_handshake_can_be_aborted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(can_be_freed_with_connections_open, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_left_when_it_cannot_say_where, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_connection_that_ends_makes_room_for_one_that_waits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(waiting_costs_nothing, set_up, tear_down),
	};

	log_set(-2, false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
