/* SPDX-License-Identifier: ISC */
/* suggest: suggests the command line that was meant. */
#include "config.h"

#include "cli/suggest.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/nearest.h"
#include "base/text.h"
#include "cli/command_table.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "cli/options_parse.h"
#include "net/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What words of other programs ask for. */
enum habit_kind {
	OPTION, /* the option that it becomes, with the argument; NULL: nothing */
	SCHEME, /* ADDRESS behind what it becomes */
	SECOND, /* the same, but not of the first address, which liu takes as it is */
	PORT,
	STEP, /* the step that it becomes, with the argument; `also` is an option */
	UDP,
};

/* clang-format off */

/* liu always does what -n and -N of nc ask for; with its -l, -w means nothing. */
static const struct habit {
	const char *typed; /* words; with a colon, what a word begins with */
	unsigned set;	   /* the commands where they mean this */
	enum habit_kind kind;
	bool argument;
	const char *becomes, *also;
	const struct command *other; /* that it asks for */
} habits[] = {
	{ "nc ncat socat openssl - STDIO", FOR_ALL, .kind = OPTION },
	{ "-l --listen", FOR_STREAMS, .other = &command_listen },
	{ "-p -connect -accept", FOR_STREAMS, .kind = PORT, .argument = true },
	{ "-n -N -quiet", FOR_STREAMS, .kind = OPTION },
	{ "-d", FOR_STREAMS, .becomes = "--recv-only" },
	{ "-q", FOR_STREAMS, .argument = true, .becomes = "--quit-after" },
	{ "-u --udp", FOR_STREAMS, .kind = UDP },
	{ "-w", FOR_CONNECT, .argument = true, .becomes = "--connect-timeout",
	  .also = "--idle-timeout" },
	{ "-w", FOR_SERVERS, .argument = true },
	{ "-z", FOR_CONNECT, .kind = STEP, .becomes = "close" },
	{ "--ssl", FOR_STREAMS, .becomes = "--tls" },
	{ "-e -c --exec --sh-exec", FOR_STREAMS, .kind = STEP, .argument = true,
	  .becomes = "exec" },
	{ "--broker --chat", FOR_STREAMS, .kind = STEP, .becomes = "broker", .also = "-k",
	  .other = &command_listen },

	{ "curl -I --head", FOR_ALL, .other = &command_head },
	{ "-f", FOR_HEAD, .becomes = "--fail" },
	{ "-k", FOR_CLIENTS, .becomes = "--insecure" },
	{ "-m --max-time", FOR_HEAD, .argument = true, .becomes = "--timeout" },
	{ "-s -S", FOR_HEAD, .kind = OPTION },

	{ "TCP4: TCP6: TCP-CONNECT: TCP4-CONNECT: TCP6-CONNECT:", FOR_STREAMS, .kind = SCHEME,
	  .becomes = "" },
	{ "TCP-LISTEN: TCP4-LISTEN: TCP6-LISTEN: TCP-L: TCP4-L: TCP6-L:", FOR_STREAMS,
	  .kind = SCHEME, .becomes = "", .other = &command_listen },
	{ "-U UNIX-CONNECT:", FOR_STREAMS, .kind = SCHEME, .becomes = "unix:" },
	{ "UNIX-LISTEN:", FOR_STREAMS, .kind = SCHEME, .becomes = "unix:",
	  .other = &command_listen },
	{ "SSL: OPENSSL: OPENSSL-CONNECT: SSL-CONNECT: s_client", FOR_STREAMS, .kind = SCHEME,
	  .becomes = "tls:" },
	{ "SSL-LISTEN: SSL-L: OPENSSL-LISTEN: s_server", FOR_STREAMS, .kind = SCHEME,
	  .becomes = "tls:", .other = &command_listen },
	{ "TCP:", FOR_STREAMS, .kind = SECOND, .becomes = "" },
	{ "UNIX:", FOR_STREAMS, .kind = SECOND, .becomes = "unix:" },
	{ "EXEC: SYSTEM: SHELL:", FOR_STREAMS, .kind = STEP, .becomes = "exec" },
	{ "-servername", FOR_CLIENTS, .argument = true, .becomes = "--server-name" },
	{ "-CAfile", FOR_CLIENTS, .argument = true, .becomes = "--cacert" },
	{ "-cert --ssl-cert", FOR_ALL, .argument = true, .becomes = "--cert" },
	{ "-key --ssl-key", FOR_ALL, .argument = true, .becomes = "--key" },
};

