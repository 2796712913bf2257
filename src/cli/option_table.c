/* SPDX-License-Identifier: ISC */
/* option_table: every option, in the groups that --help shows. */
#include "config.h"

#include "cli/option_table.h"

/* What a row is about. */
#define STREAMS (COMMAND_CONNECT | COMMAND_LISTEN | COMMAND_ECHO)
#define SERVERS (COMMAND_LISTEN | COMMAND_ECHO)
#define CLIENTS (COMMAND_CONNECT | COMMAND_HEAD)
#define ALL	(STREAMS | COMMAND_HEAD)

#define TO(type_, field_) .type = OPTION_##type_, .offset = offsetof(struct options, field_)
#define FLAG(field_)	  .flag = offsetof(struct options, field_)

/* A row is one to three lines. */
/* clang-format off */

static const struct option_row address_rows[] = {
	{ .letter = '4', TO(SWITCH, ipv4), .commands = ALL, .summary = "IPv4 only",
	  .excludes = "6" },
	{ .letter = '6', TO(SWITCH, ipv6), .commands = ALL, .summary = "IPv6 only" },
	{ .name = "local-addr", .letter = 's', .arg = "ADDR[:PORT]", TO(STRING, local_addr),
	  .commands = COMMAND_CONNECT, .summary = "connect from this address" },
	{ .name = "happy-eyeballs-delay", .arg = "D",
	  TO(DURATION, dialing.happy_eyeballs_delay_ms), .commands = COMMAND_CONNECT,
	  .summary = "before the next address is tried too (250ms)" },
	{ .name = "nagle", TO(SWITCH, nagle), .commands = STREAMS,
	  .summary = "leave TCP_NODELAY off" },
};

static const struct option_row time_rows[] = {
	{ .name = "timeout", .letter = 'w', .arg = "D", TO(DURATION, session.timeout_ms),
	  .commands = CLIENTS, .summary = "everything, from start to exit" },
	{ .name = "timeout", .letter = 'w', .arg = "D", TO(DURATION, session.timeout_ms),
	  .commands = SERVERS, .summary = "each connection, from accept to its end" },
	{ .name = "connect-timeout", .arg = "D", TO(DURATION, dialing.connect_timeout_ms),
	  .commands = CLIENTS, .summary = "name, connection and handshake together" },
	{ .name = "handshake-timeout", .arg = "D", TO(DURATION, handshake_timeout_ms),
	  .commands = ALL, .summary = "the TLS handshake (60s)" },
	{ .name = "step-timeout", .arg = "D", TO(DURATION, session.step_timeout_ms),
	  .commands = STREAMS, .summary = "each step" },
	{ .name = "idle-timeout", .arg = "D", TO(DURATION, session.idle_timeout_ms),
	  .commands = STREAMS, .summary = "no byte either way for D" },
	{ .name = "close-timeout", .arg = "D", TO(DURATION, session.close_timeout_ms),
	  .commands = STREAMS, .summary = "closing while no byte leaves (3s)" },
};

static const struct option_row data_rows[] = {
	{ .name = "limit", .arg = "SIZE", TO(SIZE, session.limit), .commands = STREAMS,
	  .summary = "bytes before a separator (64K)" },
	{ .name = "high-water", .arg = "SIZE", TO(SIZE, session.high_water), .commands = STREAMS,
	  .summary = "write buffer: stop filling above it (64K)" },
	{ .name = "low-water", .arg = "SIZE", TO(SIZE, session.low_water), .commands = STREAMS,
	  .summary = "... and go on at it (a quarter of high)" },
	{ .name = "crlf", .letter = 'C', TO(SWITCH, session.crlf), .commands = STREAMS,
	  .summary = "send lines ending in CR LF" },
	{ .name = "chomp", TO(SWITCH, session.chomp), .commands = STREAMS,
	  .summary = "print reads without line end or separator" },
};

