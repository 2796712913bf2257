/* SPDX-License-Identifier: ISC */
/* step_writefile: send a file in bounded memory. */
#include "config.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "io/fd_reader.h"
#include "session/session_pump.h"
#include "session/session_record.h"
#include "session/session_step.h"
#include "session/session_struct.h"
#include "session/step_args.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STALL_NOTICE_MS = 5000 }; /* after so long without a byte in either direction */

struct writefile_args {
	char *path;   /* owned */
	int fd;	      /* opened at start; -1: not, since the path holds %n */
	bool rewinds; /* a regular file, read from its start each time */
};

struct writefile_state {
	struct fd_reader *input; /* owned; NULL: not opened yet */
	struct pump *pump;	 /* owned */
	struct pump_stall stall;
};

/* --- at start --- */

static void free_args(void *p)
{
	struct writefile_args *args = p;

	if (args->fd > STDIN_FILENO)
		(void)close(args->fd);
	free(args->path);
	free(args);
}

static const char *file_of(const struct step *step)
{
	const struct writefile_args *args = step->args;

	return args->path;
}

static bool parse_writefile(struct step *step, struct step_words *words, struct err *err)
{
	const char *word = step_args_word(words, "PATH", err);
	struct writefile_args *args;

	if (word == NULL)
		return false;
	if (word[0] == '\0')
		return err_set(err, ERR_USAGE, "the PATH is empty");
	args = step->args = alloc_zeroed(sizeof(*args));
	args->path = alloc_string(word);
	args->fd = -1;
	if (strcmp(word, "-") == 0)
		step->flags |= STEP_STDIN;
	return true;
}

static int open_path(const char *path)
{
	return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

/* A file that is not regular can be read only once. */
static bool open_writefile(const struct step *step, const struct step_list *list,
			   const struct step_context *context, struct err *err)
{
	struct writefile_args *args = step->args;
	struct stat st;

	if (strstr(args->path, "%n") != NULL)
		return true;
	args->fd = step->flags & STEP_STDIN ? STDIN_FILENO : open_path(args->path);
	if (args->fd < 0 || fstat(args->fd, &st) < 0)
		return err_sys(err, ERR_USAGE, errno, "cannot open '%s'", args->path);
	if (S_ISDIR(st.st_mode))
		return err_set(err, ERR_USAGE, "cannot send '%s': it is a directory", args->path);
	args->rewinds = context->keep_open || (list->flags & STEP_LOOPS);
	if (S_ISREG(st.st_mode) || !args->rewinds)
		return true;
	return err_set(err, ERR_USAGE, "%s: only a regular file can be sent %s", step->text,
		       context->keep_open ? "to each connection (-k)" : "in each round of a loop");
}

/* --- for a connection --- */

/* Every `%n` in PATH is the connection's number. */
static char *numbered_path(const char *path, uint64_t conn)
{
	struct text text = { 0 };

	for (const char *mark; (mark = strstr(path, "%n")) != NULL; path = mark + 2)
		text_addf(&text, "%.*s%" PRIu64, (int)(mark - path), path, conn);
	text_add(&text, bytes_of_string(path));
	return text.data;
}

/* A descriptor for this connection alone. Without /proc the file is found by its name. */
static int open_own(const struct writefile_args *args, const char *path)
{
	char link[64];
	int fd;

	if (args->fd < 0)
		return open_path(path);
	if (!args->rewinds)
		return fcntl(args->fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", args->fd);
	fd = open(link, O_RDONLY | O_CLOEXEC);
	return fd < 0 && errno == ENOENT && args->fd != STDIN_FILENO ? open_path(path) : fd;
}

static void free_state(void *p)
{
	struct writefile_state *state = p;

	pump_free(state->pump);
	fd_reader_free(state->input);
	free(state);
}

static bool open_file(struct session *s, struct writefile_state *state, const struct step *step,
		      struct err *err)
{
	const struct writefile_args *args = step->args;
	char *path = numbered_path(args->path, s->conn);
	/* Inherited standard input stays as it is. */
	bool inherited = (step->flags & STEP_STDIN) && !args->rewinds;
	int fd = inherited ? args->fd : open_own(args, path);

	if (fd < 0)
		(void)err_sys(err, ERR_IO, errno, "cannot open '%s'", path);
	else
		state->input = fd_reader_new(s->shared->loop, fd, !inherited, path);
	free(path);
	return fd >= 0;
}

/* The peer may answer while it reads, and its answers are not read. */
static void watch_for_stall(struct session *s, struct pump_stall *stall)
{
	uint64_t bytes = connection_received(s->connection) + connection_sent(s->connection);

	session_pump_watch(s, stall, bytes, STALL_NOTICE_MS,
			   "nothing has moved either way for 5 s: if the peer answers while it "
			   "reads, 'liu connect ADDRESS < FILE' does not stall");
}

/* Waits for the low-water mark at the end, as drain does. */
static enum step_result run_writefile(struct session *s, const struct step *step)
{
	struct writefile_state *state = session_state(s, sizeof(*state));
	enum pump_result result;
	struct err err;

	if (state->input == NULL) {
		if (!open_file(s, state, step, &err))
			return session_fail(s, &err, NULL);
		state->pump = session_pump_up(s, state->input, false);
	}
	result = pump_run(state->pump);
	if (result == PUMP_WAIT_DEST)
		watch_for_stall(s, &state->stall);
	if (session_pump_wait(s, result))
		return STEP_AGAIN;
	if (result == PUMP_SOURCE_FAILED)
		return session_fail(s, fd_reader_error(state->input), NULL);
	if (result == PUMP_DEST_FAILED)
		return STEP_WRITE_FAILED;
	if (writer_drain(&s->connection->writer) == STREAM_AGAIN)
		return session_wait(s, WAIT_WRITE);
	return session_step_moved(s, pump_bytes(state->pump));
}

const struct step_kind step_writefile = {
	.name = "writefile",
	.args = "PATH",
	.summary = "send a file ('-': standard input)",
	.returns = "nothing, once the write buffer is at its low mark",
	.fails = "usage if PATH cannot be opened at start, io or timeout",
	.example = "writefile request.bin write-eof read",
	.flags = STEP_SENDS,
	.parse = parse_writefile,
	.file = file_of,
	.open = open_writefile,
	.free_args = free_args,
	.run = run_writefile,
	.free_state = free_state,
};
