/* SPDX-License-Identifier: ISC */
/* test_pump: every pair of ends, each way. */
#include "config.h"

#include "session/pump.h"

#include "session/pump_impl.h"
#include "unit/pump_rig.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum {
	PIECE = 64 * 1024,
	BULK = 3 * MEGA + 17,
	RUN_MAX = 16 * MEGA, /* that one run may move */
};

/* Each test is run with both ways; its state is the name of the way. */
static void assert_way(const struct pump *pump, const char *way)
{
	assert_int_equal(pump->splice != NULL, strcmp(way, "splice") == 0);
}

/* The peer takes what is there. */
static void drain(struct rig *r)
{
	unsigned char *data = malloc(PIECE);
	ssize_t n;

	while ((n = support_try_receive(r->peer, data, PIECE)) > 0)
		evbuffer_add(r->got, data, (size_t)n);
	free(data);
}

static bool drained_over(void *arg)
{
	drain(arg);
	return rig_is_over(arg);
}

static bool is_shut(void *arg)
{
	struct rig *r = arg;

	drain(r);
	return connection_write_eof(r->c) != STREAM_AGAIN;
}

/* Until the source has ended, and the peer has it all. */
static void send_all(struct rig *r)
{
	if (!r->over)
		rig_until(r, drained_over);
	assert_int_equal(r->result, PUMP_END);
	assert_true(support_run(r->loop, is_shut, r, SUPPORT_DEADLINE_MS));
	assert_int_equal(support_receive_all(r->peer, r->got), 0);
}

/* --- up --- */

static void up_from_a_file_at_its_offset(void **state)
{
	for (int local = 0; local < 2; local++) {
		struct rig *r = rig_new(RIG_UP, pattern_file(BULK), *state, local);

		assert_int_equal(lseek(r->fd, 12345, SEEK_SET), 12345);
		send_all(r);
		rig_got(r, 12345, BULK - 12345);
		assert_int_equal(pump_bytes(r->pump), BULK - 12345);
		assert_int_equal(connection_sent(r->c), BULK - 12345);
		assert_way(r->pump, *state);
		rig_free(r);
	}
}

static void up_from_an_empty_file(void **state)
{
	struct rig *r = rig_new(RIG_UP, pattern_file(0), *state, false);

	send_all(r);
	rig_got(r, 0, 0);
	assert_int_equal(r->runs, 1);
	rig_free(r);
}

/* What comes in parts goes out in parts, and between them it sleeps. */
static void up_from_a_pipe(void **state)
{
	int ends[2];
	struct rig *r;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	r = rig_new(RIG_UP, ends[0], *state, false);
	for (unsigned i = 0; i < 3; i++) {
		write_pattern(ends[1], 5000, i * 5000);
		rig_until(r, rig_waits);
		assert_int_equal(r->result, PUMP_WAIT_SOURCE);
		drain(r);
		rig_got(r, 0, (i + 1) * 5000);
	}
	close(ends[1]);
	send_all(r);
	rig_got(r, 0, 15000);
	assert_way(r->pump, *state);
	rig_free(r);
}

static void up_after_what_was_queued(void **state)
{
	unsigned char first[PIECE];
	struct rig *r = rig_new(RIG_UP, pattern_file(BULK), *state, true);

	support_small_buffers(r->peer);
	support_pattern(first, sizeof(first), 7777);
	writer_write(&r->c->writer, bytes_of(first, sizeof(first)));
	send_all(r);
	assert_int_equal(evbuffer_get_length(r->got), sizeof(first) + BULK);
	assert_memory_equal(evbuffer_pullup(r->got, sizeof(first)), first, sizeof(first));
	assert_int_equal(evbuffer_drain(r->got, sizeof(first)), 0);
	rig_got(r, 0, BULK);
	rig_free(r);
}

/* A process that takes all there is, so that the socket hardly ever is full. */
static pid_t fork_drain(struct rig *r)
{
	static unsigned char data[MEGA];
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (recv(r->peer, data, sizeof(data), MSG_WAITALL) > 0)
		continue;
	_exit(0);
}

