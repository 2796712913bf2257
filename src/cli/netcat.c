/* SPDX-License-Identifier: ISC */
/* netcat: a command line of nc or ncat in the words of liu. */
#include "config.h"

#include "cli/netcat.h"

#include "base/alloc.h"
#include "cli/shell_line.h"

#include <stddef.h>
#include <stdlib.h>

enum { OPERANDS_MAX = 2 };

enum meaning {
	NETCAT_SAME,   /* the same letter here */
	NETCAT_ALWAYS, /* liu does that anyway */
	NETCAT_LISTEN, /* -l */
	NETCAT_KEEP,   /* -k */
	NETCAT_UNIX,   /* -U */
	NETCAT_UDP,    /* -u */
	NETCAT_PROBE,  /* -z */
	NETCAT_MUTE,   /* -d: standard input is not read */
	NETCAT_PORT,   /* -p PORT */
	NETCAT_SOURCE, /* -s ADDR */
	NETCAT_WAIT,   /* -w SECONDS */
	NETCAT_QUIT,   /* -q SECONDS */
};

static const struct {
	char letter;
	bool argument;
	enum meaning meaning;
} letters[] = {
	{ '4', false, NETCAT_SAME },   { '6', false, NETCAT_SAME },   { 'C', false, NETCAT_SAME },
	{ 'v', false, NETCAT_SAME },   { 'n', false, NETCAT_ALWAYS }, { 'N', false, NETCAT_ALWAYS },
	{ 'l', false, NETCAT_LISTEN }, { 'k', false, NETCAT_KEEP },   { 'U', false, NETCAT_UNIX },
	{ 'u', false, NETCAT_UDP },    { 'z', false, NETCAT_PROBE },  { 'd', false, NETCAT_MUTE },
	{ 'p', true, NETCAT_PORT },    { 's', true, NETCAT_SOURCE },  { 'w', true, NETCAT_WAIT },
	{ 'q', true, NETCAT_QUIT },
};

/* The parsed words; the last of each letter counts, as in nc. */
struct netcat {
	bool v4, v6, crlf, verbose;
	bool listen, keep, unix_socket, udp, probe, mute;
	const char *port, *source, *wait, *quit;
	const char *operands[OPERANDS_MAX];
	size_t count;
};

static void take_same(struct netcat *nc, char letter)
{
	nc->v4 = nc->v4 || letter == '4';
	nc->v6 = nc->v6 || letter == '6';
	nc->crlf = nc->crlf || letter == 'C';
	nc->verbose = nc->verbose || letter == 'v';
}

static void take_meaning(struct netcat *nc, enum meaning meaning, char letter, const char *argument)
{
	switch (meaning) {
	case NETCAT_SAME:
		take_same(nc, letter);
		return;
	case NETCAT_ALWAYS:
		return;
	case NETCAT_LISTEN:
		nc->listen = true;
		return;
	case NETCAT_KEEP:
		nc->keep = true;
		return;
	case NETCAT_UNIX:
		nc->unix_socket = true;
		return;
	case NETCAT_UDP:
		nc->udp = true;
		return;
	case NETCAT_PROBE:
		nc->probe = true;
		return;
	case NETCAT_MUTE:
		nc->mute = true;
		return;
	case NETCAT_PORT:
		nc->port = argument;
		return;
	case NETCAT_SOURCE:
		nc->source = argument;
		return;
	case NETCAT_WAIT:
		nc->wait = argument;
		return;
	case NETCAT_QUIT:
		nc->quit = argument;
		return;
	}
}

static size_t letter_index(char letter)
{
	size_t i = 0;

	while (i < sizeof(letters) / sizeof(letters[0]) && letters[i].letter != letter)
		i++;
	return i;
}

