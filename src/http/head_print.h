/* SPDX-License-Identifier: ISC */
/* head_print: the head of an HTTP response as people and scripts read it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct client_times;
struct event_writer;
struct fd_writer;
struct step_head;

/* The lines as received. On a terminal control characters are made visible, since
 * the peer chose them; with `color` the names are bold. */
void head_print_lines(struct fd_writer *output, const struct step_head *step, bool color);

/* Only the values of the fields of that name, one a line; if `named` as "Name: value". */
void head_print_field(struct fd_writer *output, const struct step_head *step, const char *name,
		      bool named);

/* The JSON event. */
void head_print_event(struct event_writer *events, const char *url, const struct step_head *step,
		      const struct client_times *times);
