/* SPDX-License-Identifier: ISC */
/* transport_impl: what a transport is made of, for src/io and src/tls alone. */
#ifndef LIU_IO_TRANSPORT_IMPL_H
#define LIU_IO_TRANSPORT_IMPL_H

/*
 * Bytes come in to `input` and leave from `output`; the connection puts a reader
 * and a writer on the two. The two halves fail independently. `ended` says that
 * nothing more will come to `input`; bytes that arrived before stay there. A failed
 * write leaves reading on, so that what the peer had sent before is still served.
 */

#include "io/transport.h"

/* What an implementation provides. */
struct transport_ops {
	void (*free)(struct transport *t);
	void (*update)(struct transport *t); /* `room` has changed */
	void (*flush)(struct transport *t);
	void (*shut)(struct transport *t); /* `shut_wanted` has been set */
	void (*abort)(struct transport *t);
	size_t (*unsent)(const struct transport *t);
	/* Both NULL where there is never a raw descriptor. */
	int (*raw_fd)(const struct transport *t);
	void (*raw_error)(struct transport *t, enum transport_half half, int sys);
	bool (*info)(const struct transport *t, enum info_key key, struct evbuffer *out);
	/* NULL where none is needed. On STREAM_ERROR read_error says why. */
	enum stream_status (*handshake)(struct transport *t);
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
	bool ended;		 /* nothing more comes to `input` */
	bool shut_wanted;	 /* half-close as soon as `output` is empty */
	bool shut_done;		 /* ... and it has gone out */
	struct err *read_error;	 /* owned; NULL where `ended` is a clean end */
	struct err *write_error; /* owned; once set nothing more is sent */
};

void transport_init(struct transport *t, const struct transport_ops *ops, struct loop *loop);
void transport_release(struct transport *t);			/* frees the two errors */
void transport_notify(struct transport *t);			/* wakes the owner */
void transport_end(struct transport *t, const struct err *err); /* ended; err may be NULL */
void transport_fail_write(struct transport *t, const struct err *err);

#endif
