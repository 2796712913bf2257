/* SPDX-License-Identifier: ISC */
/* command_table: the first words of a command line. */
#include "config.h"

#include "cli/command_table.h"

#include <string.h>

#define ADDRESSES(any)                                                                             \
	"ADDRESS is HOST:PORT, HOST PORT, [IPV6]:PORT, PORT (this machine only),\n" any            \
	"unix:PATH, a path with a slash, unix:@NAME, fd:N,\n"                                      \
	"tls:ADDRESS for any of these with TLS.\n"

static const char connect_text[] =
	"Open a byte stream and run the steps over it, one after the other. With no\n"
	"step it is joined with standard input and output.\n\n" ADDRESSES("");
static const char listen_text[] =
	"Accept one connection, with -k one after the other and side by side, and\n"
	"run the steps over each. With no step it is joined with standard input and\n"
	"output.\n\n" ADDRESSES(":PORT (every interface), ");
static const char echo_text[] =
	"Send back what each connection sends until its end. Without ADDRESS the\n"
	"system picks a port, on this machine only.\n\n" ADDRESSES(":PORT (every interface), ");
static const char head_text[] =
	"Send HEAD to each URL and print status line and headers as they came, with\n"
	"a blank line between answers. No scheme means http.\n";

static const char mock_server[] =
	"liu listen -k 8080 readuntil '\\r\\n\\r\\n' write 'HTTP/1.0 200 OK\\r\\n\\r\\n'";

static const struct command_row rows[COMMAND_COUNT] = {
	{
		.command = COMMAND_CONNECT,
		.name = "connect",
		.usage = "[OPTIONS] ADDRESS [OPTIONS] [STEP...]",
		.operands = "ADDRESS [STEP...]",
		.summary = "open a stream and run steps over it",
		.text = connect_text,
		.steps = true,
		.examples = {
			"liu connect localhost:6379 write 'PING\\r\\n' readline",
			"liu connect tls:example.org:443 < request",
			"liu connect -w 5 unix:/run/app.sock writeline status read",
		},
	},
	{
		.command = COMMAND_LISTEN,
		.name = "listen",
		.usage = "[OPTIONS] ADDRESS [OPTIONS] [STEP...]",
		.operands = "ADDRESS [STEP...]",
		.summary = "accept a stream and run steps over it",
		.text = listen_text,
		.steps = true,
		.examples = {
			"liu listen :8080 > file",
			mock_server,
			"liu listen -k tls:8443 --cert c.pem --key k.pem echo",
		},
	},
	{
		.command = COMMAND_ECHO,
		.name = "echo",
		.usage = "[OPTIONS] [ADDRESS]",
		.operands = "[ADDRESS]",
		.summary = "send back what comes, to any number of peers",
		.text = echo_text,
		.examples = {
			"liu echo 127.0.0.1:8888",
			"liu echo --line --accept 1 --address-file address",
			"liu echo --until ';' -w 30 unix:/tmp/echo.sock",
		},
	},
	{
		.command = COMMAND_HEAD,
		.name = "head",
		.usage = "[OPTIONS] URL...",
		.operands = "URL...",
		.summary = "print the head of what HTTP servers answer",
		.text = head_text,
		.examples = {
			"liu head https://example.com/path/page.html",
			"liu head -w 5 --fail=200 http://localhost:8080/health",
			"liu head -X GET --field content-type example.com",
		},
	},
};

const struct command_row *command_rows(void)
{
	return rows;
}

const struct command_row *command_row(enum command command)
{
	size_t i = 0;

	while (i < COMMAND_COUNT - 1 && rows[i].command != command)
		i++;
	return &rows[i];
}

bool command_find(const char *word, enum command *out)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(rows[i].name, word) == 0) {
			*out = rows[i].command;
			return true;
		}
	}
	return false;
}