static void up_a_run_is_bounded(void **state)
{
	struct rig *r = rig_new(RIG_UP, pattern_file(0), *state, false);
	pid_t pid;

	assert_int_equal(fcntl(r->peer, F_SETFL, 0), 0);
	pid = fork_drain(r);
	assert_int_equal(ftruncate(r->fd, 4 * RUN_MAX), 0);
	rig_ends(r, PUMP_END);
	assert_int_equal(pump_bytes(r->pump), 4 * RUN_MAX);
	assert_true(r->most <= RUN_MAX);
	assert_true(r->runs > 4);
	shutdown(r->peer, SHUT_RDWR);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	rig_free(r);
}

static void up_waits_for_a_slow_peer(void **state)
{
	struct rig *r = rig_new(RIG_UP, pattern_file(BULK), *state, true);
	unsigned runs;

	support_small_buffers(r->peer);
	rig_until(r, rig_waits);
	assert_int_equal(r->result, PUMP_WAIT_DEST);
	runs = r->runs;
	support_run_for(r->loop, 30);
	assert_int_equal(r->runs, runs);
	send_all(r);
	rig_got(r, 0, BULK);
	rig_free(r);
}

/* The peer reads nothing, and its socket is full. What fits in the write buffer is
 * sent as far as the pump goes: closing waits for it, for as long as it is to. */
static void up_ends_when_the_rest_fits(void **state)
{
	for (int more = 0; more < 2; more++) {
		struct rig *r =
			rig_new(RIG_UP, pattern_file(SETTINGS_HIGH_WATER + more), *state, true);
		size_t filled = support_fill(transport_raw_fd(r->c->transport));

		rig_until(r, rig_waits);
		assert_int_equal(r->result, more ? PUMP_WAIT_DEST : PUMP_END);
		assert_int_equal(writer_queued(&r->c->writer) == SETTINGS_HIGH_WATER, !more);
		send_all(r);
		assert_int_equal(evbuffer_drain(r->got, filled), 0);
		rig_got(r, 0, (size_t)SETTINGS_HIGH_WATER + more);
		rig_free(r);
	}
}

/* The same for a pipe, before or after its writer has gone. */
static void up_from_a_pipe_that_ends_meanwhile(void **state)
{
	for (int late = 0; late < 2; late++) {
		struct rig *r;
		size_t filled;
		int ends[2];

		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		r = rig_new(RIG_UP, ends[0], *state, true);
		filled = support_fill(transport_raw_fd(r->c->transport));
		write_pattern(ends[1], 5000, 0);
		if (late) {
			rig_until(r, rig_waits);
			assert_true(support_is_idle(r->loop, 30));
			assert_false(r->over);
		} else {
			task_wake(&r->task);
		}
		close(ends[1]);
		assert_true(support_run(r->loop, rig_is_over, r, SUPPORT_DEADLINE_MS));
		assert_int_equal(r->result, PUMP_END);
		send_all(r);
		assert_int_equal(evbuffer_drain(r->got, filled), 0);
		rig_got(r, 0, 5000);
		rig_free(r);
	}
}

static void up_from_a_file_cut_meanwhile(void **state)
{
	struct rig *r = rig_new(RIG_UP, pattern_file(BULK), *state, true);

	support_small_buffers(r->peer);
	rig_until(r, rig_waits);
	assert_true(pump_bytes(r->pump) < BULK);
	drain(r); /* its first bytes, before they are cut off */
	assert_int_equal(ftruncate(r->fd, 0), 0);
	rig_until(r, drained_over);
	assert_int_equal(r->result, PUMP_END);
	assert_true(pump_bytes(r->pump) < BULK);
	rig_free(r);
}

static void up_to_a_peer_that_resets(void **state)
{
	struct rig *r = rig_new(RIG_UP, pattern_file(BULK * 4), *state, false);

	support_small_buffers(r->peer);
	rig_until(r, rig_waits);
	support_reset(r->peer);
	r->peer = -1;
	rig_until(r, rig_is_over);
	assert_true(r->c->writer.broken);
	assert_true(connection_write_error(r->c)->sys == ECONNRESET ||
		    connection_write_error(r->c)->sys == EPIPE);
	assert_true(pump_bytes(r->pump) < BULK * 4);
	rig_free(r);
}