/* clang-format on */

/* Is `word` in the list of a row, or does it begin with one that has a colon? */
static bool is_listed(const char *list, const char *word)
{
	for (size_t len; *list != '\0'; list += len + strspn(list + len, " ")) {
		len = strcspn(list, " ");
		if (list[len - 1] == ':' ? strncasecmp(list, word, len) == 0
					 : strncmp(list, word, len) == 0 && word[len] == '\0')
			return true;
	}
	return false;
}

enum { OPERANDS = 2, HOPS = 2, TYPED_SIZE = 64 };

/* A line of liu in the making. */
struct guess {
	const struct command *command;
	bool typed;		     /* the command; its own options come before habits */
	const struct command *other; /* that a word asks for instead; NULL: none */
	int hops;		     /* so often another one may be tried */
	bool every;		     /* a port alone is on every interface, as in nc */
	bool udp;
	bool keep_open; /* -k is among the options, which several words may ask for */
	const char *scheme, *port;
	char *operands[OPERANDS]; /* owned */
	size_t operand_count;
	struct text options, rest; /* words that end in NUL; `rest`: URLs, or the steps */
	char **words;		   /* that were typed; the next one is words[at] */
	int count, at;
};

/* Add a word, and its argument, if that is not NULL. */
static void add(struct text *text, const char *word, const char *argument)
{
	text_add(text, bytes_of(word, strlen(word) + 1));
	if (argument != NULL)
		add(text, argument, NULL);
}

static void add_option(struct guess *g, const char *option, const char *value)
{
	bool keep_open =
		option != NULL && (strcmp(option, "-k") == 0 || strcmp(option, "--keep-open") == 0);

	if (option == NULL || (keep_open && g->keep_open))
		return;
	g->keep_open = g->keep_open || keep_open;
	add(&g->options, option, value);
}

static const struct habit *find_habit(const struct guess *g, const char *word)
{
	for (size_t i = 0; i < sizeof(habits) / sizeof(habits[0]); i++)
		if ((habits[i].set & g->command->takes) != 0 && is_listed(habits[i].typed, word))
			return &habits[i];
	return NULL;
}

static void ask_for(struct guess *g, const struct command *command)
{
	if (command != NULL &&
	    (command->takes & ~(g->command->takes | FOR_STEPS | FOR_DIALING)) != 0)
		g->other = command;
}

/* The argument is `attached` or else the next word. Returns what of `attached` was not
 * taken, or NULL when the argument is missing. */
static const char *take_habit(struct guess *g, const struct habit *habit, const char *attached)
{
	const char *value = NULL;

	if (habit->argument) {
		value = *attached != '\0' ? attached : g->at < g->count ? g->words[g->at++] : "";
		if (*value == '\0')
			return NULL;
		attached = "";
	}
	ask_for(g, habit->other);
	g->every = g->every || habit->other == &command_listen || habit->kind == PORT;
	g->udp = g->udp || habit->kind == UDP;
	if (habit->kind == SCHEME)
		g->scheme = habit->becomes;
	if (habit->kind == PORT)
		g->port = value;
	if (habit->kind == STEP) {
		add_option(g, habit->also, NULL);
		add(&g->rest, habit->becomes, value);
	}
	if (habit->kind == OPTION) {
		add_option(g, habit->becomes, value);
		add_option(g, habit->also, value);
	}
	return attached;
}

/* An option, which is `own` among those of the command. NULL when it is unknown. */
static const char *take_option(struct guess *g, const char *typed, const char *own,
			       const char *attached)
{
	const char *name = typed[1] == '-' ? typed + 2 : NULL;
	char letter = typed[2] == '\0' ? typed[1] : '\0';
	const struct option_row *row = option_find(g->command->takes, name, letter);
	const struct habit *habit = find_habit(g, typed);
	struct habit same = { .becomes = own };

	if (habit != NULL && (row == NULL || !g->typed))
		return take_habit(g, habit, attached);
	if (row == NULL)
		return NULL;
	same.argument = row->arg != NULL && row->otherwise == NULL && strchr(own, '=') == NULL;
	return take_habit(g, &same, attached);
}

