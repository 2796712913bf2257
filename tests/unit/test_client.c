/* SPDX-License-Identifier: ISC */
/* test_client: dial, session and end as one object, several at a time. */
#include "config.h"

#include "session/client.h"

#include "base/err.h"
#include "io/fd_writer.h"
#include "io/loop.h"
#include "net/address.h"
#include "session/event_writer.h"
#include "session/settings.h"
#include "session/step.h"
#include "unit/support.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { CLIENTS = 2, LIMIT_MS = 60 * 1000 };

/* A client, and the peer at the other end of the descriptor that it adopts. */
struct end {
	struct address address;
	struct client *client;
	int peer;
	unsigned dones;
	struct err err; /* ERR_OK: success */
};

struct rig {
	struct loop *loop;
	int null;
	struct fd_writer *output;
	struct session_settings settings;
	struct step_list *steps;
	struct session_shared shared;
	struct end ends[CLIENTS];
};

static struct rig *rig_new(char *const *words, size_t count)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct step_context context = { .settings = &rig->settings, .connection_fd = -1 };
	struct err err;

	rig->loop = loop_new();
	rig->null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	rig->output = fd_writer_new(rig->loop, rig->null, false, "the null device");
	rig->settings = (struct session_settings){
		.limit = SETTINGS_LIMIT,
		.high_water = SETTINGS_HIGH_WATER,
		.low_water = SETTINGS_HIGH_WATER / 4,
		.close_timeout_ms = SETTINGS_CLOSE_TIMEOUT_MS,
		.timeout_ms = LIMIT_MS,
	};
	rig->steps = step_list_parse(words, count, &context, &err);
	assert_non_null(rig->steps);
	rig->shared = (struct session_shared){
		.loop = rig->loop,
		.settings = &rig->settings,
		.steps = rig->steps,
		.events = event_writer_new(rig->output, false),
	};
	for (size_t i = 0; i < CLIENTS; i++)
		rig->ends[i].peer = -1;
	return rig;
}

static void rig_free(struct rig *rig)
{
	for (size_t i = 0; i < CLIENTS; i++) {
		client_free(rig->ends[i].client);
		if (rig->ends[i].peer >= 0)
			close(rig->ends[i].peer);
	}
	step_list_free(rig->steps);
	event_writer_free(rig->shared.events);
	fd_writer_free(rig->output);
	loop_free(rig->loop);
	close(rig->null);
	free(rig);
}

static void note_end(void *arg, const struct err *err)
{
	struct end *end = arg;

	end->dones++;
	end->err = err == NULL ? (struct err){ .kind = ERR_OK } : *err;
}

static struct end *start(struct rig *rig, size_t i, uint64_t started_ms)
{
	struct end *end = &rig->ends[i];
	struct client_options options = {
		.shared = &rig->shared,
		.address = &end->address,
		.conn = i + 1,
		.started_ms = started_ms,
	};
	int pair[2];

	support_unix_pair(pair);
	end->peer = pair[1];
	end->address = (struct address){ .kind = ADDRESS_FD, .fd = pair[0] };
	end->client = client_start(&options, note_end, end);
	return end;
}

static bool is_done(void *arg)
{
	return ((struct end *)arg)->dones > 0;
}

static bool has_bytes(void *arg)
{
	const struct end *end = arg;
	char byte;

	return recv(end->peer, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

static void clients_run_side_by_side(void **state)
{
	static char write[] = "write", text[] = "hello";
	char *words[] = { write, text };
	struct rig *rig = rig_new(words, 2);

	(void)state;
	for (size_t i = 0; i < CLIENTS; i++)
		(void)start(rig, i, loop_now());
	for (size_t i = CLIENTS; i-- > 0;) {
		struct end *end = &rig->ends[i];
		char bytes[sizeof(text) - 1];

		assert_true(support_run(rig->loop, has_bytes, end, SUPPORT_DEADLINE_MS));
		support_receive(end->peer, bytes, sizeof(bytes));
		assert_memory_equal(bytes, text, sizeof(bytes));
		assert_int_equal(shutdown(end->peer, SHUT_WR), 0);
		assert_true(support_run(rig->loop, is_done, end, SUPPORT_DEADLINE_MS));
		assert_int_equal(end->err.kind, ERR_OK);
		assert_true(client_times(end->client)->total_us > 0);
	}
	assert_int_equal(rig->ends[0].dones, 1);
	assert_int_equal(rig->ends[1].dones, 1);
	rig_free(rig);
}

static void timeout_counts_from_its_start(void **state)
{
	static char read[] = "read";
	char *words[] = { read };
	struct rig *rig = rig_new(words, 1);
	struct end *end = start(rig, 0, loop_now() - LIMIT_MS);

	(void)state;
	assert_true(support_run(rig->loop, is_done, end, SUPPORT_DEADLINE_MS));
	assert_int_equal(end->err.kind, ERR_TIMEOUT);
	assert_int_equal(end->dones, 1);
	rig_free(rig);
}

/* Whatever stage it is in. */
static void an_error_of_the_owner_ends_it(void **state)
{
	static char read[] = "read";
	char *words[] = { read };
	struct rig *rig = rig_new(words, 1);
	struct err err;

	(void)state;
	(void)err_set(&err, ERR_IO, "the disk is full");
	for (size_t i = 0; i < CLIENTS; i++) {
		struct end *end = start(rig, i, loop_now());

		if (i > 0)
			support_run_for(rig->loop, SUPPORT_EARLY_MS); /* the session runs */
		client_end(end->client, &err);
		assert_int_equal(end->dones, 0);
		assert_true(support_run(rig->loop, is_done, end, SUPPORT_DEADLINE_MS));
		assert_int_equal(end->err.kind, ERR_IO);
		assert_string_equal(end->err.text, err.text);
		assert_int_equal(end->dones, 1);
	}
	rig_free(rig);
}

static void a_client_that_is_freed_says_nothing(void **state)
{
	static char write[] = "write", text[] = "hello";
	char *words[] = { write, text };
	struct rig *rig = rig_new(words, 2);
	struct end *end = start(rig, 0, loop_now());

	(void)state;
	client_free(end->client);
	end->client = NULL;
	support_run_for(rig->loop, SUPPORT_EARLY_MS);
	assert_int_equal(end->dones, 0);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clients_run_side_by_side),
		cmocka_unit_test(timeout_counts_from_its_start),
		cmocka_unit_test(an_error_of_the_owner_ends_it),
		cmocka_unit_test(a_client_that_is_freed_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
