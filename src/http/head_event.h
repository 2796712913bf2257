/* SPDX-License-Identifier: ISC */
/* head_event: the JSON event of `liu head`. */
#pragma once

#include <stdint.h>

struct event_writer;
struct http_head;

struct head_times {
	uint64_t resolve_us, connect_us, tls_us, first_byte_us, total_us;
};

void head_event(struct event_writer *events, const char *url, const struct http_head *head,
		const struct head_times *times);