/* Nothing but what the peer sends tells that its full Unix socket fails now. */
static void up_to_a_peer_that_reads_no_more(void **state)
{
	struct rig *r = rig_new(RIG_UP, pattern_file(BULK * 4), *state, true);

	rig_until(r, rig_waits);
	shutdown(r->peer, SHUT_RD);
	support_run_for(r->loop, 10);
	assert_false(r->over);
	support_send(r->peer, "why", 3);
	assert_true(support_run(r->loop, rig_is_over, r, SUPPORT_DEADLINE_MS));
	assert_true(r->c->writer.broken);
	assert_int_equal(connection_write_error(r->c)->sys, EPIPE);
	rig_free(r);
}

/* The kernel refuses before it has moved a byte: the buffered pump says why. */
static void up_from_what_cannot_be_read(void **state)
{
	struct rig *r = rig_new(RIG_UP, open("/dev/null", O_WRONLY | O_CLOEXEC), *state, false);

	rig_ends(r, PUMP_SOURCE_FAILED);
	assert_string_equal(fd_reader_error(r->input)->text,
			    "reading from the input: bad file descriptor");
	assert_int_equal(pump_bytes(r->pump), 0);
	rig_free(r);
}

/* A file that knows no splice: the same hand-over, and it goes on. */
static void up_from_a_file_without_splice(void **state)
{
	struct rig *r;

	assert_int_equal(prctl(PR_SET_NAME, "named here"), 0);
	r = rig_new(RIG_UP, open("/proc/self/comm", O_RDONLY | O_CLOEXEC), *state, false);
	send_all(r);
	assert_int_equal(evbuffer_get_length(r->got), 11);
	assert_memory_equal(evbuffer_pullup(r->got, -1), "named here\n", 11);
	rig_free(r);
}

/* --- down --- */

/* All that the peer sends comes, and the end. */
static void receive_bulk(struct rig *r)
{
	unsigned char *data = malloc(PIECE);

	for (size_t at = 0; at < BULK; at += PIECE) {
		size_t len = BULK - at < PIECE ? BULK - at : PIECE;
		ssize_t n;

		support_pattern(data, len, at);
		for (size_t done = 0; done < len; done += (size_t)n) {
			n = send(r->peer, data + done, len - done, MSG_DONTWAIT | MSG_NOSIGNAL);
			if (n < 0) {
				assert_int_equal(errno, EAGAIN);
				rig_until(r, rig_waits);
				n = 0;
			}
		}
	}
	free(data);
	assert_int_equal(shutdown(r->peer, SHUT_WR), 0);
	rig_ends(r, PUMP_END);
	assert_int_equal(pump_bytes(r->pump), BULK);
	assert_int_equal(connection_received(r->c), BULK);
	fd_writer_flush(r->output);
}

static void down_to_a_file(void **state)
{
	for (int local = 0; local < 2; local++) {
		struct rig *r = rig_new(RIG_DOWN, pattern_file(0), *state, local);

		receive_bulk(r);
		rig_read_file(r);
		rig_got(r, 0, BULK);
		assert_way(r->pump, *state);
		rig_free(r);
	}
}

static void down_to_dev_null(void **state)
{
	struct rig *r = rig_new(RIG_DOWN, open("/dev/null", O_WRONLY | O_CLOEXEC), *state, false);

	receive_bulk(r);
	assert_way(r->pump, *state);
	rig_free(r);
}

