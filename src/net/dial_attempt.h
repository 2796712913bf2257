/* SPDX-License-Identifier: ISC */
/* dial_attempt: one socket on its way to one address. */
#pragma once

/* It knows nothing of other attempts: happy_eyeballs has many of them. */

#include "io/sockaddr.h"

#include <stdbool.h>
#include <sys/queue.h>

struct fd_watch;
struct loop;
struct task;
struct timer;

enum dial_attempt_state {
	DIAL_ATTEMPT_WAITING,
	DIAL_ATTEMPT_PENDING,
	DIAL_ATTEMPT_FAILED,
	DIAL_ATTEMPT_CONNECTED
};

struct dial_attempt {
	struct loop *loop;
	struct task *task;
	struct socket_address to;
	const char *prefix;
	char *text;		/* the address; owned, as are the following */
	int fd;			/* closed with it, unless the owner takes it and leaves -1 */
	struct fd_watch *watch; /* armed until it has connected or failed */
	struct timer *retry;	/* NULL unless a Unix socket's backlog was full */
	enum dial_attempt_state state;
	int sys;      /* FAILED: why. CONNECTED: the error it has met since, or 0 */
	char *reason; /* ... in words. PENDING: what it waits for, or NULL */
	TAILQ_ENTRY(dial_attempt) link;
};

TAILQ_HEAD(dial_attempts, dial_attempt);

/* The lines in the log begin with `prefix`, borrowed. */
struct dial_attempt *dial_attempt_new(struct loop *loop, const struct socket_address *addr,
				      const char *prefix, struct task *task);
void dial_attempt_free(struct dial_attempt *attempt);

/* Make a socket, bind it to `local` (NULL: do not bind), connect. Afterwards it is PENDING, and
 * wakes the task when it has connected or failed, or it is FAILED or CONNECTED already. */
void dial_attempt_begin(struct dial_attempt *attempt, const struct socket_address *local);

/* Find out whether a pending one has connected or failed. */
void dial_attempt_check(struct dial_attempt *attempt);

/* Did it fail because the system lacks the address family? */
bool dial_attempt_lacks_family(const struct dial_attempt *attempt);
