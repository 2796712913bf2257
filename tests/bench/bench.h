/* SPDX-License-Identifier: ISC */
/* bench: what the programs of the benchmark share. */
#pragma once

/* Each of these programs is killed by the driver when it takes too long, so they block where
 * that is simplest, and end with a message at the first thing that goes wrong. */

#include <stddef.h>
#include <stdint.h>

enum { BENCH_CHUNK = 64 << 10 };

/* "what: strerror(errno)", and exit(1). */
_Noreturn void bench_die(const char *what);
/* "usage: TEXT", and exit(2). */
_Noreturn void bench_usage(const char *text);

double bench_now(void); /* seconds, monotonic */

/* A whole decimal number above 0, or bench_usage(). */
uint64_t bench_number(const char *text);

/* A listening socket on a free port of 127.0.0.1, announced on standard error as liu does:
 * "listening on 127.0.0.1:PORT". It blocks when accepting. */
int bench_listen(void);
/* The same at a path, which must not be there. */
int bench_listen_unix(const char *path);
int bench_accept(int listener);
/* Connected to 127.0.0.1 with TCP_NODELAY, blocking. */
int bench_connect(const char *port);
/* What bench_connect() made, again: the old connection is reset. */
void bench_reconnect(int fd, const char *port);
void bench_nodelay(int fd);

/* As many descriptors as we may: two processes hold 10,000 connections between them. */
void bench_raise_descriptors(void);

/* All of it, blocking. */
void bench_write(int fd, const char *data, size_t length);
/* Read and throw away up to the end of the stream; the bytes. */
uint64_t bench_drain(int fd);
