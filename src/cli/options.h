/* SPDX-License-Identifier: ISC */
/* options: the parsed command line. */
#pragma once

#include "http/http_request.h"
#include "net/dial.h"
#include "net/listener_options.h"
#include "session/fault.h"
#include "session/server.h"
#include "session/settings.h"
#include "session/step.h"
#include "tls/tls_settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address;
struct url;

enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* The values of a repeatable option, in order; the strings belong to argv. */
struct string_list {
	const char **items;
	size_t count;
};

void string_list_add(struct string_list *list, const char *item);

/*
 * The command line. Strings belong to argv, lists are owned. The structs of the
 * modules below are complete after parsing, except where noted.
 */
struct options {
	bool help;    /* --help: the words after it were not read */
	bool version; /* --version: the same */
	bool json;
	bool stats;
	bool ipv4, ipv6; /* at most one */
	bool tls;	 /* --tls: all addresses have it */
	bool nagle;
	enum color_when color;
	unsigned verbose, quiet; /* how often */

	struct session_settings session;
	struct dial_options dialing; /* `tls` is not set */
	const char *local_addr;
	struct tls_settings tls_settings;
	struct string_list pins;

	/* listen, echo */
	struct serve_options serve;
	const char *run; /* NULL: not given */
	struct listener_options listening;
	struct string_list more_addresses; /* --address */

	/* echo: at most one of the first three */
	bool line;
	size_t exactly;	   /* 0: not given */
	const char *until; /* with its escapes; NULL: not given */
	struct faults faults;

	/* head */
	struct http_request_options request;
	struct string_list headers;
	const char *fail; /* ranges of statuses; NULL: not given */
	struct string_list fields;

	/* The words that are not options: ADDRESS, followed by PORT if that is a word
	 * of its own (echo: perhaps none); URLs. */
	struct string_list operands;

	/* The words as they are understood; owned. */
	struct address *addresses; /* ADDRESS, then each --address */
	size_t address_count;
	struct url *urls;     /* head: one for each operand */
	bool address_has_tls; /* one of them has */
	bool uses_file;	      /* one of them is a socket file */
	bool listens;	      /* listen: ADDRESS is not a connected fd:N */
	bool uses_ip;	      /* listen: a peer can have an IP address */
	bool uses_relay;
	bool dials;	/* the command does, or its step `to` */
	bool dials_tls; /* ... to an address with TLS */
	bool any_tls;	/* any of its connections */
	struct step_context step_context;
	struct step_list *steps; /* NULL: the command runs none of these */
};

void options_free(struct options *options);

/* --color decides; `auto` means on a terminal, unless NO_COLOR is set and not
 * empty (no-color.org), or TERM is not set, or dumb. */
bool options_color(const struct options *options, bool terminal);
