/* SPDX-License-Identifier: ISC */
/* step_head: ask for a URL and read the head of the answer, as a step. */
#ifndef LIU_HTTP_STEP_HEAD_H
#define LIU_HTTP_STEP_HEAD_H

#include "base/bytes.h"
#include "http/http_head.h"

#include <stdbool.h>
#include <stdint.h>

struct err;
struct evbuffer;
struct step_list;

/* One request and what came of it. Made by fetch_init(). */
struct fetch {
	char *request;	       /* owned */
	struct http_head head; /* of the final answer, when `done` */
	struct evbuffer *text; /* its lines as they came, without line ends' CR; owned */
	bool sent;
	bool done;		/* the blank line has been read */
	uint64_t first_byte_us; /* from the start of the session; 0: none came */
};

/* `request` is handed over. */
void fetch_init(struct fetch *fetch, char *request);
void fetch_clear(struct fetch *fetch);

/* The list that sends the request and reads until the blank line, passing over 1xx
 * answers (shown with -v), then closes at once. `fetch` is borrowed. */
struct step_list *fetch_steps(struct fetch *fetch);

#endif
