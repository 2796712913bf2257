/* SPDX-License-Identifier: ISC */
/* stdout_writer: standard output or a local file, written without blocking. */
#ifndef LIU_IO_STDOUT_WRITER_H
#define LIU_IO_STDOUT_WRITER_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

enum { OUTPUT_MARK = 64 * 1024 };

struct err;
struct evbuffer;
struct loop;
struct stdout_writer;
struct task;

/* `fd` stays the caller's and keeps its flags. `name` is for messages
 * ("standard output") and is copied. */
struct stdout_writer *stdout_writer_new(struct loop *loop, int fd, const char *name);
void stdout_writer_free(struct stdout_writer *output); /* drops what is queued; NULL is allowed */

/* Queue; the bytes go out at the end of this turn of the loop, or at
 * stdout_writer_flush(). `data` is left empty. After an error they are dropped. */
void stdout_writer_add(struct stdout_writer *output, struct bytes data);
void stdout_writer_add_buffer(struct stdout_writer *output, struct evbuffer *data);
void stdout_writer_flush(struct stdout_writer *output);

/* The queue itself, to append to; say stdout_writer_added() afterwards. Borrowed. */
struct evbuffer *stdout_writer_queue(struct stdout_writer *output);
void stdout_writer_added(struct stdout_writer *output);

/* More than OUTPUT_MARK bytes were queued, and not yet at most a quarter of it
 * again: write no more until then. */
bool stdout_writer_above(const struct stdout_writer *output);
size_t stdout_writer_queued(const struct stdout_writer *output);

/* Wake `task` once, when it is no longer above, or has failed; at once when that
 * is so already. Several tasks may wait and are woken in that order, a few a turn,
 * so that it may be above again by then; one that is freed says stdout_writer_unwait()
 * before. */
void stdout_writer_wait(struct stdout_writer *output, struct task *task);
void stdout_writer_unwait(struct stdout_writer *output, struct task *task);

/* Who is told (woken) when it fails or when nobody reads it any more, also while
 * idle, and when the queue has become empty. */
void stdout_writer_set_owner(struct stdout_writer *output, struct task *task);

/* `fd` is read by somebody. If it is the very socket that is written here, its end
 * is noticed there and may come in order, after bytes not to be lost: while idle
 * it tells the owner nothing. */
void stdout_writer_share(struct stdout_writer *output, int fd);

/* NULL, or why: ERR_IO; err->sys is EPIPE when nobody reads it any more. Borrowed. */
const struct err *stdout_writer_error(const struct stdout_writer *output);

/* Whoever wrote to stdout_writer_raw_fd() says here what error it met (errno). */
void stdout_writer_fail(struct stdout_writer *output, int sys);

bool stdout_writer_is_terminal(const struct stdout_writer *output);
int stdout_writer_raw_fd(const struct stdout_writer *output); /* for splice; -1: none */

#endif
