/* SPDX-License-Identifier: ISC */
/* tls_lower: the transport below TLS: what is asked of it, and what it says. */
#ifndef LIU_TLS_TLS_LOWER_H
#define LIU_TLS_TLS_LOWER_H

/*
 * Its bytes are records, and its events are not those of the data: it is asked for
 * whole records, it has ended only when OpenSSL has got all that came, what it has
 * sent counts as far as the owner's last byte, and a write that fails is not its
 * last word. Part of transport_tls, which owns it; it knows no OpenSSL.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct transport;

struct tls_lower {
	struct transport *transport; /* owned */
	uint64_t data_end;	     /* of its bytes, where the owner's last one is */
	/* A write failed: for so many runs to come it is kept back while nothing
	 * arrives; what `received` was when it failed, and last. */
	bool write_failed;
	unsigned patience;
	uint64_t failed_at, heard;
};

/* `transport` is handed over. */
void tls_lower_init(struct tls_lower *l, struct transport *transport);
void tls_lower_release(struct tls_lower *l);

/* Nothing more will come, and all that came has been given to OpenSSL. */
bool tls_lower_ended(const struct tls_lower *l);

/* Do so many encrypted bytes wait that no data should be added? */
bool tls_lower_full(const struct tls_lower *l);

/* Let so many bytes wait to be decrypted, and one record at least; 0: stop reading. */
void tls_lower_ask(struct tls_lower *l, size_t room);

/* Forget what has arrived. */
void tls_lower_drop(struct tls_lower *l);

/* The last byte queued belongs to the owner's data. */
void tls_lower_mark_data(struct tls_lower *l);

/* See transport_unsent(). What was queued after the mark does not count: session
 * tickets and close_notify, and whom they do not reach misses nothing. */
size_t tls_lower_unsent(const struct tls_lower *l);

/*
 * To be asked when a write has failed. The peer may have said why before it closed,
 * and those bytes may not have been read yet: true as long as any arrive, and until
 * the loop has polled once without. The owner wakes its task then, reads, and asks
 * again. tls_lower_count_run() is for each run of the task.
 */
bool tls_lower_may_say_why(struct tls_lower *l);
void tls_lower_count_run(struct tls_lower *l);

#endif
