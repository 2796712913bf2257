/* SPDX-License-Identifier: ISC */
/* option_table: every option, and the one struct that a command line fills. */
#ifndef LIU_CLI_OPTION_TABLE_H
#define LIU_CLI_OPTION_TABLE_H

/*
 * A row of a table says everything about an option: its names, its argument,
 * where the value goes, its line of help, what it needs and what it excludes.
 * Parsing, --help, completion and the check of the manual read the same rows.
 */

#include "base/bytes.h"
#include "cli/command_table.h"
#include "http/http_request.h"
#include "net/dial.h"
#include "net/listener.h"
#include "session/server.h"
#include "session/settings.h"
#include "tls/tls_settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* The values of a repeatable option, in order; the strings are argv's. */
struct string_list {
	const char **items;
	size_t count;
};

/*
 * What a command line says. Strings are argv's, lists are owned. Parsing
 * completes it: what the modules below take stands in it ready for use, but for
 * what is named here as left to the command.
 */
struct options {
	bool help;    /* --help: nothing after it was read */
	bool version; /* --version: the same */
	bool json;
	bool ipv4, ipv6; /* at most one */
	bool tls;	 /* --tls: all addresses have it */
	bool nagle;
	enum color_when color;
	unsigned verbose, quiet; /* how often */
	uint64_t handshake_timeout_ms;

	struct session_settings session;
	struct dial_options dialing; /* `tls` and `tls_name` are left to the command */
	const char *local_addr;
	struct tls_settings tls_settings;
	struct string_list pins;

	/* listen, echo */
	struct serve_options serve;
	struct listener_options listening;
	struct string_list addresses; /* --address: further ones */

	/* echo: at most one of them */
	bool line;
	uint64_t exactly;   /* 0: not given */
	struct bytes until; /* decoded and owned; data NULL: not given */

	/* head */
	struct http_request_options request;
	struct string_list headers;
	struct http_ranges *fail; /* NULL: not given */
	struct string_list fields;

	/* The words that are no options, checked for their number: ADDRESS, with
	 * PORT behind it if that is a word of its own (echo: perhaps none); URLs. */
	struct string_list operands;
	/* connect, listen: the steps, as they stand in argv. */
	char **steps;
	size_t step_count;
};

/* How an argument is read, and the type at `offset` of struct options. */
enum option_type {
	OPTION_SWITCH,	   /* bool: true */
	OPTION_REPEATED,   /* unsigned: one more */
	OPTION_STRING,	   /* const char *: not empty */
	OPTION_STRING_ANY, /* const char * */
	OPTION_LIST,	   /* struct string_list: one more */
	OPTION_PINS,	   /* struct string_list: one more, of the right form */
	OPTION_DURATION,   /* uint64_t: milliseconds, above 0 */
	OPTION_DURATION_0, /* the same, or 0 */
	OPTION_SIZE,	   /* size_t: bytes, above 0 */
	OPTION_SIZE_64,	   /* uint64_t: the same */
	OPTION_COUNT,	   /* uint64_t: above 0 */
	OPTION_INT,	   /* int: above 0 */
	OPTION_MODE,	   /* mode_t: octal, at most 0777 */
	OPTION_COLOR,	   /* enum color_when */
	OPTION_PUMP,	   /* const char *: a pump's name */
	OPTION_ESCAPED,	   /* struct bytes, owned: TEXT decoded, not empty */
	OPTION_RANGES,	   /* struct http_ranges *, owned */
};

struct option_row {
	const char *name;    /* "timeout", without the dashes; NULL: only a letter */
	char letter;	     /* 'w', or 0 */
	const char *arg;     /* "D" as help shows it; NULL: a switch; "[=RANGES]": optional */
	const char *summary; /* its line of help; NULL: hidden */
	unsigned commands;   /* enum command, or-ed */
	enum option_type type;
	size_t offset;
	size_t flag;	       /* the offset of a bool to set as well; 0: none */
	const char *otherwise; /* the argument when an optional one is left out */
	/* Other options by name, or by letter when that is all they have. */
	const char *needs;    /* this option needs that one: "cert" */
	const char *excludes; /* ... and stands beside none of those: "cacert capath" */
};

/* A group of rows, as --help shows it. */
struct option_group {
	const char *title; /* "Time limits" */
	const struct option_row *rows;
	size_t count;
};

const struct option_group *option_groups(size_t *count);

#endif
