/* SPDX-License-Identifier: ISC */
/* option_table: every option, a row each, and how its argument is read. */
#include "config.h"

#include "cli/option_table.h"

#include "base/err.h"
#include "base/escape.h"
#include "base/number.h"
#include "cli/options.h"
#include "http/http_head.h"
#include "net/access.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { MODE_MAX = 0777 };

#define TO(type_, field_) .type = OPTION_##type_, .offset = offsetof(struct options, field_)
#define FLAG(field_)	  .flag = offsetof(struct options, field_)

#define USE(field_, what_) .use = offsetof(struct options, field_), .without = what_
#define USE_TLS		   USE(any_tls, "TLS (--tls, tls:ADDRESS or an https URL)")
#define USE_OWN_TLS	   USE(address_has_tls, "TLS (--tls, tls:ADDRESS or an https URL)")
#define USE_DIALS	   USE(dials, "the step to")
#define USE_DIALS_TLS                                                                              \
	USE(dials_tls, "TLS on the side that dials (tls:ADDRESS, to tls:ADDRESS, an https URL)")
#define USE_FILE     USE(uses_file, "the address of a Unix socket file")
#define USE_LISTENER USE(listens, "a listening socket, not a connected fd:N")
#define USE_IP	     USE(uses_ip, "a TCP address to listen on")
#define USE_RELAY    USE(uses_relay, "the step relay")

/* clang-format off */

