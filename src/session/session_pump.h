/* SPDX-License-Identifier: ISC */
/* session_pump: the pumps of a session's steps. */
#pragma once

/*
 * Where what a session reads is looked at, for JSON or for expect, its pump gives
 * it to the session's records; otherwise straight to standard output.
 */

#include "session/pump.h"
#include "session/step.h"

#include <stdbool.h>

/* `way` names it in the log. */
struct pump *session_pump_new(struct session *s, const char *way, struct pump_end source,
			      struct pump_end dest);

/* From a file to the peer, perhaps with CRs as in pump.h; and from the peer to
 * standard output. */
struct pump *session_pump_up(struct session *s, struct fd_reader *input, bool crlf);
struct pump *session_pump_down(struct session *s);

/* Run a pump of session_pump_down(). STEP_NEXT when all has come, else what the step
 * answers. */
enum step_result session_pump_run_down(struct session *s, struct pump *pump);

/* Of one step; zeroed. */
struct pump_stall {
	uint64_t bytes;
	bool told;
};

/* Log `notice`, once, when `bytes` has been the same in all calls of `ms`. Uses the
 * running step's own timer. */
void session_pump_watch(struct session *s, struct pump_stall *stall, uint64_t bytes, uint64_t ms,
			const char *notice);

/* True when the pump has to wait, for what the session waits now too: answer STEP_AGAIN. */
bool session_pump_wait(struct session *s, enum pump_result result);
