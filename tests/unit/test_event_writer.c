/* SPDX-License-Identifier: ISC */
/* test_event_writer: what steps give, as it is and as JSON lines. */
#include "config.h"

#include "session/event_writer.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "http/head_print.h"
#include "http/step_head.h"
#include "io/connection.h"
#include "io/fd_writer.h"
#include "io/loop.h"
#include "session/client.h"
#include "unit/support.h"

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A sink that writes to a pipe. */
struct rig {
	struct loop *loop;
	struct fd_writer *output;
	struct event_writer *events;
	struct evbuffer *written;
	int out[2];
};

static struct rig rig_new(bool json)
{
	struct rig rig = { .loop = loop_new(), .written = evbuffer_new() };

	assert_int_equal(pipe2(rig.out, O_CLOEXEC), 0);
	assert_int_equal(fcntl(rig.out[0], F_SETFL, O_NONBLOCK), 0);
	rig.output = fd_writer_new(rig.loop, rig.out[1], false, "the pipe");
	rig.events = event_writer_new(rig.output, json);
	return rig;
}

/* The whole of what was written is `text`. */
static void assert_written(struct rig *rig, const char *text)
{
	size_t len;

	fd_writer_flush(rig->output);
	while (evbuffer_read(rig->written, rig->out[0], 65536) > 0)
		continue;
	len = evbuffer_get_length(rig->written);
	evbuffer_add(rig->written, "", 1);
	assert_string_equal((char *)evbuffer_pullup(rig->written, -1), text);
	assert_int_equal(len, strlen(text));
	event_writer_free(rig->events);
	fd_writer_free(rig->output);
	evbuffer_free(rig->written);
	close(rig->out[0]);
	close(rig->out[1]);
	loop_free(rig->loop);
}

static struct evbuffer *scratch_of(struct rig *rig, const char *data, size_t len)
{
	struct evbuffer *scratch = rig->events->scratch;

	assert_int_equal(evbuffer_get_length(scratch), 0);
	evbuffer_add(scratch, data, len);
	return scratch;
}

static void raw_is_the_bytes_alone(void **state)
{
	struct rig rig = rig_new(false);
	struct step_event event = { .conn = 1, .index = 2, .step = "readline", .has_bytes = true };
	struct err err;

	(void)state;
	event.data = scratch_of(&rig, "one\x1b\xff", 5);
	event_writer_step(rig.events, &event);
	assert_int_equal(evbuffer_get_length(rig.events->scratch), 0);
	event.data = scratch_of(&rig, "two", 3);
	event.newline = true;
	event_writer_step(rig.events, &event);
	event.data = NULL;
	event.newline = false;
	event_writer_step(rig.events, &event);
	(void)err_set(&err, ERR_IO, "broken");
	event_writer_error(rig.events, 1, NULL, &err);
	event_writer_listening(rig.events, "127.0.0.1:1");
	event_writer_close(rig.events, 1, 2, 3, 4);
	assert_false(rig.events->json);
	assert_written(&rig, "one\x1b\xfftwo\n");
}

static void check_step(const struct step_event *event, const char *data, size_t len,
		       const char *line)
{
	struct rig rig = rig_new(true);
	struct step_event copy = *event;

	if (data != NULL)
		copy.data = scratch_of(&rig, data, len);
	event_writer_step(rig.events, &copy);
	assert_int_equal(evbuffer_get_length(rig.events->scratch), 0);
	assert_written(&rig, line);
}

static void a_step_is_one_line(void **state)
{
	struct step_event event = { .conn = 1, .index = 1, .step = "write", .has_bytes = true };

	(void)state;
	event.bytes = 12;
	check_step(&event, NULL, 0,
		   "{\"event\":\"step\",\"conn\":1,\"index\":1,\"step\":\"write\",\"ok\":true,"
		   "\"bytes\":12}\n");
	event.more = true;
	event.step = "read";
	check_step(&event, "a\"b\\\n\x01\xc3\xa9", 8,
		   "{\"event\":\"step\",\"conn\":1,\"index\":1,\"step\":\"read\",\"ok\":true,"
		   "\"bytes\":12,\"data\":\"a\\\"b\\\\\\n\\u0001\xc3\xa9\",\"more\":true}\n");
	event.more = false;
	event.bytes = 0;
	check_step(&event, "", 0,
		   "{\"event\":\"step\",\"conn\":1,\"index\":1,\"step\":\"read\",\"ok\":true,"
		   "\"bytes\":0,\"data\":\"\"}\n");
}

