/* SPDX-License-Identifier: ISC */
/* broadcast: passes each member's bytes to all the others. */
#pragma once

/*
 * Bytes go into the send queues of all other members, whose sessions are woken and send
 * them in their own turn, with those that other members have sent meanwhile. The bytes of
 * one member keep their order. A large piece is in memory once, however many wait for it.
 *
 * No member waits for another. One whose queue is above the high-water mark is behind;
 * above the limit of its backlog it is lost: it gets nothing more, and its session ends it.
 * So is one whose peer receives nothing while a sender waits: it is stalled.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct evbuffer;
struct session;

/* The kernel sends again what got lost 0.2, 0.6 and 1.4 s later; a peer that reads slowly may
 * announce room for another packet only, 64 KiB on loopback. */
enum { BROADCAST_STALL_MS = 2000 };

enum broadcast_pace {
	PACE_GOOD,
	PACE_BEHIND,  /* and not yet down at the low-water mark */
	PACE_LOST,    /* past the limit, or sending has failed */
	PACE_STALLED, /* lost too: it received nothing while a sender waited */
	PACE_COUNT,
};

struct broadcast {
	TAILQ_HEAD(, broadcast_member) members;
	size_t count[PACE_COUNT];
	size_t held;		/* members */
	uint64_t next_check_ms; /* of broadcast_lose_stalled() */
};

struct broadcast_member {
	struct broadcast *broadcast;
	struct session *session;
	enum broadcast_pace pace;
	bool held;	   /* see broadcast_hold() */
	uint64_t left;	   /* bytes that its peer's kernel has received... */
	uint64_t since_ms; /* ... all before then, or before its pace changed */
	TAILQ_ENTRY(broadcast_member) link;
};

void broadcast_init(struct broadcast *b);

/* `m`, zeroed, belongs to the running step of `s`, and leaves before it is freed. */
void broadcast_join(struct broadcast *b, struct broadcast_member *m, struct session *s);
void broadcast_leave(struct broadcast_member *m);

/* Send to all others. Leaves `data` empty. */
void broadcast_send(struct broadcast_member *from, struct evbuffer *data);

/* Send what can leave now, then find out how the member keeps up. */
enum broadcast_pace broadcast_update_pace(struct broadcast_member *m);

/* While a sender waits for those that are behind, call it now and then: a member whose peer
 * receives nothing for BROADCAST_STALL_MS is stalled then. */
void broadcast_lose_stalled(struct broadcast *b);

/* Whether its session waits until another member's pace has changed. */
void broadcast_hold(struct broadcast_member *m, bool held);

/* How many others have that pace. */
size_t broadcast_others(const struct broadcast_member *m, enum broadcast_pace pace);

/* Bytes that may wait for a peer. */
size_t broadcast_backlog(const struct session *s);
