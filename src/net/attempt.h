/* SPDX-License-Identifier: ISC */
/* attempt: one socket on its way to one address. */
#ifndef LIU_NET_ATTEMPT_H
#define LIU_NET_ATTEMPT_H

/* It knows nothing of other attempts: race.c has many of them. */

#include <stdbool.h>
#include <sys/queue.h>
#include <sys/socket.h>

struct event;
struct loop;
struct task;

enum attempt_state { ATTEMPT_WAITING, ATTEMPT_PENDING, ATTEMPT_FAILED, ATTEMPT_CONNECTED };

struct attempt {
	struct loop *loop;
	struct task *task;
	struct sockaddr_storage addr;
	socklen_t len;
	char *text; /* the address; owned, as are the following */
	int fd;
	struct event *event;
	bool fired; /* it is over, one way or the other */
	enum attempt_state state;
	int sys;      /* why it failed */
	char *reason; /* ... in words */
	TAILQ_ENTRY(attempt) link;
};

TAILQ_HEAD(attempts, attempt);

/* `addr` is copied. */
struct attempt *attempt_new(struct loop *loop, const struct sockaddr *addr, socklen_t len,
			    struct task *task);
void attempt_free(struct attempt *attempt);

/* Make a socket, bind it to `local` (NULL: to nothing), connect. Afterwards it is PENDING, and
 * the task is woken when that is over, or it is FAILED or CONNECTED already. */
void attempt_begin(struct attempt *attempt, const struct sockaddr *local, socklen_t local_len);

/* Has a pending one come to its end? */
void attempt_check(struct attempt *attempt);

/* The socket of one that is CONNECTED, handed over. */
int attempt_take(struct attempt *attempt);
void attempt_close(struct attempt *attempt); /* if it is open */

/* Did it fail because this machine has no such family? */
bool attempt_is_lack(const struct attempt *attempt);

#endif