static const struct option_row relay_rows[] = {
	{ .name = "pump", .arg = "NAME", TO(PUMP, session.pump), .commands = STREAMS },
	{ .name = "send-only", TO(SWITCH, session.relay.send_only), .commands = STREAMS,
	  .summary = "read nothing from the peer", .excludes = "recv-only end-with-peer" },
	{ .name = "recv-only", TO(SWITCH, session.relay.recv_only), .commands = STREAMS,
	  .summary = "do not read standard input", .excludes = "quit-after" },
	{ .name = "no-half-close", TO(SWITCH, session.relay.no_half_close), .commands = STREAMS,
	  .summary = "do not pass on the end of input" },
	{ .name = "end-with-peer", TO(SWITCH, session.relay.end_with_peer), .commands = STREAMS,
	  .summary = "the end of the peer is the end" },
	{ .name = "quit-after", .arg = "D", TO(DURATION_0, session.relay.quit_after_ms),
	  FLAG(session.relay.has_quit_after), .commands = STREAMS,
	  .summary = "end in order D after the end of input" },
};

static const struct option_row tls_rows[] = {
	{ .name = "tls", TO(SWITCH, tls), .commands = STREAMS,
	  .summary = "TLS, as tls: before the address" },
	{ .name = "insecure", TO(SWITCH, tls_settings.insecure), .commands = CLIENTS,
	  .summary = "check neither certificate nor name", .excludes = "cacert capath pin" },
	{ .name = "cacert", .arg = "FILE", TO(STRING, tls_settings.cacert), .commands = CLIENTS,
	  .summary = "trust these authorities, not the system's" },
	{ .name = "capath", .arg = "DIR", TO(STRING, tls_settings.capath), .commands = CLIENTS,
	  .summary = "... those in a directory with hashed names" },
	{ .name = "server-name", .arg = "NAME", TO(STRING, tls_settings.server_name),
	  .commands = CLIENTS, .summary = "the name to ask for and to check" },
	{ .name = "pin", .arg = "sha256:HEX", TO(PINS, pins), .commands = CLIENTS,
	  .summary = "trust this public key (repeatable)" },
	{ .name = "cert", .arg = "FILE", TO(STRING, tls_settings.cert), .commands = ALL,
	  .summary = "our certificate and its chain, PEM" },
	{ .name = "key", .arg = "FILE", TO(STRING, tls_settings.key), .commands = ALL,
	  .summary = "its key, if it is not in that file", .needs = "cert" },
	{ .name = "allow-truncated", TO(SWITCH, tls_settings.allow_truncated), .commands = ALL,
	  .summary = "an end without close_notify is an end" },
};

static const struct option_row serve_rows[] = {
	{ .name = "keep-open", .letter = 'k', TO(SWITCH, serve.keep_open), .commands = SERVERS,
	  .summary = "serve connection after connection (echo does)" },
	{ .name = "accept", .arg = "N", TO(COUNT, serve.accept_count), .commands = SERVERS,
	  .summary = "... and stop after N" },
	{ .name = "accept-timeout", .arg = "D", TO(DURATION, serve.accept_timeout_ms),
	  .commands = SERVERS, .summary = "how long to wait for a connection" },
	{ .name = "max-conns", .letter = 'm', .arg = "N", TO(COUNT, serve.max_conns),
	  .commands = SERVERS, .summary = "so many at once; the rest wait" },
	{ .name = "address", .arg = "ADDRESS", TO(LIST, addresses), .commands = SERVERS,
	  .summary = "listen there too (repeatable)" },
	{ .name = "backlog", .arg = "N", TO(INT, listening.backlog), .commands = SERVERS,
	  .summary = "connections that may wait (100)" },
	{ .name = "no-reuse-addr", TO(SWITCH, listening.no_reuse_addr), .commands = SERVERS,
	  .summary = "leave SO_REUSEADDR off" },
	{ .name = "reuse-port", TO(SWITCH, listening.reuse_port), .commands = SERVERS,
	  .summary = "share the port: SO_REUSEPORT" },
	{ .name = "unix-mode", .arg = "MODE", TO(MODE, listening.unix_mode),
	  FLAG(listening.has_unix_mode), .commands = SERVERS,
	  .summary = "of a socket file, octal" },
	{ .name = "unix-owner", .arg = "USER[:GROUP]", TO(STRING, listening.unix_owner),
	  .commands = SERVERS, .summary = "of a socket file" },
	{ .name = "address-file", .arg = "FILE", TO(STRING, serve.address_file),
	  .commands = SERVERS, .summary = "write the addresses there once listening" },
	{ .name = "ready-fd", .arg = "N", TO(INT, serve.ready_fd), .commands = SERVERS,
	  .summary = "... to this descriptor, and close it" },
};

