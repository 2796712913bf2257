/* SPDX-License-Identifier: ISC */
/* head_text: the head of an HTTP answer as people and scripts read it. */
#ifndef LIU_HTTP_HEAD_TEXT_H
#define LIU_HTTP_HEAD_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct evbuffer;
struct http_head;
struct stdout_writer;

/* The lines as they came. On a terminal control characters are made visible,
 * since the peer chose them; with `color` names stand out. `text` is left empty. */
void head_text_answer(struct stdout_writer *output, struct evbuffer *text, bool terminal,
		      bool color);
bool head_text_any(const struct evbuffer *text);

/* Only the values of the named fields (their case does not matter), one a line.
 * False when the answer has none. */
bool head_text_fields(struct stdout_writer *output, const struct http_head *head,
		      const char *const *names, size_t count, bool terminal);
bool head_text_has_field(const struct http_head *head, const char *const *names, size_t count);

#endif
