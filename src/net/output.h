/* SPDX-License-Identifier: ISC */
/* output: standard output or a local file, written without blocking. */
#ifndef LIU_NET_OUTPUT_H
#define LIU_NET_OUTPUT_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

enum { OUTPUT_MARK = 64 * 1024 };

struct err;
struct evbuffer;
struct loop;
struct output;
struct task;

/* `fd` stays the caller's and keeps its flags. `name` is for messages
 * ("standard output") and is copied. */
struct output *output_new(struct loop *loop, int fd, const char *name);
void output_free(struct output *output); /* drops what is queued; NULL is allowed */

/* Queue; the bytes go out at the end of this turn of the loop, or at
 * output_flush(). `data` is left empty. After an error they are dropped. */
void output_add(struct output *output, struct bytes data);
void output_add_buffer(struct output *output, struct evbuffer *data);
void output_flush(struct output *output);

/* The queue itself, to append to; say output_added() afterwards. Borrowed. */
struct evbuffer *output_queue(struct output *output);
void output_added(struct output *output);

/* More than OUTPUT_MARK bytes were queued, and not yet at most a quarter of it
 * again: write no more until then. */
bool output_above(const struct output *output);
size_t output_queued(const struct output *output);

/* Wake `task` once, when it is no longer above, or has failed; at once when that
 * is so already. Several tasks may wait and are woken in that order, a few a turn,
 * so that it may be above again by then; one that is freed says output_unwait()
 * before. */
void output_wait(struct output *output, struct task *task);
void output_unwait(struct output *output, struct task *task);

/* Who is told (woken) when it fails or when nobody reads it any more, also while
 * idle, and when the queue has become empty. */
void output_set_owner(struct output *output, struct task *task);

/* `fd` is read by somebody. If it is the very socket that is written here, its end
 * is noticed there and may come in order, after bytes not to be lost: while idle
 * it tells the owner nothing. */
void output_share(struct output *output, int fd);

/* NULL, or why: ERR_IO; err->sys is EPIPE when nobody reads it any more. Borrowed. */
const struct err *output_error(const struct output *output);

/* Whoever wrote to output_raw_fd() says here what error it met (errno). */
void output_fail(struct output *output, int sys);

bool output_is_terminal(const struct output *output);
int output_raw_fd(const struct output *output); /* for splice; -1: none */

#endif