const struct option_row option_table[] = {
	{ .title = "Addresses and sockets" },
	{ .letter = '4', TO(SWITCH, ipv4), .set = FOR_ALL, .summary = "IPv4 only" },
	{ .letter = '6', TO(SWITCH, ipv6), .set = FOR_ALL, .summary = "IPv6 only" },
	{ .name = "local-addr", .letter = 's', .arg = "ADDR[:PORT]", TO(STRING, local_addr),
	  .set = FOR_STEPS, USE_DIALS, .summary = "connect from this address" },
	{ .name = "happy-eyeballs-delay", .arg = "D",
	  TO(DURATION, dialing.happy_eyeballs_delay_ms), .set = FOR_STEPS, USE_DIALS,
	  .summary = "wait before trying the next address (250ms)" },
	{ .name = "nagle", TO(SWITCH, nagle), .set = FOR_STREAMS,
	  .summary = "leave TCP_NODELAY off" },

	{ .title = "Time limits" },
	{ .name = "timeout", .letter = 'w', .arg = "D", TO(DURATION, session.timeout_ms),
	  .set = FOR_CLIENTS, .summary = "limit for everything, from start to exit" },
	{ .name = "timeout", .letter = 'w', .arg = "D", TO(DURATION, session.timeout_ms),
	  .set = FOR_SERVERS, .summary = "limit for each connection, from accept on" },
	{ .name = "connect-timeout", .arg = "D", TO(DURATION, dialing.connect_timeout_ms),
	  .set = FOR_DIALING, USE_DIALS, .summary = "limit for name, connection and handshake" },
	{ .name = "handshake-timeout", .arg = "D", TO(DURATION, session.handshake_timeout_ms),
	  .set = FOR_ALL, .summary = "limit for TLS handshake or PROXY header (60s)" },
	{ .name = "step-timeout", .arg = "D", TO(DURATION, session.step_timeout_ms),
	  .set = FOR_STREAMS, .summary = "limit for each step" },
	{ .name = "idle-timeout", .arg = "D", TO(DURATION, session.idle_timeout_ms),
	  .set = FOR_STREAMS, .summary = "limit for the time without a byte either way" },
	{ .name = "close-timeout", .arg = "D", TO(DURATION, session.close_timeout_ms),
	  FLAG(session.has_close_timeout),
	  .set = FOR_STREAMS, .summary = "give up closing when nothing was sent for D (3s)" },

	{ .title = "Reading and writing" },
	{ .name = "limit", .arg = "SIZE", TO(SIZE, session.limit), .set = FOR_STREAMS,
	  .summary = "most bytes before a separator (64K)" },
	{ .name = "high-water", .arg = "SIZE", TO(SIZE_0, session.high_water), .set = FOR_STREAMS,
	  .summary = "write buffer: stop filling above it (64K)" },
	{ .name = "low-water", .arg = "SIZE", TO(SIZE_0, session.low_water),
	  FLAG(session.has_low_water), .set = FOR_STREAMS,
	  .summary = "... and continue at it (a quarter of high)" },
	{ .name = "crlf", .letter = 'C', TO(SWITCH, session.crlf), .set = FOR_STREAMS,
	  .summary = "send lines ending in CR LF" },
	{ .name = "chomp", TO(SWITCH, session.chomp), .set = FOR_STREAMS,
	  .summary = "print no line ends or separators", .excludes = { "hex" } },
	{ .name = "hex", TO(SWITCH, session.hex), .set = FOR_STREAMS,
	  .summary = "print what is read as lines of hex digits" },

	{ .title = "Relay" },
	{ .name = "pump", .arg = "NAME", TO(STRING_ANY, session.pump), .set = FOR_STREAMS },
	{ .name = "send-only", TO(SWITCH, session.relay.send_only),
	  USE_RELAY, .set = FOR_STEPS,
	  .summary = "read nothing from the peer", .excludes = { "recv-only", "end-with-peer" } },
	{ .name = "recv-only", TO(SWITCH, session.relay.recv_only),
	  USE_RELAY, .set = FOR_STEPS,
	  .summary = "do not read standard input", .excludes = { "quit-after" } },
	{ .name = "no-half-close", TO(SWITCH, session.relay.no_half_close),
	  USE_RELAY, .set = FOR_STEPS,
	  .summary = "do not close the sending half after input" },
	{ .name = "end-with-peer", TO(SWITCH, session.relay.end_with_peer),
	  USE_RELAY, .set = FOR_STEPS, .summary = "exit when the peer closes" },
	{ .name = "quit-after", .arg = "D", TO(DURATION_0, session.relay.quit_after_ms),
	  FLAG(session.relay.has_quit_after), USE_RELAY, .set = FOR_STEPS,
	  .summary = "close D after the end of input" },

	{ .title = "TLS" },
	{ .name = "tls", TO(SWITCH, tls), .set = FOR_STREAMS,
	  .summary = "TLS, as tls: before the address" },
	{ .name = "insecure", TO(SWITCH, tls_settings.insecure), .set = FOR_DIALING,
	  .summary = "do not check the certificate or its name",
	  .excludes = { "cacert", "capath", "pin" }, USE_DIALS_TLS },
	{ .name = "cacert", .arg = "FILE", TO(FILE, tls_settings.cacert), .set = FOR_DIALING,
	  .summary = "trust these authorities, not the system's", USE_DIALS_TLS },
	{ .name = "capath", .arg = "DIR", TO(FILE, tls_settings.capath), .set = FOR_DIALING,
	  .summary = "... those in a directory with hashed names", USE_DIALS_TLS },
	{ .name = "server-name", .arg = "NAME", TO(STRING, tls_settings.server_name),
	  .set = FOR_DIALING, .summary = "the name to request and to check", USE_DIALS_TLS },
	{ .name = "pin", .arg = "sha256:HEX", TO(LIST, pins), .set = FOR_DIALING,
	  .summary = "trust this public key (repeatable)", USE_DIALS_TLS },
	{ .name = "cert", .arg = "FILE", TO(FILE, tls_settings.cert), .set = FOR_ALL,
	  .summary = "certificate chain to present, PEM", USE_OWN_TLS },
	{ .name = "key", .arg = "FILE", TO(FILE, tls_settings.key), .set = FOR_ALL,
	  .summary = "its private key, if not in that file", .needs = "cert" },
	{ .name = "allow-truncated", TO(SWITCH, tls_settings.allow_truncated), .set = FOR_ALL,
	  .summary = "accept an end without close_notify", USE_TLS },

	{ .title = "Serving" },
	{ .name = "keep-open", .letter = 'k', TO(SWITCH, serve.keep_open), USE_LISTENER,
	  .set = FOR_SERVERS, .summary = "keep accepting connections (echo always does)" },
	{ .name = "accept", .arg = "N", TO(COUNT, serve.accept_count), USE_LISTENER,
	  .set = FOR_SERVERS, .summary = "... and stop after N" },
	{ .name = "accept-timeout", .arg = "D", TO(DURATION, serve.accept_timeout_ms),
	  USE_LISTENER, .set = FOR_SERVERS, .summary = "exit when no connection arrives for D" },
	{ .name = "max-conns", .letter = 'm', .arg = "N", TO(COUNT, serve.max_conns),
	  USE_LISTENER, .set = FOR_SERVERS, .summary = "serve at most N at a time; the rest wait" },
	{ .name = "address", .arg = "ADDRESS", TO(LIST, more_addresses), USE_LISTENER,
	  .set = FOR_SERVERS, .summary = "listen on this one too (repeatable)" },
	{ .name = "allow", .arg = "CIDR", TO(BLOCKS, serve.access.allow), USE_IP,
	  .set = FOR_SERVERS, .summary = "serve only peers in this block (repeatable)" },
	{ .name = "deny", .arg = "CIDR", TO(BLOCKS, serve.access.deny), USE_IP,
	  .set = FOR_SERVERS, .summary = "... none in this one (repeatable; it wins)" },
	{ .name = "accept-proxy", TO(SWITCH, serve.accept_proxy), USE_LISTENER,
	  .set = FOR_SERVERS, .summary = "read a PROXY protocol header first, v1 or v2" },
	{ .name = "backlog", .arg = "N", TO(INT, listening.backlog), USE_LISTENER,
	  .set = FOR_SERVERS, .summary = "connections that may wait (100)" },
	{ .name = "no-reuse-addr", TO(SWITCH, listening.no_reuse_addr), USE_IP,
	  .set = FOR_SERVERS, .summary = "leave SO_REUSEADDR off" },
	{ .name = "reuse-port", TO(SWITCH, listening.reuse_port), USE_IP, .set = FOR_SERVERS,
	  .summary = "share the port: SO_REUSEPORT" },
	{ .name = "unix-mode", .arg = "MODE", TO(MODE, listening.unix_mode),
	  FLAG(listening.has_unix_mode), USE_FILE, .set = FOR_SERVERS,
	  .summary = "octal mode of a socket file" },
	{ .name = "unix-owner", .arg = "USER[:GROUP]", TO(STRING, listening.unix_owner),
	  USE_FILE, .set = FOR_SERVERS, .summary = "owner of a socket file" },
	{ .name = "address-file", .arg = "FILE", TO(FILE, serve.readiness.address_file),
	  USE_LISTENER, .set = FOR_SERVERS,
	  .summary = "write the addresses to FILE once listening" },
	{ .name = "ready-fd", .arg = "N", TO(INT, serve.readiness.ready_fd), USE_LISTENER,
	  .set = FOR_SERVERS, .summary = "... to this descriptor, and close it" },
	{ .name = "run", .arg = "COMMAND", TO(STRING, run), USE_LISTENER,
	  .set = FOR_SERVERS, .summary = "run COMMAND once listening; end when it ends",
	  .excludes = { "accept-timeout" } },

	{ .title = "Echo" },
	{ .name = "line", TO(SWITCH, line), .set = FOR_ECHO,
	  .summary = "send back whole lines", .excludes = { "exactly", "until" } },
	{ .name = "exactly", .arg = "N", TO(SIZE, exactly), .set = FOR_ECHO,
	  .summary = "... pieces of N bytes", .excludes = { "until" } },
	{ .name = "until", .arg = "SEP", TO(SEPARATOR, until), .set = FOR_ECHO,
	  .summary = "... records ending in SEP, which has escapes" },
	{ .name = "fault", .arg = "KIND", TO(FAULT, faults), .set = FOR_ECHO,
	  .summary = "misbehave on purpose (repeatable)" },

	{ .title = "HTTP" },
	{ .name = "request", .letter = 'X', .arg = "METHOD", TO(STRING_ANY, request.method),
	  .set = FOR_HEAD, .summary = "use METHOD instead of HEAD" },
	{ .name = "header", .letter = 'H', .arg = "'NAME: VALUE'", TO(LIST, headers),
	  .set = FOR_HEAD, .summary = "send or replace; 'NAME:' removes (repeatable)" },
	{ .name = "user-agent", .letter = 'A', .arg = "TEXT", TO(STRING_ANY, request.user_agent),
	  .set = FOR_HEAD, .summary = "the User-Agent" },
	{ .name = "http1.0", TO(SWITCH, request.http10), .set = FOR_HEAD,
	  .summary = "send an HTTP/1.0 request" },
	{ .name = "fail", .arg = "[=RANGES]", TO(RANGES, fail), .otherwise = "100-399",
	  .set = FOR_HEAD, .summary = "exit 9 if the status is not in RANGES (100-399)" },
	{ .name = "field", .arg = "NAME", TO(LIST, fields), .set = FOR_HEAD,
	  .summary = "print only this header (repeatable)" },

	{ .title = "Output" },
	{ .name = "json", TO(SWITCH, json), .set = FOR_ALL,
	  .summary = "events as JSON lines on standard output" },
	{ .name = "stats", TO(SWITCH, stats), .set = FOR_STREAMS,
	  .summary = "print totals at the end and on SIGUSR1" },
	{ .name = "verbose", .letter = 'v', TO(REPEATED, verbose), .set = FOR_ALL,
	  .summary = "more on standard error (up to -vvv)" },
	{ .name = "quiet", .letter = 'q', TO(REPEATED, quiet), .set = FOR_ALL,
	  .summary = "failures only; -qq: usage errors only" },
	{ .name = "color", .arg = "WHEN", TO(COLOR, color), .set = FOR_ALL,
	  .summary = "auto, always or never" },
	{ .name = "help", .letter = 'h', TO(SWITCH, help), .set = FOR_ALL,
	  .summary = "this text" },
	{ .name = "version", TO(SWITCH, version), .set = FOR_ALL,
	  .summary = "versions of liu and its libraries" },
};

