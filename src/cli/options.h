/* SPDX-License-Identifier: ISC */
/* options: the tables of options, and the one struct that a command line fills. */
#ifndef LIU_CLI_OPTIONS_H
#define LIU_CLI_OPTIONS_H

/*
 * A row of a table says everything about an option: its names, its argument,
 * where the value goes, its line of help, what it needs and what it excludes.
 * Parsing, --help, completion and the check of the manual read the same rows.
 */

#include "net/dial.h"
#include "net/listener.h"
#include "net/tls_config.h"
#include "session/http.h"
#include "session/serve.h"
#include "session/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

enum command {
	COMMAND_CONNECT = 1 << 0,
	COMMAND_LISTEN = 1 << 1,
	COMMAND_ECHO = 1 << 2,
	COMMAND_HEAD = 1 << 3,
};

enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* A repeatable option's values, in order; the strings are argv's. */
struct string_list {
	const char **items;
	size_t count;
};

struct options {
	/* common */
	bool ipv4, ipv6;
	uint64_t timeout_ms;
	uint64_t connect_timeout_ms, handshake_timeout_ms;
	uint64_t verbose, quiet; /* how often */
	bool json;
	enum color_when color;
	bool help;
	bool nagle;
	const char *local_addr;
	uint64_t happy_eyeballs_delay_ms;
	bool has_low_water;
	uint64_t limit, high_water, low_water;
	struct session_settings session; /* completed by options_settle() */
	/* TLS */
	bool tls;
	struct tls_settings tls_settings;
	struct string_list pins;
	/* listen, echo */
	struct serve_options serve;
	struct listener_options listening;
	struct string_list addresses; /* --address */
	bool has_ready_fd;
	/* echo */
	bool line;
	bool has_exactly;
	uint64_t exactly;
	const char *until;
	/* head */
	struct http_request_options request;
	struct string_list headers;
	const char *fail; /* NULL, or the ranges; "" for the default */
	struct string_list fields;
	/* The words that are no options: ADDRESS (and PORT), URLs. */
	struct string_list operands;
	/* connect, listen: the steps; points into argv. */
	char **steps;
	size_t step_count;
};

struct option_row {
	const char *name;    /* "timeout", without the dashes */
	char letter;	     /* 'w', or 0 */
	const char *arg;     /* "D" as help shows it; NULL: a switch; "[=RANGES]": optional */
	const char *summary; /* its line of help */
	unsigned commands;   /* enum command, or-ed */
	/* how the argument is read and where it goes: see options.c */
	unsigned char type;
	size_t offset;
	size_t offset_flag;   /* a bool to set as well; 0: none */
	uint64_t min, max;    /* of a number */
	const char *needs;    /* this option needs that one ("cert") */
	const char *excludes; /* ... and cannot stand beside those ("recv-only send-only") */
};

/* A group of rows, as --help shows it. */
struct option_group {
	const char *title; /* "Time limits" */
	const struct option_row *rows;
	size_t count;
};

const struct option_group *option_groups(size_t *count);

/*
 * Read argv[2..] for `command` into `out`, which is filled with the defaults
 * first. ERR_USAGE names the word, says what is wrong and suggests the nearest
 * known one. What one option says about another (needs, excludes) is checked.
 * Nothing is opened.
 */
bool options_parse(enum command command, int argc, char **argv, struct options *out,
		   struct err *err);
void options_free(struct options *options);

/* The nearest known word to `word` among `names`, or NULL when none is near. */
const char *options_nearest(const char *word, const char *const *names, size_t count);

#endif
