/* SPDX-License-Identifier: ISC */
/* listener_rig: a listener, and the connections that it has accepted. */
#pragma once

#include "base/err.h"
#include "io/loop.h"
#include "net/listener.h"
#include "net/listener_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { ACCEPTED_MAX = 32 };

struct listener_rig {
	struct loop *loop;
	struct listener *listener;
	struct listener_options options;
	struct err err;
	bool accepted; /* one connection, or more */
	int fds[ACCEPTED_MAX];
	bool tls[ACCEPTED_MAX];
	size_t count;
	size_t pause_at; /* 0: never */
};

static inline void rig_init(struct listener_rig *rig)
{
	*rig = (struct listener_rig){ .loop = loop_new(), .options.backlog = 100 };
}

static inline void rig_stop(struct listener_rig *rig)
{
	listener_free(rig->listener);
	rig->listener = NULL;
}

static inline void rig_release(struct listener_rig *rig)
{
	rig_stop(rig);
	while (rig->count > 0)
		close(rig->fds[--rig->count]);
	loop_free(rig->loop);
}

/* For cmocka: a rig by itself is the state. */
static inline int rig_set_up(void **state)
{
	*state = malloc(sizeof(struct listener_rig));
	rig_init(*state);
	return 0;
}

static inline int rig_tear_down(void **state)
{
	rig_release(*state);
	free(*state);
	return 0;
}

static inline void rig_accepted(void *arg, int fd, const struct socket_address *peer, bool tls)
{
	struct listener_rig *rig = arg;

	(void)peer;
	assert_true(rig->count < ACCEPTED_MAX);
	rig->accepted = true;
	rig->fds[rig->count] = fd;
	rig->tls[rig->count++] = tls;
	if (rig->count == rig->pause_at)
		listener_pause(rig->listener);
}

/* Is it listening on these? If not, rig->err says why. */
static inline bool rig_start(struct listener_rig *rig, const struct address *addresses,
			     size_t count)
{
	rig->listener = listener_new(rig->loop, addresses, count, &rig->options, rig_accepted, rig,
				     &rig->err);
	if (rig->listener != NULL && !listener_open(rig->listener, &rig->err)) {
		listener_free(rig->listener);
		rig->listener = NULL;
	}
	if (rig->listener != NULL)
		listener_resume(rig->listener);
	return rig->listener != NULL;
}
