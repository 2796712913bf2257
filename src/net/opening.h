/* SPDX-License-Identifier: ISC */
/* opening: brings a connection into use, stage by stage, in either role. */
#pragma once

/*
 * An ordered list of stages over one transport, run by its owner and thrown away
 * when done. A dial looks up a name, connects and starts TLS; a server reads a PROXY
 * header and starts TLS.
 * A stage knows no other stage, so a longer list needs no new code here. One timer
 * serves the limit of the whole and those of the stages.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct err;
struct opening;
struct task;
struct tls_config;
struct transport;

enum opening_result {
	OPENING_AGAIN,	/* the task will be woken: call again */
	OPENING_DONE,	/* a stage: go on to the next one; the whole: opening_take() */
	OPENING_FAILED, /* `err` says why */
};

struct opening_limit {
	uint64_t ms; /* 0: none */
	const char *option;
};

struct opening_stage {
	/* Called once, and again after each wake while it answers OPENING_AGAIN. */
	enum opening_result (*run)(struct opening *o, void *arg, struct err *err);
	/* What it is doing, for the message of a time limit: "looking up example.org". The
	 * caller owns the text. */
	char *(*text)(const void *arg);
	void (*free)(void *arg); /* NULL: `arg` is borrowed */
	void *arg;
	struct opening_limit limit; /* of this stage */
	uint64_t *took_us;	    /* where its duration is noted; NULL: nowhere */
	TAILQ_ENTRY(opening_stage) link;
};

/* `task` is the owner's: it is woken, and then calls opening_run(). `transport` is
 * handed over; NULL: a stage makes it. `limit` is of the whole, and has counted since
 * `since_ms`, by loop_now(). */
struct opening *opening_new(struct task *task, struct transport *transport,
			    struct opening_limit limit, uint64_t since_ms);

/* Frees the transport too, if it has not been taken. NULL is allowed. */
void opening_free(struct opening *o);

/* Add a stage at the end of the list; it is copied. */
void opening_add(struct opening *o, const struct opening_stage *stage);

/*
 * Add the stage that starts TLS. `peer` names the server in messages, NULL: it is the server
 * itself. `tls_name` is what a client checks. `config` is borrowed as in transport_tls.h, the
 * texts while the opening lives.
 */
void opening_add_tls(struct opening *o, const struct tls_config *config, const char *peer,
		     const char *tls_name, struct opening_limit limit, uint64_t *took_us);

/* Add the stage that reads a header of the PROXY protocol from the transport, which must be
 * there and a socket. It then has the addresses of the header, and the bytes behind it. */
void opening_add_proxy_header(struct opening *o, struct opening_limit limit);

/* For stages. The transport that is being opened, NULL before the connection; and the
 * one that takes its place (a stage has connected it, or put it on the former one): it
 * is handed over, and wakes the task. */
struct transport *opening_transport(const struct opening *o);
void opening_set_transport(struct opening *o, struct transport *transport);

/* Run stages until one must wait. What a stage achieved counts even when a limit has
 * passed since. */
enum opening_result opening_run(struct opening *o, struct err *err);

/* After OPENING_DONE: the transport, handed over; it wakes nothing. */
struct transport *opening_take(struct opening *o);

/* The message for a limit that has passed: "STAGE: timed out after N s (OPTION)". For
 * limits of the owner's as well. */
void opening_timed_out(const struct opening *o, struct opening_limit limit, struct err *err);