/* splice(2) refuses it. */
static void down_to_a_file_that_is_appended_to(void **state)
{
	int fd = pattern_file(0);
	struct rig *r;

	assert_int_equal(write(fd, "before", 6), 6);
	assert_int_equal(fcntl(fd, F_SETFL, O_APPEND), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	r = rig_new(RIG_DOWN, fd, *state, false);
	receive_bulk(r);
	assert_way(r->pump, "buffered");
	rig_read_file(r);
	assert_memory_equal(evbuffer_pullup(r->got, 6), "before", 6);
	assert_int_equal(evbuffer_drain(r->got, 6), 0);
	rig_got(r, 0, BULK);
	rig_free(r);
}

/* So does this one, once the bytes are in our pipe: they are not lost. */
static void down_to_a_file_without_splice(void **state)
{
	struct rig *r =
		rig_new(RIG_DOWN, open("/proc/self/comm", O_WRONLY | O_CLOEXEC), *state, false);
	char name[16] = "";

	support_send(r->peer, "written", 7);
	assert_int_equal(shutdown(r->peer, SHUT_WR), 0);
	rig_ends(r, PUMP_END);
	fd_writer_flush(r->output);
	assert_null(fd_writer_error(r->output));
	assert_int_equal(prctl(PR_GET_NAME, name), 0);
	assert_string_equal(name, "written");
	rig_free(r);
}

static void down_to_a_file_that_cannot_be_written(void **state)
{
	struct rig *r = rig_new(RIG_DOWN, pattern_file(0), *state, false);
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	/* The output has a number, not the file behind it. */
	assert_int_equal(dup2(fd, r->fd), r->fd);
	close(fd);
	support_send(r->peer, "lost", 4);
	rig_until(r, rig_is_over);
	fd_writer_flush(r->output);
	assert_non_null(fd_writer_error(r->output));
	assert_string_equal(fd_writer_error(r->output)->text,
			    "writing to the output: bad file descriptor");
	rig_free(r);
}

static void down_to_dev_full(void **state)
{
	struct rig *r = rig_new(RIG_DOWN, open("/dev/full", O_WRONLY | O_CLOEXEC), *state, false);

	support_send(r->peer, "lost", 4);
	rig_until(r, rig_is_over);
	assert_string_equal(fd_writer_error(r->output)->text,
			    "writing to the output: no space left on device");
	rig_free(r);
}

struct slow_reader {
	struct rig *rig;
	int fd;
};

static bool has_read_it(void *arg)
{
	const struct slow_reader *reader = arg;

	(void)evbuffer_read(reader->rig->got, reader->fd, 1000);
	return reader->rig->over && evbuffer_get_length(reader->rig->got) >= PIECE;
}

/* The inherited pipe keeps its size. */
static void down_to_a_pipe_that_is_read_slowly(void **state)
{
	struct slow_reader reader;
	struct rig *r;
	int ends[2], size;

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	size = fcntl(ends[1], F_SETPIPE_SZ, 4096);
	assert_true(size >= 4096);
	r = rig_new(RIG_DOWN, ends[1], *state, false);
	write_pattern(r->peer, PIECE, 0);
	assert_int_equal(shutdown(r->peer, SHUT_WR), 0);
	reader = (struct slow_reader){ .rig = r, .fd = ends[0] };
	task_wake(&r->task);
	assert_true(support_run(r->loop, has_read_it, &reader, SUPPORT_DEADLINE_MS));
	assert_int_equal(r->result, PUMP_END);
	rig_got(r, 0, PIECE);
	assert_int_equal(fcntl(ends[0], F_GETPIPE_SZ), size);
	assert_way(r->pump, *state);
	close(ends[0]);
	rig_free(r);
}

static void down_to_a_pipe_that_nobody_reads(void **state)
{
	struct rig *r;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	r = rig_new(RIG_DOWN, ends[1], *state, false);
	support_send(r->peer, "taken", 5);
	rig_until(r, rig_waits);
	close(ends[0]);
	support_send(r->peer, "lost", 4);
	rig_until(r, rig_is_over);
	assert_int_equal(fd_writer_error(r->output)->sys, EPIPE);
	rig_free(r);
}

static bool has_buffered(void *arg)
{
	struct rig *r = arg;

	return reader_buffered(&r->c->reader) > 0;
}

/* What the output and the reader hold goes first, in this order. */
static void down_after_what_was_buffered(void **state)
{
	struct rig *r = rig_new(RIG_DOWN, pattern_file(0), *state, true);

	fd_writer_add(r->output, bytes_of("queued ", 7));
	support_send(r->peer, "buffered ", 9);
	(void)connection_update(r->c);
	r->over = true; /* the pump does not run yet */
	assert_true(support_run(r->loop, has_buffered, r, SUPPORT_DEADLINE_MS));
	r->over = false;
	fd_writer_add(r->output, bytes_of("and ", 4));
	support_send(r->peer, "sent", 4);
	assert_int_equal(shutdown(r->peer, SHUT_WR), 0);
	rig_ends(r, PUMP_END);
	fd_writer_flush(r->output);
	rig_read_file(r);
	assert_int_equal(evbuffer_get_length(r->got), 24);
	assert_memory_equal(evbuffer_pullup(r->got, -1), "queued and buffered sent", 24);
	rig_free(r);
}

static void down_from_a_peer_that_resets(void **state)
{
	struct rig *r = rig_new(RIG_DOWN, pattern_file(0), *state, false);

	write_pattern(r->peer, 1000, 0);
	rig_until(r, rig_waits);
	support_reset(r->peer);
	r->peer = -1;
	rig_ends(r, PUMP_SOURCE_FAILED);
	assert_int_equal(connection_read_error(r->c)->sys, ECONNRESET);
	fd_writer_flush(r->output);
	rig_read_file(r);
	rig_got(r, 0, 1000);
	rig_free(r);
}

static bool pump_has_ended(void *arg)
{
	struct rig *r = arg;

	connection_refresh(r->c);
	r->result = pump_run(r->pump);
	(void)connection_update(r->c);
	return rig_result_is_last(r->result);
}

/* A write has taken the reset from the socket: what is read next is not a clean end. */
static void down_after_a_write_met_the_reset(void **state)
{
	struct rig *r = rig_new(RIG_DOWN, pattern_file(0), *state, false);

	rig_until(r, rig_waits);
	support_reset(r->peer);
	r->peer = -1;
	writer_write(&r->c->writer, bytes_of_string("x"));
	transport_flush(r->c->transport);
	assert_int_equal(connection_write_error(r->c)->sys, ECONNRESET);
	r->over = true; /* by the failed write; what runs the pump now is here */
	assert_true(support_run(r->loop, pump_has_ended, r, SUPPORT_DEADLINE_MS));
	assert_int_equal(r->result, PUMP_SOURCE_FAILED);
	assert_int_equal(connection_read_error(r->c)->sys, ECONNRESET);
	rig_free(r);
}

/* splice(2) stops at urgent data (telnet sends some), and recv(2) skips it. */
static void down_past_urgent_data(void **state)
{
	for (int ended = 0; ended < 2; ended++) {
		struct rig *r = rig_new(RIG_DOWN, pattern_file(0), *state, false);

		support_send(r->peer, "one ", 4);
		rig_until(r, rig_waits);
		assert_int_equal(send(r->peer, "!", 1, MSG_OOB), 1);
		support_send(r->peer, "two", 3);
		if (!ended) {
			assert_true(support_is_idle(r->loop, 50));
			assert_int_equal(pump_bytes(r->pump), 7);
		}
		assert_int_equal(shutdown(r->peer, SHUT_WR), 0);
		rig_ends(r, PUMP_END);
		fd_writer_flush(r->output);
		rig_read_file(r);
		assert_int_equal(evbuffer_get_length(r->got), 7);
		assert_memory_equal(evbuffer_pullup(r->got, -1), "one two", 7);
		rig_free(r);
	}
}

/* Whoever reads next has what comes next. */
static void down_and_then_a_reader(void **state)
{
	struct rig *r = rig_new(RIG_DOWN, pattern_file(0), *state, false);

	write_pattern(r->peer, 1000, 0);
	rig_until(r, rig_waits);
	pump_free(r->pump);
	r->pump = NULL;
	r->over = true;
	support_send(r->peer, "next", 4);
	(void)connection_update(r->c);
	assert_true(support_run(r->loop, has_buffered, r, SUPPORT_DEADLINE_MS));
	assert_int_equal(reader_buffered(&r->c->reader), 4);
	rig_free(r);
}

/* --- borrowed pipes --- */

static void set_pipes(struct rig *r, int from, int state)
{
	for (int i = from; i < SPLICE_PIPES; i++)
		r->pipes.pipes[i].state = state;
}

/* All others are lent: what comes meanwhile goes through the buffers. */
static void without_a_pipe_a_turn_is_buffered(void **state)
{
	struct rig *r = rig_new(RIG_DOWN, pattern_file(0), NULL, false);

	(void)state;
	set_pipes(r, 0, SPLICE_PIPE_LENT);
	write_pattern(r->peer, 5000, 0);
	rig_until(r, rig_waits);
	assert_int_equal(pump_bytes(r->pump), 5000);
	set_pipes(r, 1, SPLICE_PIPE_CLOSED);
	write_pattern(r->peer, 10000, 5000);
	rig_until(r, rig_waits);
	assert_int_equal(r->pipes.pipes[1].state, SPLICE_PIPE_IDLE); /* given back */
	assert_int_equal(shutdown(r->peer, SHUT_WR), 0);
	rig_ends(r, PUMP_END);
	fd_writer_flush(r->output);
	rig_read_file(r);
	rig_got(r, 0, 15000);
	assert_way(r->pump, "splice");
	r->pipes.pipes[0].state = SPLICE_PIPE_CLOSED;
	rig_free(r);
}

static void without_descriptors_there_is_no_pipe(void **state)
{
	struct rig *r = rig_new(RIG_DOWN, pattern_file(0), NULL, false);
	struct rlimit old, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	write_pattern(r->peer, 5000, 0);
	rig_until(r, rig_waits);
	assert_int_equal(pump_bytes(r->pump), 5000);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	fd_writer_flush(r->output);
	rig_read_file(r);
	rig_got(r, 0, 5000);
	rig_free(r);
}

/* --- between two connections --- */

/* Two connections and two pumps between them; the end of one direction leaves the other. */
struct joint {
	struct loop *loop;
	struct task task;
	struct connection *ends[2];
	int peers[2];
	struct pump *pumps[2]; /* pumps[0]: from ends[0] to ends[1] */
	struct splice_pipes pipes;
	enum { FLOWS, FLUSHES, IS_SHUT, IS_BROKEN } states[2];
	size_t sent[2]; /* by the peers, of `BULK` bytes each */
	struct evbuffer *got[2];
	bool held[2]; /* that peer does not receive */
};

static void joint_move(struct joint *j, int from)
{
	if (j->states[from] == FLOWS) {
		switch (pump_run(j->pumps[from])) {
		case PUMP_MORE:
			task_wake(&j->task);
			break;
		case PUMP_WAIT_SOURCE:
		case PUMP_WAIT_DEST:
			break;
		case PUMP_END:
			j->states[from] = FLUSHES;
			break;
		case PUMP_SOURCE_FAILED:
		case PUMP_DEST_FAILED:
			j->states[from] = IS_BROKEN;
		}
	}
	if (j->states[from] == FLUSHES && connection_write_eof(j->ends[1 - from]) == STREAM_OK)
		j->states[from] = IS_SHUT;
}

static void joint_run(void *arg)
{
	struct joint *j = arg;

	for (int i = 0; i < 2; i++)
		connection_refresh(j->ends[i]);
	for (int i = 0; i < 2; i++)
		joint_move(j, i);
	for (int i = 0; i < 2; i++)
		if (connection_update(j->ends[i]))
			task_wake(&j->task);
}

static struct joint *joint_new(const char *kind, bool local)
{
	struct joint *j = calloc(1, sizeof(*j));
	int pair[2];

	j->loop = loop_new();
	task_init(&j->task, j->loop, joint_run, j);
	for (int i = 0; i < 2; i++) {
		(local ? support_unix_pair : support_tcp_pair)(pair);
		j->peers[i] = pair[0];
		j->ends[i] = rig_connection(j->loop, pair[1], &j->task);
		j->got[i] = evbuffer_new();
	}
	for (int i = 0; i < 2; i++)
		j->pumps[i] = pump_new(pump_end_connection(j->ends[i]),
				       pump_end_connection(j->ends[1 - i]), &j->task, &j->pipes,
				       kind, strdup("between connections"));
	task_wake(&j->task);
	return j;
}

static void joint_free(struct joint *j)
{
	for (int i = 0; i < 2; i++) {
		pump_free(j->pumps[i]);
		connection_free(j->ends[i]);
		evbuffer_free(j->got[i]);
		if (j->peers[i] >= 0)
			close(j->peers[i]);
	}
	splice_pipes_close(&j->pipes);
	task_cancel(&j->task);
	loop_free(j->loop);
	free(j);
}

/* A peer's bytes are the pattern from here on. */
static size_t offset_of(int peer)
{
	return peer == 0 ? 0 : 7777;
}

static void peer_sends(struct joint *j, int i)
{
	unsigned char data[4096];
	size_t left = BULK - j->sent[i];
	size_t len = left < sizeof(data) ? left : sizeof(data);
	ssize_t n = 1;

	while (len > 0 && n > 0) {
		support_pattern(data, len, offset_of(i) + j->sent[i]);
		n = send(j->peers[i], data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n <= 0)
			return;
		j->sent[i] += (size_t)n;
		left = BULK - j->sent[i];
		len = left < sizeof(data) ? left : sizeof(data);
	}
	if (j->sent[i] == BULK)
		assert_int_equal(shutdown(j->peers[i], SHUT_WR), 0);
}

static void peer_receives(struct joint *j, int i)
{
	unsigned char data[4096];
	ssize_t n;

	while (!j->held[i] && (n = support_try_receive(j->peers[i], data, sizeof(data))) > 0)
		evbuffer_add(j->got[i], data, (size_t)n);
}

static bool joint_is_shut(void *arg)
{
	struct joint *j = arg;

	for (int i = 0; i < 2; i++) {
		if (j->sent[i] < BULK)
			peer_sends(j, i);
		peer_receives(j, i);
	}
	return j->states[0] == IS_SHUT && j->states[1] == IS_SHUT;
}

static bool first_is_shut(void *arg)
{
	struct joint *j = arg;

	if (j->sent[0] < BULK)
		peer_sends(j, 0);
	peer_receives(j, 1);
	return j->states[0] == IS_SHUT;
}

/* All of it, and the end. */
static void assert_peer_got(struct joint *j, int i)
{
	peer_receives(j, i);
	assert_int_equal(support_receive_all(j->peers[i], j->got[i]), 0);
	assert_int_equal(evbuffer_get_length(j->got[i]), BULK);
	assert_true(support_is_pattern(j->got[i], offset_of(1 - i)));
	assert_int_equal(connection_received(j->ends[i]), BULK);
	assert_int_equal(connection_sent(j->ends[i]), BULK);
	assert_int_equal(j->pumps[i]->bytes, BULK);
}

static void two_connections(void **state)
{
	for (int local = 0; local < 2; local++) {
		struct joint *j = joint_new(*state, local);

		assert_true(support_run(j->loop, joint_is_shut, j, SUPPORT_DEADLINE_MS));
		for (int i = 0; i < 2; i++) {
			assert_peer_got(j, i);
			assert_way(j->pumps[i], *state);
		}
		joint_free(j);
	}
}

/* One direction ends, and the other goes on as before. */
static void two_connections_pass_a_half_close_on(void **state)
{
	for (int local = 0; local < 2; local++) {
		struct joint *j = joint_new(*state, local);

		assert_true(support_run(j->loop, first_is_shut, j, SUPPORT_DEADLINE_MS));
		assert_int_equal(support_receive_all(j->peers[1], j->got[1]), 0);
		assert_int_equal(evbuffer_get_length(j->got[1]), BULK);
		assert_int_equal(j->states[1], FLOWS);
		assert_int_equal(connection_received(j->ends[1]), 0);
		assert_true(support_run(j->loop, joint_is_shut, j, SUPPORT_DEADLINE_MS));
		assert_peer_got(j, 0);
		joint_free(j);
	}
}

static bool has_stalled(void *arg)
{
	struct joint *j = arg;
	size_t before = j->sent[0];

	peer_sends(j, 0);
	return before > 0 && j->sent[0] == before;
}

/* The peer that receives nothing stops the other one, in bounded memory, without a spin;
 * then it gets everything. */
static void two_connections_wait_for_a_slow_peer(void **state)
{
	struct joint *j = joint_new(*state, true);

	j->held[1] = true;
	assert_true(support_run(j->loop, has_stalled, j, SUPPORT_DEADLINE_MS));
	support_run_for(j->loop, 10);
	assert_true(j->sent[0] < BULK);
	assert_true(support_is_idle(j->loop, 50));
	j->held[1] = false;
	assert_true(support_run(j->loop, joint_is_shut, j, SUPPORT_DEADLINE_MS));
	assert_peer_got(j, 1);
	joint_free(j);
}

static bool has_passed(void *arg)
{
	struct joint *j = arg;

	return j->pumps[0]->bytes > 0;
}

static bool has_answered(void *arg)
{
	struct joint *j = arg;

	peer_receives(j, 1);
	return evbuffer_get_length(j->got[1]) == j->sent[0];
}

/* Some messages take the buffers, and then none does; they need no pipe. */
static void two_connections_that_talk(void **state)
{
	struct joint *j = joint_new(NULL, false);

	(void)state;
	for (int i = 0; i < 8; i++) {
		assert_way(j->pumps[0], i < 4 ? "buffered" : "splice");
		write_pattern(j->peers[0], 100, offset_of(0) + j->sent[0]);
		j->sent[0] += 100;
		assert_true(support_run(j->loop, has_answered, j, SUPPORT_DEADLINE_MS));
	}
	assert_true(support_is_pattern(j->got[1], offset_of(0)));
	assert_int_equal(j->pipes.pipes[0].state, SPLICE_PIPE_CLOSED);
	joint_free(j);
}

/* Messages take the buffers, and from the first bulk on all goes through the kernel. */
static void two_connections_without_a_choice(void **state)
{
	struct joint *j = joint_new(NULL, false);

	(void)state;
	j->sent[0] = 1000;
	write_pattern(j->peers[0], j->sent[0], offset_of(0));
	assert_true(support_run(j->loop, has_passed, j, SUPPORT_DEADLINE_MS));
	assert_way(j->pumps[0], "buffered");
	assert_true(support_run(j->loop, joint_is_shut, j, SUPPORT_DEADLINE_MS));
	for (int i = 0; i < 2; i++) {
		assert_peer_got(j, i);
		assert_way(j->pumps[i], "splice");
	}
	joint_free(j);
}

static bool is_broken(void *arg)
{
	struct joint *j = arg;

	return j->states[0] == IS_BROKEN;
}

/* Each error stays with the end that met it. */
static void two_connections_of_which_one_breaks(void **state)
{
	for (int broken = 0; broken < 2; broken++) {
		struct joint *j = joint_new(*state, false);

		write_pattern(j->peers[0], 1000, 0);
		assert_true(support_run(j->loop, has_passed, j, SUPPORT_DEADLINE_MS));
		write_pattern(j->peers[0], 1000, 0);
		support_reset(j->peers[broken]);
		j->peers[broken] = -1;
		assert_true(support_run(j->loop, is_broken, j, SUPPORT_DEADLINE_MS));
		if (broken == 0) {
			assert_int_equal(connection_read_error(j->ends[0])->sys, ECONNRESET);
			assert_null(connection_write_error(j->ends[1]));
		} else {
			assert_non_null(connection_write_error(j->ends[1]));
			assert_null(connection_read_error(j->ends[0]));
		}
		joint_free(j);
	}
}

static void names_are_known(void **state)
{
	(void)state;
	assert_true(pump_known("splice"));
	assert_true(pump_known("buffered"));
	assert_false(pump_known("bucket"));
}

/* clang-format off */
#define BOTH(test) \
	{ #test ": splice", test, NULL, NULL, (void *)"splice" }, \
	{ #test ": buffered", test, NULL, NULL, (void *)"buffered" }
/* clang-format on */

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(up_from_a_file_at_its_offset),
		BOTH(up_from_an_empty_file),
		BOTH(up_from_a_pipe),
		BOTH(up_after_what_was_queued),
		BOTH(up_a_run_is_bounded),
		BOTH(up_waits_for_a_slow_peer),
		BOTH(up_ends_when_the_rest_fits),
		BOTH(up_from_a_pipe_that_ends_meanwhile),
		BOTH(up_from_a_file_cut_meanwhile),
		BOTH(up_to_a_peer_that_resets),
		BOTH(up_to_a_peer_that_reads_no_more),
		BOTH(up_from_what_cannot_be_read),
		BOTH(up_from_a_file_without_splice),
		BOTH(down_to_a_file),
		BOTH(down_to_dev_null),
		BOTH(down_to_a_file_that_is_appended_to),
		BOTH(down_to_a_file_without_splice),
		BOTH(down_to_a_file_that_cannot_be_written),
		BOTH(down_to_dev_full),
		BOTH(down_to_a_pipe_that_is_read_slowly),
		BOTH(down_to_a_pipe_that_nobody_reads),
		BOTH(down_after_what_was_buffered),
		BOTH(down_from_a_peer_that_resets),
		BOTH(down_after_a_write_met_the_reset),
		BOTH(down_past_urgent_data),
		BOTH(down_and_then_a_reader),
		BOTH(two_connections),
		BOTH(two_connections_pass_a_half_close_on),
		BOTH(two_connections_wait_for_a_slow_peer),
		BOTH(two_connections_of_which_one_breaks),
		cmocka_unit_test(two_connections_that_talk),
		cmocka_unit_test(two_connections_without_a_choice),
		cmocka_unit_test(without_a_pipe_a_turn_is_buffered),
		cmocka_unit_test(without_descriptors_there_is_no_pipe),
		cmocka_unit_test(names_are_known),
	};
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGPIPE, &ignore, NULL); /* as the program does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
