/* SPDX-License-Identifier: ISC */
/* stdout_writer: standard output or a local file, written without blocking. */
#pragma once

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

enum { OUTPUT_MARK = 64 * 1024 };

struct err;
struct evbuffer;
struct loop;
struct stdout_writer;
struct task;

/* `fd` is borrowed and keeps its flags. `name` is for messages ("standard output")
 * and is copied. */
struct stdout_writer *stdout_writer_new(struct loop *loop, int fd, const char *name);
void stdout_writer_free(struct stdout_writer *output); /* drops what is queued; NULL is allowed */

/* Queue bytes, to be written at the end of this turn of the loop or by
 * stdout_writer_flush(). `data` is left empty. After an error they are dropped. */
void stdout_writer_add(struct stdout_writer *output, struct bytes data);
void stdout_writer_add_buffer(struct stdout_writer *output, struct evbuffer *data);
void stdout_writer_flush(struct stdout_writer *output);

/* On a terminal: end the line that the bytes have left open, once they are written, as far
 * as it takes them now. Otherwise nothing. */
void stdout_writer_end_line(struct stdout_writer *output);

/* Once everything queued is written, let the reader see the end: the descriptor becomes
 * /dev/null. A terminal stays. */
void stdout_writer_end(struct stdout_writer *output);

/* The queue itself, borrowed. Call stdout_writer_added() after appending to it. */
struct evbuffer *stdout_writer_queue(struct stdout_writer *output);
void stdout_writer_added(struct stdout_writer *output);

/* The queue has exceeded OUTPUT_MARK bytes and not fallen to a quarter of it since:
 * add no more until it has. */
bool stdout_writer_above(struct stdout_writer *output);
size_t stdout_writer_queued(const struct stdout_writer *output);

/* Wake `task` once the writer is no longer above, or has failed; at once if it is not
 * above now. Tasks are woken in the order of these calls, a few a turn: by its turn a
 * task may find the writer above again. Call stdout_writer_unwait() before the task's
 * owner is freed. */
void stdout_writer_wait(struct stdout_writer *output, struct task *task);
void stdout_writer_unwait(struct stdout_writer *output, struct task *task);

/* The task to wake when writing has failed or the reader has gone, also while idle,
 * and when the queue has become empty. */
void stdout_writer_set_owner(struct stdout_writer *output, struct task *task);

/* The program also reads `fd`. If that is the socket written here, its reader notices
 * the end, after the bytes that came before: stop watching for it while idle. */
void stdout_writer_share(struct stdout_writer *output, int fd);

/* Why writing failed: ERR_IO, with EPIPE in `sys` when the reader has gone; NULL when
 * it has not. Borrowed. */
const struct err *stdout_writer_error(const struct stdout_writer *output);

bool stdout_writer_is_terminal(const struct stdout_writer *output);

/* The descriptor for splice(2); -1 when it cannot use it. */
int stdout_writer_raw_fd(const struct stdout_writer *output);