/* clang-format on */

const struct option_row *const option_table_end =
	option_table + sizeof(option_table) / sizeof(option_table[0]);

const struct option_row *option_find(unsigned sets, const char *name, char letter)
{
	for (const struct option_row *row = option_table; row < option_table_end; row++) {
		if ((row->set & sets) == 0)
			continue;
		if (name == NULL ? letter != '\0' && row->letter == letter
				 : row->name != NULL && strcmp(row->name, name) == 0)
			return row;
	}
	return NULL;
}

static bool store_string(const char *value, const char **out, struct err *err)
{
	if (value[0] == '\0')
		return err_set(err, ERR_USAGE, "the argument is empty");
	*out = value;
	return true;
}

static bool store_file(const char *value, const char **out, struct err *err)
{
	if (strstr(value, "%n") != NULL)
		return err_set(err, ERR_USAGE, "'%s' has %%n, which only writefile knows", value);
	return store_string(value, out, err);
}

/* A limit of 0 must not mean "unlimited". */
static bool store_size(const char *value, bool zero_allowed, size_t *out, struct err *err)
{
	uint64_t size;

	if (!number_size(value, &size, err))
		return false;
	if (size == 0 && !zero_allowed)
		return err_set(err, ERR_USAGE, "invalid size '%s': must be above 0", value);
	if (size > SIZE_MAX)
		return err_set(err, ERR_USAGE, "invalid size '%s': too large", value);
	*out = (size_t)size;
	return true;
}

