/* SPDX-License-Identifier: ISC */
/* pump_rig: a pump between a socket and a descriptor, run by a loop. */
#ifndef LIU_TESTS_PUMP_RIG_H
#define LIU_TESTS_PUMP_RIG_H

#include "base/err.h"
#include "io/fd_reader.h"
#include "io/stdout_writer.h"
#include "session/pump.h"
#include "session/session.h"
#include "unit/support.h"

#include <event2/buffer.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MEGA = 1024 * 1024 };

/* A session without a run function of its own: its task runs the pump, as a step would. */
struct rig {
	struct loop *loop;
	struct session_settings settings;
	struct session_shared shared;
	struct step_list *steps;
	struct stdout_writer *output;
	struct fd_reader *input;
	struct session s;
	struct pump pump;
	int peer;
	int fd; /* the input's or the output's; closed with the rig */
	enum stream_status status;
	unsigned runs;
	unsigned spent; /* ... of them that said OK */
	uint64_t most;	/* bytes moved by one of them */
	bool over;	/* it has ended, or is broken */
	bool waits;	/* it has to be woken */
	unsigned pipes;
	struct evbuffer *got; /* by the peer, or from the pipe below */
};

static inline void rig_run(void *arg)
{
	struct rig *r = arg;
	uint64_t before = r->pump.bytes;

	if (r->over)
		return;
	r->runs++;
	r->s.waits = 0;
	connection_refresh(r->s.connection);
	r->status = pump_run(&r->pump, &r->s);
	if (r->pump.bytes - before > r->most)
		r->most = r->pump.bytes - before;
	r->over = r->status == STREAM_EOF || r->status == STREAM_ERROR ||
		  r->s.connection->writer.broken || stdout_writer_error(r->output) != NULL;
	if (r->status == STREAM_OK) {
		r->spent++;
		task_wake(&r->s.task);
	}
	r->waits = r->status == STREAM_AGAIN;
	if (r->waits)
		assert_true(r->s.waits != 0);
	if (connection_update(r->s.connection) && (r->s.waits & WAIT_WRITE)) {
		r->waits = false;
		task_wake(&r->s.task);
	}
}

/* `fd` is the pump's other end, `kind` the only one to try. */
static inline struct rig *rig_new(enum pump_direction direction, int fd, const char *kind,
				  bool local)
{
	const struct step_context context = { .connection_fd = -1 };
	struct rig *r = calloc(1, sizeof(*r));
	char *word = strdup("read");
	int pair[2];
	struct err err;

	assert_true(fd >= 0);
	(local ? support_unix_pair : support_tcp_pair)(pair);
	r->peer = pair[0];
	r->fd = fd;
	r->loop = loop_new();
	r->settings = (struct session_settings){ .limit = SETTINGS_LIMIT, .pump = kind };
	r->steps = step_list_parse(&word, 1, &context, &err);
	free(word);
	r->got = evbuffer_new();
	r->output = stdout_writer_new(r->loop, direction == PUMP_DOWN ? fd : STDOUT_FILENO,
				      "the output");
	r->shared = (struct session_shared){
		.loop = r->loop,
		.settings = &r->settings,
		.steps = r->steps,
		.events = event_writer_new(r->output, false),
		.pipes = &r->pipes,
	};
	if (direction == PUMP_UP)
		r->input = fd_reader_new(r->loop, fd, false, "the input");
	r->s.shared = &r->shared;
	r->s.conn = 1;
	task_init(&r->s.task, r->loop, rig_run, r);
	r->s.connection =
		connection_new(transport_plain_new(r->loop, pair[1], NULL, false), SETTINGS_LIMIT,
			       SETTINGS_HIGH_WATER, SETTINGS_HIGH_WATER / 4, &r->s.task);
	stdout_writer_set_owner(r->output, &r->s.task);
	if (r->input != NULL)
		fd_reader_set_task(r->input, &r->s.task);
	pump_init(&r->pump, direction, r->input);
	return r;
}

static inline void rig_free(struct rig *r)
{
	pump_clear(&r->pump, &r->s);
	assert_int_equal(r->pipes, 0);
	event_writer_unwait(r->shared.events, &r->s.task);
	connection_free(r->s.connection);
	task_cancel(&r->s.task);
	fd_reader_free(r->input);
	event_writer_free(r->shared.events);
	stdout_writer_free(r->output);
	step_list_free(r->steps);
	loop_free(r->loop);
	evbuffer_free(r->got);
	if (r->peer >= 0)
		close(r->peer);
	close(r->fd);
	free(r);
}

static inline bool rig_is_over(void *arg)
{
	return ((struct rig *)arg)->over;
}

static inline bool rig_waits(void *arg)
{
	struct rig *r = arg;

	return r->over || r->waits;
}

/* Run until `met`, within the deadline. */
static inline void rig_until(struct rig *r, bool (*met)(void *arg))
{
	r->waits = false;
	task_wake(&r->s.task);
	assert_true(support_run(r->loop, met, r, SUPPORT_DEADLINE_MS));
}

/* ... until it says `status`, for the last time. */
static inline void rig_ends(struct rig *r, enum stream_status status)
{
	rig_until(r, rig_is_over);
	assert_int_equal(r->status, status);
}

/* `got` holds `len` bytes of the pattern from `from` on, and no more. */
static inline void rig_got(struct rig *r, uint64_t from, size_t len)
{
	assert_int_equal(evbuffer_get_length(r->got), len);
	assert_true(support_is_pattern(r->got, from));
}

/* A new file without a name, with `len` bytes of the pattern; at its begin. */
static inline int pattern_file(size_t len)
{
	char name[] = "/tmp/test_pump_XXXXXX";
	int fd = mkostemp(name, O_CLOEXEC);
	unsigned char *data = malloc(len + 1);

	assert_true(fd >= 0);
	assert_int_equal(unlink(name), 0);
	support_pattern(data, len, 0);
	assert_int_equal(write(fd, data, len), len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	free(data);
	return fd;
}

static inline void write_pattern(int fd, size_t len, uint64_t from)
{
	unsigned char *data = malloc(len);

	support_pattern(data, len, from);
	assert_int_equal(write(fd, data, len), len);
	free(data);
}

/* What is in the file, from its begin. */
static inline void rig_read_file(struct rig *r)
{
	assert_int_equal(lseek(r->fd, 0, SEEK_SET), 0);
	while (evbuffer_read(r->got, r->fd, MEGA) > 0)
		continue;
}

#endif