/* A string is for UTF-8 without NUL; what is not is base64. */
static void bytes_that_are_no_text_are_base64(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		const char *base64;
	} cases[] = {
		{ "a\0b", 3, "YQBi" },		 { "\xff", 1, "/w==" },
		{ "\xc3", 1, "ww==" },		 { "\xed\xa0\x80", 3, "7aCA" },
		{ "\xc0\x80", 2, "wIA=" },	 { "\xf4\x90\x80\x80", 4, "9JCAgA==" },
		{ "ok\xe2\x82", 4, "b2vigg==" },
	};
	struct step_event event = { .conn = 1, .index = 1, .step = "read" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[200];

		(void)snprintf(line, sizeof(line),
			       "{\"event\":\"step\",\"conn\":1,\"index\":1,\"step\":\"read\","
			       "\"ok\":true,\"base64\":\"%s\"}\n",
			       cases[i].base64);
		check_step(&event, cases[i].data, cases[i].len, line);
	}
}

static void a_failed_step_says_how(void **state)
{
	struct err err;
	struct step_event event = { .conn = 1, .index = 3, .step = "readexactly", .error = &err };

	(void)state;
	(void)err_set(&err, ERR_INCOMPLETE_READ, "why");
	event.has_bytes = true;
	event.expected = 16;
	event.bytes = 9;
	check_step(
		&event, "ninebytes", 9,
		"{\"event\":\"step\",\"conn\":1,\"index\":3,\"step\":\"readexactly\",\"ok\":false,"
		"\"error\":\"incomplete-read\",\"message\":\"why\",\"expected\":16,\"bytes\":9,"
		"\"data\":\"ninebytes\"}\n");
	event = (struct step_event){ .conn = 1, .index = 3, .step = "readuntil", .error = &err };
	event.limit = 65536;
	event.tried = true;
	(void)err_set(&err, ERR_LIMIT_OVERRUN, "x");
	check_step(&event, NULL, 0,
		   "{\"event\":\"step\",\"conn\":1,\"index\":3,\"step\":\"readuntil\",\"ok\":false,"
		   "\"error\":\"limit-overrun\",\"message\":\"x\",\"tried\":true,"
		   "\"limit\":65536,\"consumed\":65537}\n");
	event = (struct step_event){ .conn = 1, .index = 1, .step = "read", .error = &err };
	(void)err_sys(&err, ERR_IO, ECONNRESET, "reading");
	check_step(&event, NULL, 0,
		   "{\"event\":\"step\",\"conn\":1,\"index\":1,\"step\":\"read\",\"ok\":false,"
		   "\"error\":\"io\",\"errno\":\"ECONNRESET\","
		   "\"message\":\"reading: connection reset by peer\"}\n");
}

static void what_the_stream_lacks_is_null(void **state)
{
	struct step_event event = {
		.conn = 1, .index = 1, .step = "info", .key = "alpn", .no_data = true
	};

	(void)state;
	check_step(&event, NULL, 0,
		   "{\"event\":\"step\",\"conn\":1,\"index\":1,\"step\":\"info\",\"ok\":true,"
		   "\"key\":\"alpn\",\"data\":null}\n");
}

