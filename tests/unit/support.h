/* SPDX-License-Identifier: ISC */
/* support: connected pairs and loops with a deadline, for the tests of src/net. */
#pragma once

#include "stream/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct evbuffer;
struct loop;
struct transport;

/* Longer than anything takes that works. */
enum {
	SUPPORT_DEADLINE_MS = 30 * 1000,
	SUPPORT_EARLY_MS = 8, /* libevent's clock is coarse: a timer may end so much early */
};

/* Two connected sockets, non-blocking and close-on-exec: TCP over loopback
 * (TCP_NODELAY off), Unix stream. pair[0] is the one that connected. */
void support_tcp_pair(int pair[2]);
void support_unix_pair(int pair[2]);

/* For a task that has nothing to do. */
void support_no_op(void *arg);

/* Turn the loop until `*done`, or for `ms` milliseconds (0: one turn). A few turns follow, for a
 * process that was not scheduled meanwhile. Returns *done. */
bool support_run_until(struct loop *loop, const bool *done, uint64_t ms);

/* The same, with nothing that ends it early. */
void support_run_for(struct loop *loop, uint64_t ms);

/* Turn the loop until `met(arg)`, which is asked every millisecond or so; false
 * when it is not within `ms`. */
bool support_run(struct loop *loop, bool (*met)(void *arg), void *arg, uint64_t ms);

/* Turn the loop for `ms`, up to five times. Returns whether one of them took little processor
 * time: a spin takes all of it each time. */
bool support_is_idle(struct loop *loop, uint64_t ms);

/* transport_handshake() for a caller that looks at the error elsewhere. */
enum stream_status support_handshake(struct transport *t);

/* The test's own end, without a loop. Each waits until the deadline and fails the
 * test after it. */
void support_send(int fd, const void *data, size_t len);
void support_receive(int fd, void *data, size_t len); /* exactly len */
/* All up to the end into `into`; returns 0, or errno when it broke. */
int support_receive_all(int fd, struct evbuffer *into);

/* What recv(2) says now: bytes, 0 at the end, or -errno. */
ssize_t support_try_receive(int fd, void *data, size_t len);

/* Send until the socket takes no more; returns how many bytes. */
size_t support_fill(int fd);

/* Make buffers of both directions small, and fixed. */
void support_small_buffers(int fd);

void support_reset(int fd); /* close with RST */

/* Bytes that show what is missing or doubled: byte i of an endless pattern
 * with a period that is not a power of two. */
unsigned char support_byte(uint64_t i);
void support_pattern(unsigned char *data, size_t len, uint64_t from);
void support_add_pattern(struct evbuffer *buffer, size_t len, uint64_t from);

/* Is the whole of `buffer` the pattern's bytes from `from` on? */
bool support_is_pattern(struct evbuffer *buffer, uint64_t from);
