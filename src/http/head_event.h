/* SPDX-License-Identifier: ISC */
/* head_event: the JSON event of `liu head`. */
#ifndef LIU_HTTP_HEAD_EVENT_H
#define LIU_HTTP_HEAD_EVENT_H

#include <stdint.h>

struct event_writer;
struct http_head;

struct head_times {
	uint64_t resolve_us, connect_us, tls_us, first_byte_us, total_us;
};

void head_event(struct event_writer *events, const char *url, const struct http_head *head,
		const struct head_times *times);

#endif