static void connections_are_told(void **state)
{
	struct rig rig = rig_new(true);
	struct connection *connection;
	struct err err;
	int pair[2];

	(void)state;
	support_unix_pair(pair);
	connection =
		connection_new(transport_plain_new(rig.loop, pair[1], NULL, false), 1, 1, 1, NULL);
	event_writer_listening(rig.events, "unix:/tmp/\xff");
	event_writer_listening(rig.events, "127.0.0.1:8888");
	event_writer_open(rig.events, 1, NULL, connection);
	event_writer_open(rig.events, UINT32_MAX + UINT64_C(1), "unix:\xff", connection);
	event_writer_close(rig.events, 1, 12, 21, 12345);
	(void)err_sys(&err, ERR_CONNECT, ECONNREFUSED, "cannot connect");
	event_writer_error(rig.events, 2, NULL, &err);
	event_writer_error(rig.events, 0, NULL, &err);
	event_writer_error(rig.events, 3, "connection 3", &err);
	event_writer_error(rig.events, 0, "http://h/", &err);
	(void)err_set(&err, ERR_CONNECT, "step 1 (exec a\n\xff)");
	event_writer_error(rig.events, 4, NULL, &err);
	connection_free(connection);
	close(pair[0]);
	assert_written(
		&rig,
		"{\"event\":\"listening\",\"address\":\"base64:dW5peDovdG1wL/8=\"}\n"
		"{\"event\":\"listening\",\"address\":\"127.0.0.1:8888\"}\n"
		"{\"event\":\"open\",\"conn\":1,\"peername\":null,\"sockname\":null,\"tls\":null}\n"
		"{\"event\":\"open\",\"conn\":4294967296,\"address\":\"base64:dW5peDr/\","
		"\"peername\":null,\"sockname\":null,\"tls\":null}\n"
		"{\"event\":\"close\",\"conn\":1,\"sent\":12,\"received\":21,\"duration\":0.012345}"
		"\n"
		"{\"event\":\"error\",\"conn\":2,\"error\":\"connect\","
		"\"message\":\"cannot connect: connection refused\"}\n"
		"{\"event\":\"error\",\"error\":\"connect\","
		"\"message\":\"cannot connect: connection refused\"}\n"
		"{\"event\":\"error\",\"conn\":3,\"error\":\"connect\","
		"\"message\":\"cannot connect: connection refused\"}\n"
		"{\"event\":\"error\",\"url\":\"http://h/\",\"error\":\"connect\","
		"\"message\":\"cannot connect: connection refused\"}\n"
		"{\"event\":\"error\",\"conn\":4,\"error\":\"connect\","
		"\"message\":\"step 1 (exec a\\\\n\\\\xff)\"}\n");
}

static void an_answer_is_told(void **state)
{
	struct http_field fields[] = {
		{ .name = (char[]){ "Content-Type" },
		  .value = { .data = (char[]){ "text/html" } } },
		{ .name = (char[]){ "X" }, .value = { .data = (char[]){ "\xff" } } },
	};
	const struct step_head step = {
		.head = {
			.version = (char[]){ "HTTP/1.1" },
			.status = 200,
			.reason = (char[]){ "" },
			.fields = fields,
			.count = 2,
		},
		.first_byte_us = 3000000,
	};
	const struct client_times times = { { 49, 50, 100 }, 4000000000 };
	struct rig rig = rig_new(true);

	(void)state;
	head_print_event(rig.events, "http://h/", &step, &times);
	assert_written(&rig,
		       "{\"event\":\"head\",\"url\":\"http://h/\",\"status\":200,\"reason\":\"\","
		       "\"version\":\"HTTP/1.1\",\"headers\":[[\"Content-Type\",\"text/html\"],"
		       "[\"X\",\"\xc3\xbf\"]],\"timing\":{\"resolve\":0.0,"
		       "\"connect\":0.0001,\"tls\":0.0001,\"first_byte\":3.0,\"total\":4000.0}}\n");
}

/* An allocation that fails ends the program instead of giving broken JSON. */
static void jansson_allocates_with_alloc(void **state)
{
	json_malloc_t allocate;
	json_free_t release;
	struct rig rig = rig_new(true);

	(void)state;
	json_get_alloc_funcs(&allocate, &release);
	assert_ptr_equal(allocate, alloc_memory);
	assert_written(&rig, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw_is_the_bytes_alone),
		cmocka_unit_test(a_step_is_one_line),
		cmocka_unit_test(bytes_that_are_no_text_are_base64),
		cmocka_unit_test(a_failed_step_says_how),
		cmocka_unit_test(what_the_stream_lacks_is_null),
		cmocka_unit_test(connections_are_told),
		cmocka_unit_test(an_answer_is_told),
		cmocka_unit_test(jansson_allocates_with_alloc),
	};

	log_set(-2, false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
