/* SPDX-License-Identifier: ISC */
/* transport: a connected byte stream, plain or TLS, behind one interface. */
#ifndef LIU_IO_TRANSPORT_H
#define LIU_IO_TRANSPORT_H

/*
 * Bytes come in to `input` and go out from `output`; the owner puts a reader
 * and a writer on the two. It owns the transport and is told with `wake` (which
 * must only note it and wake a task) whenever something may have changed: bytes
 * arrived, bytes left, the peer ended, something broke.
 *
 *   transport_plain  a socket, two evbuffers and two events
 *   transport_tls    TLS over another transport
 *
 * The two directions fail by themselves. `ended` says that nothing more will
 * come to `input`; bytes that arrived before stay there. A failed write leaves
 * reading on, so that what the peer had sent before is still served.
 */

#include "stream/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct evbuffer;
struct loop;
struct socket_address;
struct task;
struct transport;

/* get_extra_info's keys. */
enum info_key {
	INFO_PEERNAME,
	INFO_SOCKNAME,
	INFO_FAMILY, /* inet, inet6, unix, vsock */
	INFO_RTT,    /* seconds, decimals */
	INFO_TLS_VERSION,
	INFO_CIPHER,
	INFO_ALPN,
	INFO_SERVER_NAME,
	INFO_PEERCERT, /* PEM */
	INFO_PEERCERT_SUBJECT,
	INFO_PEERCERT_ISSUER,
	INFO_PEERCERT_NAMES,	 /* one a line */
	INFO_PEERCERT_NOT_AFTER, /* YYYY-MM-DDTHH:MM:SSZ */
	INFO_PEERCERT_DAYS_LEFT,
	INFO_PEERCERT_SHA256, /* hex digits */
	INFO_PEERCERT_PIN,    /* sha256:HEX of the SPKI */
	INFO_KEYS,
};

/* What an implementation provides. The ones marked optional may be NULL. */
struct transport_ops {
	void (*free)(struct transport *t);
	void (*update)(struct transport *t); /* `room` has changed */
	void (*flush)(struct transport *t);
	void (*shut)(struct transport *t); /* `shut_wanted` has been set */
	void (*abort)(struct transport *t);
	size_t (*unsent)(const struct transport *t);
	int (*raw_fd)(const struct transport *t);
	void (*raw_error)(struct transport *t, bool sending, int sys); /* where raw_fd is */
	bool (*info)(const struct transport *t, enum info_key key, struct evbuffer *out);
	enum stream_status (*handshake)(struct transport *t); /* optional: none is needed */
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
	bool raw;		 /* somebody reads past `input`: see transport_raw_fd() */
	struct err *read_error;	 /* owned; NULL where `ended` is in good order */
	struct err *write_error; /* owned; once set nothing more is sent */
};

/* Frees and closes at once, without a care for what is queued (an orderly end
 * is `stream`'s). NULL is allowed. */
void transport_free(struct transport *t);

void transport_set_wake(struct transport *t, void (*wake)(void *arg), void *arg);

/* How many bytes more the owner can use; 0 stops reading. Also how much one
 * read asks the kernel for, so that it should be generous (256K) where bytes are
 * passed on. At most that much comes, or 4096 bytes where it is less, and the rest
 * of a TLS record. */
void transport_want(struct transport *t, size_t room);

/* Send what is queued, as far as the kernel takes it now; the rest leaves by
 * itself, and `wake` is called for each step of it. */
void transport_flush(struct transport *t);

/* Close the sending half once everything queued has gone: FIN, or close_notify
 * and then FIN. Nothing may be added to `output` afterwards. */
void transport_shut(struct transport *t);

/* Let the free that follows reset the connection (Unix: just close it). */
void transport_abort(struct transport *t);

/* Bytes sent that the peer's kernel has not acknowledged (SIOCOUTQ); 0 where
 * the system does not say, or they cannot be lost (Unix). */
size_t transport_unsent(const struct transport *t);

/* A descriptor whose bytes are the stream's bytes, which does not block, for
 * splice; -1: none. Who uses it counts what it moves in `received` and `sent`,
 * keeps `room` at 0 while it reads, and says with transport_raw_error() what it
 * met: an errno, or 0 for the end of what the peer sends. */
int transport_raw_fd(const struct transport *t);
void transport_raw_error(struct transport *t, bool sending, int sys);

/* Append one fact as text without a newline at its end; false and nothing
 * appended when this stream does not have it. */
bool transport_info(const struct transport *t, enum info_key key, struct evbuffer *out);
const char *info_key_name(enum info_key key); /* "peername" */

/* STREAM_OK when the stream can be used, STREAM_AGAIN while hands are being
 * shaken, STREAM_ERROR when that failed: read_error says why. */
enum stream_status transport_handshake(struct transport *t);

/* For implementations. */
void transport_init(struct transport *t, const struct transport_ops *ops, struct loop *loop);
void transport_release(struct transport *t);			/* frees the two errors */
void transport_notify(struct transport *t);			/* wakes the owner */
void transport_end(struct transport *t, const struct err *err); /* ended; err may be NULL */
void transport_fail_write(struct transport *t, const struct err *err);

/*
 * A connected stream socket. The descriptor is handed over; its flags are left
 * alone, so that it may be an inherited one that blocks and that other processes
 * share: every call on it says MSG_DONTWAIT. `peer` is what accept(2) said, which a
 * reset does not take away; NULL: getpeername(2) is asked. TCP_NODELAY is set unless
 * `nagle`.
 */
struct transport *transport_plain_new(struct loop *loop, int fd, const struct socket_address *peer,
				      bool nagle);

#endif
