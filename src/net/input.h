/* SPDX-License-Identifier: ISC */
/* input: standard input or a local file, read without blocking. */
#ifndef LIU_NET_INPUT_H
#define LIU_NET_INPUT_H

#include "stream/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct evbuffer;
struct input;
struct loop;
struct task;

/* `fd` stays the caller's and keeps its flags, unless `owned`: then it is closed
 * with the input. `name` is for messages ("standard input") and is copied. */
struct input *input_new(struct loop *loop, int fd, bool owned, const char *name);
void input_free(struct input *input); /* NULL is allowed */

/* Who is woken when there may be more after STREAM_AGAIN. NULL: nobody. */
void input_set_task(struct input *input, struct task *task);

/* Append at most `max` bytes (above 0) to `into`: STREAM_OK when at least one
 * came, STREAM_AGAIN when the task will be woken, STREAM_EOF at the end,
 * STREAM_ERROR: input_error(). */
enum stream_status input_read(struct input *input, size_t max, struct evbuffer *into);
const struct err *input_error(const struct input *input); /* ERR_IO; borrowed */

/* A read is being waited for. */
bool input_armed(const struct input *input);
bool input_is_terminal(const struct input *input);

/* It was closed at start, or is /dev/null: to a listener no end of input. */
bool input_is_null(const struct input *input);

/* The descriptor for splice and sendfile; -1 when it must not be used so. */
int input_raw_fd(const struct input *input);

#endif
