/* SPDX-License-Identifier: ISC */
/* fd_reader: standard input or a local file, read without blocking. */
#pragma once

#include "stream/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct evbuffer;
struct fd_reader;
struct loop;
struct task;

/* `fd` is borrowed and keeps its flags; where `owned` is true it is handed over
 * instead. `name` is for messages ("standard input") and is copied. */
struct fd_reader *fd_reader_new(struct loop *loop, int fd, bool owned, const char *name);
void fd_reader_free(struct fd_reader *input); /* NULL is allowed */

/* The task to wake when there may be more after STREAM_AGAIN; NULL: none. */
void fd_reader_set_task(struct fd_reader *input, struct task *task);

/* Append at most `max` bytes (above 0) to `into`. STREAM_OK: at least one was read;
 * STREAM_AGAIN: the task will be woken; STREAM_EOF: the end; STREAM_ERROR:
 * fd_reader_error() says why. */
enum stream_status fd_reader_read(struct fd_reader *input, size_t max, struct evbuffer *into);
const struct err *fd_reader_error(const struct fd_reader *input); /* ERR_IO; borrowed */

/* Bytes that a pipe holds now. */
size_t fd_reader_pending(const struct fd_reader *input);

bool fd_reader_is_terminal(const struct fd_reader *input);

/* Is it /dev/null, as after a start with standard input closed? A listener does not
 * take that for the end of its input. */
bool fd_reader_is_null(const struct fd_reader *input);

/* The descriptor for splice(2) and sendfile(2); -1 when they cannot use it. */
int fd_reader_raw_fd(const struct fd_reader *input);
