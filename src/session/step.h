/* SPDX-License-Identifier: ISC */
/* step: steps: their kinds, and the list read from the command line. */
#pragma once

/*
 * A step list is immutable and shared by all sessions of the program. A step is a
 * file, session/step_NAME.c, that owns the structs of its arguments and of its
 * state and exports one row. The rows stand in step_table.c; nothing else lists
 * the steps.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct session;
struct session_settings;
struct step;
struct step_context;
struct step_list;
struct step_words;

/* What a run function answers. It is called again after AGAIN and MORE. */
enum step_result {
	STEP_NEXT,	   /* done: go on with the next one */
	STEP_MORE,	   /* a part is done: the next one, in this turn or a later one */
	STEP_AGAIN,	   /* not yet; something has been armed that will wake the session */
	STEP_STOP,	   /* done, and so is the list */
	STEP_FAIL,	   /* session_fail() has been told why */
	STEP_CLOSED,	   /* the list is over, and nothing is left to close */
	STEP_WRITE_FAILED, /* sending has failed: read what the peer had sent, then fail */
};

enum step_flags {
	STEP_READS = 1 << 0,	       /* takes bytes from the peer */
	STEP_SENDS = 1 << 1,	       /* refused after write-eof */
	STEP_PRINTS = 1 << 2,	       /* gives bytes to standard output */
	STEP_LAST = 1 << 3,	       /* nothing may follow */
	STEP_STDIN = 1 << 4,	       /* uses standard input (writefile: only `-`) */
	STEP_RECORD = 1 << 5,	       /* reads something for expect, when it can be printed */
	STEP_LOOPS = 1 << 6,	       /* goes back to the first step */
	STEP_WRITE_EOF = 1 << 7,       /* ends sending */
	STEP_NEEDS_RECORD = 1 << 8,    /* looks at what a read has left */
	STEP_TEXT = 1 << 9,	       /* sends n bytes of its args */
	STEP_RELAY = 1 << 10,	       /* looks at the options of relay */
	STEP_DIALS = 1 << 11,	       /* opens a connection of its own */
	STEP_DIALS_TLS = 1 << 12,      /* ... with TLS */
	STEP_DIALS_NAMELESS = 1 << 13, /* ... to an address without a name to check */
	STEP_NEEDS_OTHERS = 1 << 14,   /* is for a listener with more than one connection */
	STEP_COMMAND = 1 << 15,	       /* runs a command on the stream */
	STEP_TOTAL = 1 << 16,	       /* its event has the total of what the peer sent */
};

/* A row of the table. What is NULL is not needed. */
struct step_kind {
	const char *name;    /* "readline" */
	const char *args;    /* "[COUNT]", as help shows it */
	const char *summary; /* one line of help */
	const char *returns; /* what it prints, and when it is done */
	const char *fails;   /* how, by the names of exit statuses */
	const char *example; /* words that need no quotes in the shell */
	unsigned flags;
	/* Take the arguments from `words` into step->n and step->args, and into step->flags
	 * what they add or take away. On failure too, free_args() frees what is there. */
	bool (*parse)(struct step *step, struct step_words *words, struct err *err);
	/* Open the files that the arguments name, once the whole line is good. */
	bool (*open)(const struct step *step, const struct step_list *list,
		     const struct step_context *context, struct err *err);
	/* The name of the file that it reads; NULL: none. */
	const char *(*file)(const struct step *step);
	void (*free_args)(void *args);
	/* Called until it answers neither AGAIN nor MORE. What it has to remember meanwhile
	 * is session_state(), which free_state() frees; NULL: free(). */
	enum step_result (*run)(struct session *session, const struct step *step);
	void (*free_state)(void *state);
};

struct step {
	const struct step_kind *kind;
	unsigned flags; /* the kind's, changed by the arguments */
	bool tried;	/* `try STEP` */
	size_t index;	/* its place in the list, from 1 */
	char *text;	/* "readexactly 16", for messages; owned */
	uint64_t n;	/* the kind's: N, COUNT, a length... */
	void *args;	/* the kind's; owned where it has free_args */
};

struct step_list {
	struct step *steps;
	size_t count;
	unsigned flags; /* of all its steps */
	bool prints;	/* standard output is not the connection */
	bool visible;	/* the user's own: failures name the step */
	bool silent;	/* no events of its sessions and steps */
};

/* Where the list will run, for what cannot work there. */
struct step_context {
	const struct session_settings *settings;
	bool listening;
	bool keep_open;
	int family;	   /* of -4 or -6, else AF_UNSPEC */
	int connection_fd; /* the N of fd:N, else -1 */
	bool json;
	bool runs_command; /* --run, whose command has standard input */
};

extern const struct step_kind *const step_table[]; /* in help's order; ends with NULL */

/* The row of that name; NULL when there is none. `_` is read as `-`. */
const struct step_kind *step_kind_find(const char *word);

/* Words to steps: ERR_USAGE with one line that names the word. With no word the
 * list is `relay`. Files are not opened yet. */
struct step_list *step_list_parse(char *const *words, size_t count,
				  const struct step_context *context, struct err *err);

/* A list of one step made by the program. `args` becomes the step's. */
struct step_list *step_list_of(const struct step_kind *kind, void *args);

/* Open the files that the list names (ERR_USAGE). After the whole command line
 * is known to be good. */
bool step_list_open(const struct step_list *list, const struct step_context *context,
		    struct err *err);
void step_list_free(struct step_list *list); /* NULL is allowed */
