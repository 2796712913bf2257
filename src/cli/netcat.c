/* SPDX-License-Identifier: ISC */
/* netcat: a command line of nc or ncat in the words of liu. */
#include "config.h"

#include "cli/netcat.h"

#include "base/alloc.h"
#include "base/text.h"
#include "cli/shell_word.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { OPERANDS_MAX = 2 };

/* The letters of nc that liu has an answer to. 4, 6, C and v mean the same here, and
 * liu always does what n and N ask for. */
static const char flags[] = "46CvnNlkUuzd";
static const char with_argument[] = "pswq";

struct netcat {
	/* For each letter its argument, "" for a flag, NULL when it was not given; the
	 * last of each counts, as in nc. */
	const char *given[UCHAR_MAX + 1];
	const char *operands[OPERANDS_MAX];
	size_t count;
};

static const char *given(const struct netcat *nc, char letter)
{
	return nc->given[(unsigned char)letter];
}

/* "-lvp" and the argument of its last letter. `*at` is the next word. */
static bool take_cluster(struct netcat *nc, const char *word, int argc, char **argv, int *at)
{
	for (const char *letter = word + 1; *letter != '\0'; letter++) {
		const char **value = &nc->given[(unsigned char)*letter];

		if (strchr(flags, *letter) != NULL) {
			*value = "";
			continue;
		}
		if (strchr(with_argument, *letter) == NULL)
			return false;
		if (letter[1] != '\0')
			*value = letter + 1;
		else if (*at < argc)
			*value = argv[(*at)++];
		return *value != NULL && (*value)[0] != '\0';
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

static void add_prefixed(struct text *line, const char *prefix, const char *text)
{
	char *word = alloc_printf("%s%s", prefix, text);

	shell_word_add(line, word);
	free(word);
}

/* Add the ADDRESS of `nc -l PORT`, `-l -p PORT` or `-l HOST PORT`. The default of nc
 * is every interface. */
static bool add_listen_address(const struct netcat *nc, struct text *line)
{
	const char *host = given(nc, 's');
	const char *port = given(nc, 'p');
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
	shell_word_add(line, host);
	shell_word_add(line, port);
	return true;
}

static bool add_address(const struct netcat *nc, struct text *line)
{
	if (given(nc, 'U') != NULL) {
		if (nc->count != 1)
			return false;
		add_prefixed(line, "unix:", nc->operands[0]);
		return true;
	}
	if (given(nc, 'l') != NULL)
		return add_listen_address(nc, line);
	if (nc->count != OPERANDS_MAX || given(nc, 'p') != NULL)
		return false;
	shell_word_add(line, nc->operands[0]);
	shell_word_add(line, nc->operands[1]);
	return true;
}

static void add_option(struct text *line, const char *option, const char *argument)
{
	if (argument == NULL)
		return;
	shell_word_add(line, option);
	if (argument[0] != '\0')
		shell_word_add(line, argument);
}

static void add_options(const struct netcat *nc, struct text *line)
{
	add_option(line, "-4", given(nc, '4'));
	add_option(line, "-6", given(nc, '6'));
	if (given(nc, 'l') != NULL)
		add_option(line, "-k", given(nc, 'k'));
	add_option(line, "-v", given(nc, 'v'));
	add_option(line, "-C", given(nc, 'C'));
	add_option(line, "--recv-only", given(nc, 'd'));
	add_option(line, "--quit-after", given(nc, 'q'));
	if (given(nc, 'l') != NULL)
		return;
	/* nc's -w limits connecting, then silence; with -l it is ignored. */
	add_option(line, "--connect-timeout", given(nc, 'w'));
	if (given(nc, 'z') == NULL)
		add_option(line, "--idle-timeout", given(nc, 'w'));
	add_option(line, "-s", given(nc, 's'));
}

char *netcat_line(int argc, char **argv)
{
	struct netcat nc = { .count = 0 };
	struct text line = { 0 };
	bool good;

	if (!read_words(&nc, argc, argv))
		return NULL;
	(void)text_addf(&line, "liu %s", given(&nc, 'l') != NULL ? "listen" : "connect");
	add_options(&nc, &line);
	good = add_address(&nc, &line);
	add_option(&line, "close", given(&nc, 'z'));
	if (good)
		return text_take(&line);
	free(text_take(&line));
	return NULL;
}

bool netcat_wants_udp(int argc, char **argv)
{
	struct netcat nc = { .count = 0 };

	return argv[1][0] == '-' && read_words(&nc, argc, argv) && given(&nc, 'u') != NULL;
}
