/* SPDX-License-Identifier: ISC */
/* load: a load generator for the benchmark. What it measures is on standard output. */
#include "config.h"

#include "bench/load.h"

#include "bench/bench.h"

#include <stdio.h>
#include <string.h>

static const struct row {
	const char *name;
	int argc; /* at least, with the name */
	void (*run)(int argc, char **argv);
	const char *usage;
} rows[] = {
	/* Clients. One thread: the other of two cores is the server's. */
	{ "pingpong", 5, load_pingpong,
	  "pingpong PORT CONNECTIONS SIZE SECONDS [tls]: messages/s" },
	{ "short", 4, load_short,
	  "short PORT AT-ONCE SECONDS: connect, a byte, its echo, reset; connections/s" },
	{ "ended", 4, load_ended,
	  "ended PORT AT-ONCE SECONDS: connect, wait for the end of the stream; connections/s" },
	{ "handshakes", 3, load_handshakes,
	  "handshakes PORT SECONDS: connect, a byte, its echo, close, one at a time; connections" },
	{ "broker", 5, load_broker,
	  "broker PORT PEERS SIZE SECONDS: each sends to all others in turn; messages received/s" },
	{ "roundtrip", 3, load_roundtrip, "roundtrip PORT BYTES: bytes and their echo; GB/s" },
	{ "idle", 3, load_idle,
	  "idle PORT CONNECTIONS [tls]: a byte and its echo on each, \"ready\", and hold them to "
	  "the end of standard input" },
	/* The two ends of a pipeline. */
	{ "produce", 2, load_produce, "produce BYTES: to standard output" },
	{ "consume", 1, load_consume, "consume: standard input; its bytes" },
	/* Servers. */
	{ "lines", 3, load_lines, "lines COUNT LENGTH: to each connection" },
	{ "drip", 3, load_drip,
	  "drip PATH LENGTH: to each connection a line, each byte when the last has been read" },
	{ "respond", 1, load_respond, "respond: answer every HTTP request alike" },
	{ "spawn", 3, load_spawn,
	  "spawn TIMES COMMAND...: milliseconds from start to exit, median; fewer when slow" },
};

int main(int argc, char **argv)
{
	const struct row *end = rows + sizeof(rows) / sizeof(*rows);

	for (const struct row *row = rows; argc > 1 && row < end; row++) {
		if (strcmp(row->name, argv[1]) != 0)
			continue;
		if (argc - 1 < row->argc)
			bench_usage(row->usage);
		bench_raise_descriptors();
		row->run(argc - 1, argv + 1);
		return 0;
	}
	for (const struct row *row = rows; row < end; row++)
		fprintf(stderr, "load %s\n", row->usage);
	return 2;
}
