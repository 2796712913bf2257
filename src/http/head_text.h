/* SPDX-License-Identifier: ISC */
/* head_text: the head of an HTTP response as people and scripts read it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct http_head;
struct stdout_writer;
struct text;

/* The lines as received. On a terminal control characters are made visible, since
 * the peer chose them; with `color` the names are bold. */
void head_text_lines(struct stdout_writer *output, const struct text *text, bool terminal,
		     bool color);

/* Only the values of the named fields, one a line. */
void head_text_fields(struct stdout_writer *output, const struct http_head *head,
		      const char *const *names, size_t count, bool terminal);
