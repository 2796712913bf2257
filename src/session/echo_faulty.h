/* SPDX-License-Identifier: ISC */
/* echo_faulty: the step echo with --fault: sends back through a queue of faults. */
#pragma once

#include "session/step.h"

struct session;

/* The run() and free_state() of the step. */
enum step_result echo_faulty_run(struct session *s, const struct step *step);
void echo_faulty_free(void *state);