static bool store_int(const char *value, int *out, struct err *err)
{
	uint64_t number;

	if (!number_count(value, "number", 1, INT_MAX, &number, err))
		return false;
	*out = (int)number;
	return true;
}

static bool store_mode(const char *value, mode_t *out, struct err *err)
{
	bool octal = value[0] != '\0' && strspn(value, "01234567") == strlen(value);
	unsigned long mode = strtoul(value, NULL, 8);

	if (!octal || mode > MODE_MAX)
		return err_set(err, ERR_USAGE, "invalid mode '%s' (octal, at most 0777)", value);
	*out = (mode_t)mode;
	return true;
}

static bool store_color(const char *value, enum color_when *out, struct err *err)
{
	static const char *const names[] = { "auto", "always", "never" };

	for (enum color_when when = COLOR_AUTO; when <= COLOR_NEVER; when++) {
		if (strcmp(value, names[when]) == 0) {
			*out = when;
			return true;
		}
	}
	return err_set(err, ERR_USAGE, "invalid value '%s' (auto, always or never)", value);
}

static bool store_separator(const char *value, const char **out, struct err *err)
{
	struct bytes decoded;

	if (value[0] == '\0')
		return err_set(err, ERR_USAGE, "the separator is empty");
	if (!escape_decode(value, &decoded, err))
		return false;
	free((void *)decoded.data);
	*out = value;
	return true;
}

static bool store_ranges(const char *value, const char **out, struct err *err)
{
	if (!http_ranges_valid(value))
		return err_set(err, ERR_USAGE, "invalid statuses '%s' (such as 200-299,304)",
			       value);
	*out = value;
	return true;
}

/* The types are those that enum option_type names. */
static bool store(const struct option_row *row, const char *value, void *field, struct err *err)
{
	switch (row->type) {
	case OPTION_SWITCH:
		*(bool *)field = true;
		return true;
	case OPTION_REPEATED:
		++*(unsigned *)field;
		return true;
	case OPTION_STRING:
		return store_string(value, field, err);
	case OPTION_FILE:
		return store_file(value, field, err);
	case OPTION_STRING_ANY:
		*(const char **)field = value;
		return true;
	case OPTION_LIST:
		string_list_add(field, value);
		return true;
	case OPTION_BLOCKS:
		return access_add(field, value, err);
	case OPTION_DURATION:
		return number_duration(value, false, field, err);
	case OPTION_DURATION_0:
		return number_duration(value, true, field, err);
	case OPTION_SIZE:
		return store_size(value, false, field, err);
	case OPTION_SIZE_0:
		return store_size(value, true, field, err);
	case OPTION_COUNT:
		return number_count(value, "count", 1, UINT64_MAX, field, err);
	case OPTION_INT:
		return store_int(value, field, err);
	case OPTION_MODE:
		return store_mode(value, field, err);
	case OPTION_COLOR:
		return store_color(value, field, err);
	case OPTION_SEPARATOR:
		return store_separator(value, field, err);
	case OPTION_RANGES:
		return store_ranges(value, field, err);
	case OPTION_FAULT:
		return faults_add(field, value, err);
	}
	return err_set(err, ERR_USAGE, "an option of no type");
}

bool option_store(const struct option_row *row, const char *value, struct options *out,
		  struct err *err)
{
	char *base = (char *)out;

	if (!store(row, value, base + row->offset, err))
		return false;
	if (row->flag != 0)
		*(bool *)(base + row->flag) = true;
	return true;
}
