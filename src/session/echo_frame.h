/* SPDX-License-Identifier: ISC */
/* echo_frame: the next frame that the step echo sends back. */
#pragma once

#include "stream/reader.h"

#include <stddef.h>

struct session;
struct step;

/* Read it into s->data. Where nothing ends a frame, it is what is there: `room` bytes at
 * most. */
enum stream_status echo_frame_read(struct session *s, const struct step *step, size_t room);
