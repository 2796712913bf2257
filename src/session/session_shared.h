/* SPDX-License-Identifier: ISC */
/* session_shared: what the sessions of a command share. */
#pragma once

#include <stdbool.h>

struct broadcast;
struct children;
struct dial_options;
struct event_writer;
struct fd_reader;
struct loop;
struct session_settings;
struct splice_pipes;
struct step_list;
struct tls_config;

/* All borrowed. */
struct session_shared {
	struct loop *loop;
	const struct session_settings *settings;
	const struct step_list *steps;
	struct event_writer *events;
	struct fd_reader *input;      /* standard input; NULL when no step uses it */
	const char *address;	      /* as the user wrote it, in one word; NULL: accepted */
	bool listening;		      /* we accepted the connection */
	bool single;		      /* the only one: the end of its peer is that of the output */
	bool probes;		      /* a peer that ends before it sent a byte is not a failure */
	bool hints;		      /* say which step waits for long; needs `single` */
	struct splice_pipes *pipes;   /* for the pumps; NULL: none */
	struct broadcast *broadcast;  /* for the step broker, which needs it */
	struct children *children;    /* for exec */
	const struct tls_config *tls; /* for accepted connections that start TLS */
	const struct dial_options *dialing; /* for the step `to` */
};
