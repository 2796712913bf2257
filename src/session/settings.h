/* SPDX-License-Identifier: ISC */
/* settings: the options that hold for every session. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct faults;

enum {
	SETTINGS_LIMIT = 64 * 1024,
	SETTINGS_HIGH_WATER = 64 * 1024,
	SETTINGS_CLOSE_TIMEOUT_MS = 3000,
	SETTINGS_HANDSHAKE_TIMEOUT_MS = 60 * 1000,
};

/* How a relay ends. */
struct relay_policy {
	bool send_only;	    /* nothing is read from the peer */
	bool recv_only;	    /* standard input is not read */
	bool no_half_close; /* the end of input is not passed on */
	bool end_with_peer; /* the peer's end ends it */
	bool has_quit_after;
	uint64_t quit_after_ms; /* end in order so long after the end of input */
};

/* Immutable and shared by all sessions. Times in milliseconds, 0: none. */
struct session_settings {
	size_t limit;	   /* bytes before a separator */
	size_t high_water; /* write buffer marks, bytes */
	bool has_low_water;
	size_t low_water;
	uint64_t timeout_ms; /* listen, echo: each connection; else from start to exit */
	uint64_t step_timeout_ms;
	uint64_t idle_timeout_ms;
	bool has_close_timeout; /* given: it bounds the sending of the rest, too */
	uint64_t close_timeout_ms;
	uint64_t handshake_timeout_ms;
	bool crlf;
	bool chomp; /* at most one of chomp and hex */
	bool hex;
	struct relay_policy relay;
	const struct faults *faults; /* of the step echo; NULL: none; borrowed */
	const char *pump;	     /* the only one to try; NULL: the fastest that fits */
};
