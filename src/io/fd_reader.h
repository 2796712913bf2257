/* SPDX-License-Identifier: ISC */
/* fd_reader: standard input or a local file, read without blocking. */
#ifndef LIU_IO_FD_READER_H
#define LIU_IO_FD_READER_H

#include "stream/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct evbuffer;
struct fd_reader;
struct loop;
struct task;

/* `fd` stays the caller's and keeps its flags, unless `owned`: then it is closed
 * with the input. `name` is for messages ("standard input") and is copied. */
struct fd_reader *fd_reader_new(struct loop *loop, int fd, bool owned, const char *name);
void fd_reader_free(struct fd_reader *input); /* NULL is allowed */

/* Who is woken when there may be more after STREAM_AGAIN. NULL: nobody. */
void fd_reader_set_task(struct fd_reader *input, struct task *task);

/* Append at most `max` bytes (above 0) to `into`: STREAM_OK when at least one
 * came, STREAM_AGAIN when the task will be woken, STREAM_EOF at the end,
 * STREAM_ERROR: fd_reader_error(). */
enum stream_status fd_reader_read(struct fd_reader *input, size_t max, struct evbuffer *into);
const struct err *fd_reader_error(const struct fd_reader *input); /* ERR_IO; borrowed */

/* A read is being waited for. */
bool fd_reader_armed(const struct fd_reader *input);
bool fd_reader_is_terminal(const struct fd_reader *input);

/* It was closed at start, or is /dev/null: to a listener no end of input. */
bool fd_reader_is_null(const struct fd_reader *input);

/* The descriptor for splice and sendfile; -1 when it must not be used so. */
int fd_reader_raw_fd(const struct fd_reader *input);

#endif
