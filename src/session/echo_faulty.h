/* SPDX-License-Identifier: ISC */
/* echo_faulty: the step echo with --fault: sends back through a queue of faults. */
#pragma once

#include "session/session_struct.h"

#include <stddef.h>

/* Read the next frame into s->data; at most `room` bytes where nothing ends one. */
typedef enum stream_status (*echo_frame_fn)(struct session *s, const struct step *step,
					    size_t room);

/* The run() and free_state() of the step. */
enum step_result echo_faulty_run(struct session *s, const struct step *step,
				 echo_frame_fn next_frame);
void echo_faulty_free(void *state);