/* "--name=value", "-name" or a cluster. */
static bool take_options(struct guess *g, const char *word)
{
	size_t len = strcspn(word, "=");
	char typed[TYPED_SIZE];

	(void)snprintf(typed, sizeof(typed), "%.*s", (int)len, word);
	if (word[1] == '-' || find_habit(g, typed) != NULL)
		return take_option(g, typed, word, word + len + (word[len] == '=')) != NULL;
	for (const char *at = word + 1; at != NULL && *at != '\0';) {
		const char letter[] = { '-', *at, '\0' };

		at = take_option(g, letter, letter, at + 1);
		if (at == NULL)
			return false;
	}
	return true;
}

/* An address of socat, SCHEME:VALUE[,OPTION]..., that becomes a step: a command, or the
 * second place to connect to. */
static bool take_second(struct guess *g, const struct habit *habit, const char *value, bool first)
{
	bool command = habit->kind == STEP;
	char *argument;

	if (!command && (first || habit->other != NULL))
		return false;
	argument = alloc_printf("%s%.*s", command ? "" : habit->becomes, (int)strcspn(value, ","),
				value);
	add(&g->rest, command ? habit->becomes : "to", argument);
	free(argument);
	return true;
}

/* The command for a first word that connect does not take; NULL: none. */
static const struct command *other_command(const char *word)
{
	if (strncasecmp(word, "http://", 7) == 0 || strncasecmp(word, "https://", 8) == 0)
		return &command_head;
	return strncasecmp(word, "sd:", 3) == 0 ? &command_listen : NULL;
}

/* The value of NAME in ",NAME=VALUE,...": the caller owns it. NULL: it is not there. */
static char *value_in(const char *options, const char *name)
{
	const char *at = strstr(options, name);

	if (at == NULL)
		return NULL;
	at += strlen(name);
	return alloc_printf("%.*s", (int)strcspn(at, ","), at);
}

/* A listener for a few peers must not become one for all. */
static void take_options_of_socat(struct guess *g, const struct habit *habit, const char *options)
{
	static const char *const names[][2] = {
		{ ",range=", "--allow" },
		{ ",cert=", "--cert" },
		{ ",key=", "--key" },
	};

	if (strstr(options, ",fork") != NULL)
		add_option(g, "-k", NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *value = value_in(options, names[i][0]);

		add_option(g, value != NULL ? names[i][1] : NULL, value);
		free(value);
	}
	if (habit->other == &command_listen && g->operand_count == 0 &&
	    (g->operands[0] = value_in(options, ",bind=")) != NULL)
		g->operand_count++;
}

static bool take_word(struct guess *g, const char *word)
{
	bool first = g->operand_count == 0 && g->port == NULL;
	const struct command *command = first && !g->typed ? command_find(word) : NULL;
	const struct habit *habit = find_habit(g, word);
	size_t len = strlen(word);

	if (word[0] == '-' && word[1] != '\0')
		return take_options(g, word);
	if (habit != NULL && !(habit->kind == SECOND && first)) {
		const char *colon = strchr(word, ':');

		if (colon != NULL && take_second(g, habit, colon + 1, first))
			return true;
		(void)take_habit(g, habit, "");
		if (colon == NULL)
			return true;
		word = colon + 1;
		len = strcspn(word, ",");
		take_options_of_socat(g, habit, word + len);
	}
	ask_for(g, command != NULL ? command : other_command(word));
	if (command != NULL)
		return true;
	if (first || (g->operand_count == 0 && step_kind_find(word) == NULL) ||
	    (g->operand_count == 1 && address_wants_port(g->operands[0], word))) {
		g->operands[g->operand_count++] = alloc_printf("%.*s", (int)len, word);
		return true;
	}
	if (g->command == &command_head && g->hops < HOPS && step_kind_find(word) != NULL) {
		g->at = g->count; /* head has no steps */
		return true;
	}
	for (add(&g->rest, word, NULL); g->at < g->count; g->at++)
		add(&g->rest, g->words[g->at], NULL);
	return true;
}

