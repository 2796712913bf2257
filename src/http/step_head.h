/* SPDX-License-Identifier: ISC */
/* step_head: the step that sends a request and reads the head of the response. */
#pragma once

#include "base/text.h"
#include "http/http_head.h"

#include <stdbool.h>
#include <stdint.h>

struct step_list;

/* One request and its response; made by step_head_list(). */
struct step_head {
	char *request; /* owned; NULL once it has been sent */
	struct http_head head;
	struct text text;	/* the lines of the head as received, each ended by LF */
	uint64_t first_byte_us; /* from the start of the session; 0: none came */
};

/* The list of this step alone: send the request, read up to the blank line, skip 1xx
 * responses (shown with -v), close at once. `h` is borrowed and filled, `request` is
 * handed over. */
struct step_list *step_head_list(struct step_head *h, char *request);
void step_head_clear(struct step_head *h); /* also when it is { 0 } */
