/* SPDX-License-Identifier: ISC */
/* session_time: the limits of time of a session. */
#pragma once

#include <stdint.h>

struct err;
struct session;
struct session_settings;

/* --timeout and --idle-timeout begin. */
void session_time_begin(struct session *s, uint64_t since_ms);

/* The next step begins: --step-timeout starts again. */
void session_time_step(struct session *s);

/* Bytes may have moved: --idle-timeout starts again if they have. */
void session_time_note(struct session *s);

/* --idle-timeout does not count from now on; --step-timeout does not. */
void session_time_idle_off(struct session *s);
void session_time_step_off(struct session *s);

void session_time_free(struct session *s);

/* Has a limit passed? `err` says which. Each is told once: its timer is started again or
 * stopped, but for the deadline's. */
enum expiry {
	EXPIRY_NONE,
	EXPIRY_DEADLINE, /* `try` does not forgive it */
	EXPIRY_STEP,	 /* the running step took too long, or was silent for too long */
};

enum expiry session_time_check(struct session *s, struct err *err);

/* What is left of a --timeout that has counted since then, at least 1 ms; 0: it was not
 * given. */
uint64_t session_time_left(const struct session_settings *settings, uint64_t since_ms);