/* "-lvp" and the argument of its last letter. `*at` is the next word. */
static bool take_cluster(struct netcat *nc, const char *word, int argc, char **argv, int *at)
{
	for (const char *letter = word + 1; *letter != '\0'; letter++) {
		size_t i = letter_index(*letter);
		const char *argument = NULL;

		if (i == sizeof(letters) / sizeof(letters[0]))
			return false;
		if (letters[i].argument && letter[1] != '\0')
			argument = letter + 1;
		else if (letters[i].argument && *at < argc)
			argument = argv[(*at)++];
		if (letters[i].argument && argument == NULL)
			return false;
		take_meaning(nc, letters[i].meaning, *letter, argument);
		if (argument != NULL)
			return true;
	}
	return true;
}

static bool read_words(struct netcat *nc, int argc, char **argv)
{
	int at = 1;

	while (at < argc) {
		const char *word = argv[at++];

		if (word[0] == '-' && word[1] != '\0') {
			if (!take_cluster(nc, word, argc, argv, &at))
				return false;
			continue;
		}
		if (nc->count == OPERANDS_MAX)
			return false;
		nc->operands[nc->count++] = word;
	}
	return true;
}

static void add_prefixed(struct shell_line *line, const char *prefix, const char *text)
{
	char *word = alloc_printf("%s%s", prefix, text);

	shell_line_add(line, word);
	free(word);
}

/* Where to listen: `nc -l PORT`, `-l -p PORT`, `-l HOST PORT`. nc's default is
 * every interface. */
static bool add_listen_address(const struct netcat *nc, struct shell_line *line)
{
	const char *host = nc->source;
	const char *port = nc->port;
	size_t count = nc->count;

	if (port == NULL && count > 0)
		port = nc->operands[--count];
	if (host == NULL && count > 0)
		host = nc->operands[--count];
	if (port == NULL || count > 0)
		return false;
	if (host == NULL) {
		add_prefixed(line, ":", port);
		return true;
	}
	shell_line_add(line, host);
	shell_line_add(line, port);
	return true;
}

static bool add_address(const struct netcat *nc, struct shell_line *line)
{
	if (nc->unix_socket) {
		if (nc->count != 1)
			return false;
		add_prefixed(line, "unix:", nc->operands[0]);
		return true;
	}
	if (nc->listen)
		return add_listen_address(nc, line);
	if (nc->count != OPERANDS_MAX || nc->port != NULL)
		return false;
	shell_line_add(line, nc->operands[0]);
	shell_line_add(line, nc->operands[1]);
	return true;
}

static void add_pair(struct shell_line *line, const char *option, const char *argument)
{
	if (argument == NULL)
		return;
	shell_line_add(line, option);
	shell_line_add(line, argument);
}

static void add_flag(struct shell_line *line, const char *option, bool given)
{
	if (given)
		shell_line_add(line, option);
}

static void add_options(const struct netcat *nc, struct shell_line *line)
{
	add_flag(line, "-4", nc->v4);
	add_flag(line, "-6", nc->v6);
	add_flag(line, "-k", nc->listen && nc->keep);
	add_flag(line, "-v", nc->verbose);
	add_flag(line, "-C", nc->crlf);
	add_flag(line, "--recv-only", nc->mute);
	add_pair(line, "--quit-after", nc->quit);
	if (nc->listen)
		return;
	/* nc's -w limits connecting, then silence; with -l it is ignored. */
	add_pair(line, "--connect-timeout", nc->wait);
	if (!nc->probe)
		add_pair(line, "--idle-timeout", nc->wait);
	add_pair(line, "-s", nc->source);
}

char *netcat_line(int argc, char **argv)
{
	struct netcat nc = { .listen = false };
	struct shell_line *line;
	char *text;
	bool good;

	if (!read_words(&nc, argc, argv))
		return NULL;
	line = shell_line_new(nc.listen ? "listen" : "connect");
	add_options(&nc, line);
	good = add_address(&nc, line);
	add_flag(line, "close", nc.probe);
	text = shell_line_finish(line);
	if (good)
		return text;
	free(text);
	return NULL;
}

bool netcat_wants_udp(int argc, char **argv)
{
	struct netcat nc = { .listen = false };

	return argv[1][0] == '-' && read_words(&nc, argc, argv) && nc.udp;
}