static const struct option_row echo_rows[] = {
	{ .name = "line", TO(SWITCH, line), .commands = COMMAND_ECHO,
	  .summary = "send back whole lines", .excludes = "exactly until" },
	{ .name = "exactly", .arg = "N", TO(SIZE_64, exactly), .commands = COMMAND_ECHO,
	  .summary = "... pieces of N bytes", .excludes = "until" },
	{ .name = "until", .arg = "SEP", TO(ESCAPED, until), .commands = COMMAND_ECHO,
	  .summary = "... what ends in SEP, with its escapes" },
};

static const struct option_row http_rows[] = {
	{ .name = "request", .letter = 'X', .arg = "METHOD", TO(STRING_ANY, request.method),
	  .commands = COMMAND_HEAD, .summary = "another method than HEAD" },
	{ .name = "header", .letter = 'H', .arg = "'NAME: VALUE'", TO(LIST, headers),
	  .commands = COMMAND_HEAD, .summary = "send or replace; 'NAME:' removes (repeatable)" },
	{ .name = "user-agent", .letter = 'A', .arg = "TEXT", TO(STRING_ANY, request.user_agent),
	  .commands = COMMAND_HEAD, .summary = "who we say we are" },
	{ .name = "http1.0", TO(SWITCH, request.http10), .commands = COMMAND_HEAD,
	  .summary = "ask in HTTP/1.0" },
	{ .name = "fail", .arg = "[=RANGES]", TO(RANGES, fail), .otherwise = "100-399",
	  .commands = COMMAND_HEAD, .summary = "exit 9 for another status (100-399)" },
	{ .name = "field", .arg = "NAME", TO(LIST, fields), .commands = COMMAND_HEAD,
	  .summary = "print that header's values only (repeatable)" },
};

static const struct option_row output_rows[] = {
	{ .name = "json", TO(SWITCH, json), .commands = ALL,
	  .summary = "events as JSON lines on standard output" },
	{ .name = "verbose", .letter = 'v', TO(REPEATED, verbose), .commands = ALL,
	  .summary = "more on standard error (up to -vvv)" },
	{ .name = "quiet", .letter = 'q', TO(REPEATED, quiet), .commands = ALL,
	  .summary = "less on standard error (up to -qq)" },
	{ .name = "color", .arg = "WHEN", TO(COLOR, color), .commands = ALL,
	  .summary = "auto, always or never" },
	{ .name = "help", .letter = 'h', TO(SWITCH, help), .commands = ALL,
	  .summary = "this text" },
	{ .name = "version", TO(SWITCH, version), .commands = ALL,
	  .summary = "versions of liu and of its libraries" },
};

/* clang-format on */

#define GROUP(title_, rows_)                                                                       \
	{                                                                                          \
		.title = title_, .rows = rows_, .count = sizeof(rows_) / sizeof((rows_)[0])        \
	}

static const struct option_group groups[] = {
	GROUP("Addresses and sockets", address_rows),
	GROUP("Time limits", time_rows),
	GROUP("Reading and writing", data_rows),
	GROUP("Relay", relay_rows),
	GROUP("TLS", tls_rows),
	GROUP("Serving", serve_rows),
	GROUP("Echo", echo_rows),
	GROUP("HTTP", http_rows),
	GROUP("Output", output_rows),
};

const struct option_group *option_groups(size_t *count)
{
	*count = sizeof(groups) / sizeof(groups[0]);
	return groups;
}