/* Add ADDRESS. False when it is none. */
static bool add_address(struct guess *g)
{
	const char *scheme = g->scheme != NULL ? g->scheme : "";
	size_t count = g->operand_count;
	const char *port = g->port == NULL && count > 0 ? g->operands[--count] : g->port;
	bool every = g->every && port != NULL && port[strspn(port, "0123456789")] == '\0';
	char *word;

	if (port == NULL || count > 1)
		return false;
	if (count == 1 && g->scheme == NULL) {
		add_option(g, g->operands[0], port);
		return true;
	}
	word = alloc_printf("%s%s%s%s", scheme, count == 1 ? g->operands[0] : "",
			    count == 1 || every ? ":" : "", port);
	add(&g->options, word, NULL);
	free(word);
	return true;
}

/* All its words, as a line; NULL when the command refuses them. */
static char *finish(struct guess *g)
{
	struct text *all = &g->options, line = { 0 };
	struct options options;
	struct err err;
	char **words;
	int count = 0;

	if (!add_address(g))
		return NULL;
	if (g->rest.len > 0)
		text_add(all, bytes_of(g->rest.data, g->rest.len));
	words = alloc_array(all->len, sizeof(*words));
	for (char *at = all->data; at < all->data + all->len; at += strlen(at) + 1)
		words[count++] = at;
	if (options_parse(g->command, count, words, &options, &err) && !options.help) {
		text_addf(&line, "liu %s", g->command->name);
		for (int i = 0; i < count; i++) {
			text_addf(&line, " ");
			text_add_word(&line, words[i]);
		}
	}
	options_free(&options);
	free(words);
	return line.data;
}

/* Say what the words are as a line of the command, or of another one that they ask for:
 * "WHAT, did you mean: liu ...". False when no such line is found. */
static bool answer(struct guess g, const char *what, struct err *err)
{
	struct guess next = g;
	bool known = true, answered = false;
	char *line = NULL;

	while (known && g.at < g.count)
		known = take_word(&g, g.words[g.at++]);
	if (!known && !g.typed && g.other == NULL)
		ask_for(&g, &command_listen);
	if (g.other == NULL && known)
		line = finish(&g);
	next.command = g.other;
	if (g.udp)
		answered = !err_set(err, ERR_USAGE,
				    "%s: UDP is not supported, only byte streams (TCP, TLS, Unix)",
				    what);
	else if (line != NULL)
		answered = !err_set(err, ERR_USAGE, "%s, did you mean: %s", what, line);
	else if (g.other != NULL && next.hops-- > 0)
		answered = answer(next, what, err);
	for (size_t i = 0; i < g.operand_count; i++)
		free(g.operands[i]);
	free(g.options.data);
	free(g.rest.data);
	free(line);
	return answered;
}

bool suggest_is_connect(const char *word)
{
	if (other_command(word) != NULL || *word == '-')
		return false;
	return strpbrk(word, ":/") != NULL ||
	       (*word != '\0' && word[strspn(word, "0123456789")] == '\0');
}

/* The part of the message that a whole line replaces: the nearest word, or all known ones. */
static char *other_hint(char *text)
{
	char *nearest = strstr(text, ", did you mean");
	char *names = strncmp(text, "unknown ", 8) == 0 ? strstr(text, "' (") : NULL;

	if (nearest == NULL && names != NULL)
		nearest = names + 1;
	return nearest != NULL ? nearest : text + strlen(text);
}

bool suggest_line(const struct command *command, int count, char **words, struct err *err)
{
	struct guess guess = {
		.command = command, .typed = true, .hops = HOPS, .count = count, .words = words
	};
	char *before = other_hint(err->text), first = *before;

	*before = '\0';
	if (!answer(guess, err->text, err))
		*before = first;
	return false;
}

bool suggest_command(int argc, char **argv, struct err *err)
{
	struct guess guess = {
		.command = &command_connect, .hops = HOPS, .count = argc - 1, .words = argv + 1
	};
	struct nearest nearest = { .word = argv[1] };
	char *what = alloc_printf("'%s' is not a command", argv[1]);

	for (size_t i = 0; command_table[i] != NULL; i++)
		nearest_try(&nearest, command_table[i]->name);
	nearest_try(&nearest, "help");
	if (step_kind_find(argv[1]) != NULL)
		(void)err_set(err, ERR_USAGE,
			      "'%s' is a step, which stands after a command and its ADDRESS",
			      argv[1]);
	else if (nearest_found(&nearest) != NULL || !answer(guess, what, err))
		(void)nearest_refuse(&nearest, "command", err);
	free(what);
	return false;
}
