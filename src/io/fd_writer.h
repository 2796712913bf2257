/* SPDX-License-Identifier: ISC */
/* fd_writer: standard output, or a pipe to a command, written without blocking. */
#pragma once

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

enum { OUTPUT_MARK = 64 * 1024 };

struct err;
struct evbuffer;
struct loop;
struct fd_writer;
struct task;

/* `fd` is borrowed and keeps its flags; where `owned` is true it is handed over
 * instead, and only a write tells that the reader has gone. `name` is for messages
 * ("standard output") and is copied. */
struct fd_writer *fd_writer_new(struct loop *loop, int fd, bool owned, const char *name);
void fd_writer_free(struct fd_writer *output); /* drops what is queued; NULL is allowed */

/* Queue bytes, to be written at the end of this turn of the loop or by
 * fd_writer_flush(). `data` is left empty. After an error they are dropped. */
void fd_writer_add(struct fd_writer *output, struct bytes data);
void fd_writer_add_buffer(struct fd_writer *output, struct evbuffer *data);
void fd_writer_flush(struct fd_writer *output);

/* On a terminal: end the line that the bytes have left open, once they are written, as far
 * as it takes them now. Otherwise nothing. */
void fd_writer_end_line(struct fd_writer *output);

/* Once everything queued is written, let the reader see the end: the descriptor becomes
 * /dev/null. A terminal stays. */
void fd_writer_end(struct fd_writer *output);

/* The queue itself, borrowed. Call fd_writer_added() after appending to it. */
struct evbuffer *fd_writer_queue(struct fd_writer *output);
void fd_writer_added(struct fd_writer *output);

/* The queue has exceeded OUTPUT_MARK bytes and not fallen to a quarter of it since:
 * add no more until it has. */
bool fd_writer_above(struct fd_writer *output);
size_t fd_writer_queued(const struct fd_writer *output);

/* Wake `task` once the queue is down again or writing has failed; at once if the queue is
 * not above its mark. Tasks are woken in the order of these calls, a few a turn: by its turn a
 * task may find the writer above again. Call fd_writer_unwait() before the task's
 * owner is freed. */
void fd_writer_wait(struct fd_writer *output, struct task *task);
void fd_writer_unwait(struct fd_writer *output, struct task *task);

/* The task to wake when writing has failed or the reader has gone, also while idle,
 * and when the queue has become empty. */
void fd_writer_set_owner(struct fd_writer *output, struct task *task);

/* The program also reads `fd`. If that is the socket written here, its reader notices
 * the end, after the bytes that came before: stop watching for it while idle. */
void fd_writer_share(struct fd_writer *output, int fd);

/* Why writing failed: ERR_IO, with EPIPE in `sys` when the reader has gone; NULL when
 * it has not. Borrowed. */
const struct err *fd_writer_error(const struct fd_writer *output);

bool fd_writer_is_terminal(const struct fd_writer *output);

/* The descriptor for splice(2); -1 when it cannot use it. */
int fd_writer_raw_fd(const struct fd_writer *output);
