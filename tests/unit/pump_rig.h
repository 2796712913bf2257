/* SPDX-License-Identifier: ISC */
/* pump_rig: a pump between a socket and a descriptor, run by a loop. */
#pragma once

#include "base/err.h"
#include "io/connection.h"
#include "io/fd_reader.h"
#include "io/fd_writer.h"
#include "io/loop.h"
#include "io/splice_pipe.h"
#include "session/pump.h"
#include "session/settings.h"
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

enum rig_direction {
	RIG_UP,	  /* from a descriptor to the connection */
	RIG_DOWN, /* from the connection to a descriptor */
};

/* Its task runs the pump, as a step would. */
struct rig {
	struct loop *loop;
	struct task task;
	struct connection *c;
	struct fd_reader *input;
	struct fd_writer *output;
	struct splice_pipes pipes;
	struct pump *pump;
	int peer;
	int fd; /* the input's or the output's; closed with the rig */
	enum pump_result result;
	unsigned runs;
	uint64_t most;	      /* bytes moved by one of them */
	bool over;	      /* it has ended, or is broken */
	bool waits;	      /* it has to be woken */
	struct evbuffer *got; /* by the peer, or from the pipe below */
};

static inline bool rig_result_is_last(enum pump_result result)
{
	return result == PUMP_END || result == PUMP_SOURCE_FAILED || result == PUMP_DEST_FAILED;
}

static inline void rig_run(void *arg)
{
	struct rig *r = arg;
	uint64_t before;

	if (r->over)
		return;
	before = pump_bytes(r->pump);
	r->runs++;
	connection_refresh(r->c);
	r->result = pump_run(r->pump);
	if (pump_bytes(r->pump) - before > r->most)
		r->most = pump_bytes(r->pump) - before;
	r->over = rig_result_is_last(r->result) || r->c->writer.broken ||
		  (r->output != NULL && fd_writer_error(r->output) != NULL);
	r->waits = r->result == PUMP_WAIT_SOURCE || r->result == PUMP_WAIT_DEST;
	if (connection_update(r->c))
		r->waits = false;
	if (!r->over && !r->waits)
		task_wake(&r->task);
}

static inline struct connection *rig_connection(struct loop *loop, int fd, struct task *task)
{
	return connection_new(transport_plain_new(loop, fd, NULL, false), SETTINGS_LIMIT,
			      SETTINGS_HIGH_WATER, SETTINGS_HIGH_WATER / 4, task);
}

/* `fd` is the pump's other end, `kind` the only one to try. */
static inline struct rig *rig_new(enum rig_direction direction, int fd, const char *kind,
				  bool local)
{
	struct rig *r = calloc(1, sizeof(*r));
	int pair[2];

	assert_true(fd >= 0);
	(local ? support_unix_pair : support_tcp_pair)(pair);
	r->peer = pair[0];
	r->fd = fd;
	r->loop = loop_new();
	r->got = evbuffer_new();
	task_init(&r->task, r->loop, rig_run, r);
	r->c = rig_connection(r->loop, pair[1], &r->task);
	if (direction == RIG_UP) {
		r->input = fd_reader_new(r->loop, fd, false, "the input");
		fd_reader_set_task(r->input, &r->task);
		r->pump = pump_new(pump_end_input(r->input), pump_end_connection(r->c), &r->task,
				   &r->pipes, kind, strdup("up"));
	} else {
		r->output = fd_writer_new(r->loop, fd, false, "the output");
		fd_writer_set_owner(r->output, &r->task);
		r->pump = pump_new(pump_end_connection(r->c), pump_end_output(r->output), &r->task,
				   &r->pipes, kind, strdup("down"));
	}
	return r;
}

static inline void rig_free(struct rig *r)
{
	pump_free(r->pump);
	splice_pipes_close(&r->pipes);
	if (r->output != NULL)
		fd_writer_unwait(r->output, &r->task);
	connection_free(r->c);
	task_cancel(&r->task);
	fd_reader_free(r->input);
	fd_writer_free(r->output);
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
	task_wake(&r->task);
	assert_true(support_run(r->loop, met, r, SUPPORT_DEADLINE_MS));
}

/* ... until it answers `result`, for the last time. */
static inline void rig_ends(struct rig *r, enum pump_result result)
{
	rig_until(r, rig_is_over);
	assert_int_equal(r->result, result);
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
