/* SPDX-License-Identifier: ISC */
/* transport_impl: the inside of a transport, for src/io and src/tls. */
#pragma once

/*
 * Bytes come in to `input` and leave from `output`; the connection puts a reader
 * and a writer on the two. The two halves end and fail independently. A failed write
 * leaves reading on, so that what the peer had sent before is still served.
 */

#include "io/transport.h"

/* What an implementation provides. */
struct transport_ops {
	const char *name; /* for the log */
	void (*free)(struct transport *t);
	void (*update)(struct transport *t); /* `room` has changed */
	void (*flush)(struct transport *t);  /* and half-close where it is WRITE_DRAINING */
	size_t (*unsent)(const struct transport *t);
	enum peer_state (*peer_state)(const struct transport *t);
	void (*probe)(struct transport *t);
	/* Both NULL where there is never a raw descriptor. */
	int (*raw_fd)(const struct transport *t);
	void (*raw_error)(struct transport *t, enum transport_half half, int sys);
	/* NULL where the transport below has the addresses. */
	void (*set_addresses)(struct transport *t, const struct socket_address *peer,
			      const struct socket_address *own);
	bool (*heard)(const struct transport *t); /* NULL: `received` says it */
	bool (*info)(const struct transport *t, enum info_key key, struct evbuffer *out);
	/* NULL where none is needed. On STREAM_ERROR read_error says why. */
	enum stream_status (*handshake)(struct transport *t);
};

/* Nothing more comes to `input` unless it is open; bytes that arrived stay there. */
enum read_half {
	READ_OPEN,
	READ_ENDED,  /* a clean end */
	READ_BROKEN, /* `read_error` says why */
};

enum write_half {
	WRITE_OPEN,
	WRITE_DRAINING, /* the half-close waits for `output` to be empty */
	WRITE_SHUT,	/* the half-close has gone out; write_error may still come */
	WRITE_BROKEN,	/* `write_error` says why; nothing more is sent */
};

struct transport {
	const struct transport_ops *ops;
	struct loop *loop;	 /* borrowed */
	struct evbuffer *input;	 /* what the peer sent */
	struct evbuffer *output; /* what is to be sent */
	void (*wake)(void *arg);
	void *wake_arg;
	size_t room;	   /* bytes more that the owner can use; 0: reading is off */
	uint64_t received; /* bytes that came to `input`, and left `output` */
	uint64_t sent;
	bool reset;		  /* freeing it resets the connection (Unix: just closes it) */
	bool truncate;		  /* TLS: the half-close leaves close_notify out */
	enum read_half read_half; /* both are assigned in transport.c alone */
	enum write_half write_half;
	struct err *read_error;	 /* owned, or NULL */
	struct err *write_error; /* owned, or NULL */
	char *name;		 /* in the log; owned, or NULL */
};

/* A change of state, with -vvv: "NAME: socket: reading: open -> ended". */
void transport_log(const struct transport *t, const char *half, const char *from, const char *to);

void transport_release(struct transport *t);			/* frees name and errors */
void transport_notify(struct transport *t);			/* wakes the owner */
void transport_end(struct transport *t, const struct err *err); /* NULL: a clean end */
void transport_shut_done(struct transport *t);			/* the half-close has gone out */
void transport_fail_write(struct transport *t, const struct err *err);
