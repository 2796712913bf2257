/* SPDX-License-Identifier: ISC */
/* test_proxy_header: PROXY protocol headers, good and bad, whole and a byte at a time. */
#include "config.h"

#include "net/proxy_header.h"

#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define START2	  "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(s)  bytes_of(s, sizeof(s) - 1)
#define TEN(c)	  c c c c c c c c c c
#define HUNDRED	  TEN(TEN("x"))
#define PORTS	  "\x12\x67\x01\xbb" /* 4711, 443 */
#define IP4	  "\xcb\x00\x71\x09\xc0\x00\x02\x01"
#define IP6(last) "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0" last
#define PATH_80	  "/abstract/or/path" TEN("\0\0\0\0\0\0") "\0\0\0" /* 80 bytes */
#define PATH	  PATH_80 TEN("\0\0") "\0\0\0\0\0\0\0\0"	   /* 108 */

/* Ask for ever longer beginnings, each in a block of its own, until the answer is there. */
static enum proxy_header_answer ask(struct bytes b, struct proxy_header *header, struct err *err,
				    size_t *needed)
{
	enum proxy_header_answer answer = PROXY_HEADER_MORE;

	for (*needed = 0; answer == PROXY_HEADER_MORE; ++*needed) {
		unsigned char *block;

		if (*needed > b.len)
			return answer;
		block = malloc(*needed + 1);
		memcpy(block, b.data, *needed);
		answer = proxy_header_read(bytes_of(block, *needed), header, err);
		free(block);
	}
	--*needed;
	return answer;
}

static void check_address(const struct socket_address *address, const char *want)
{
	char *text = sockaddr_text(address);

	assert_string_equal(text, want != NULL ? want : "");
	assert_int_equal(address->len > 0, want != NULL);
	free(text);
}

/* The header is `len` bytes of what begins with `b`, and these are its addresses. */
static void check(struct bytes b, size_t len, const char *source, const char *destination)
{
	struct proxy_header slow, whole;
	struct err err = { 0 };
	size_t needed;

	if (ask(b, &slow, &err, &needed) != PROXY_HEADER_OK)
		fail_msg("%s", err.text);
	assert_in_range(needed, 1, PROXY_HEADER_PEEK);
	assert_int_equal(proxy_header_read(b, &whole, &err), PROXY_HEADER_OK);
	assert_int_equal(slow.len, len);
	assert_int_equal(whole.len, len);
	check_address(&slow.source, source);
	check_address(&slow.destination, destination);
	check_address(&whole.source, source);
	check_address(&whole.destination, destination);
}

static void version1(void **state)
{
	(void)state;
	check(BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n"), 43, "203.0.113.9:4711",
	      "192.0.2.1:443");
	check(BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\nGET /\r\n"), 56,
	      "255.255.255.255:65535", "255.255.255.255:65535");
	check(BYTES("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n\r\n"), 32, "0.0.0.0:0", "0.0.0.0:0");
	check(BYTES("PROXY TCP6 2001:DB8::9 ::1 4711 443\r\n"), 37, "[2001:db8::9]:4711",
	      "[::1]:443");
	check(BYTES("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	      104, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
	      "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
	check(BYTES("PROXY UNKNOWN\r\nx"), 15, NULL, NULL);
	check(BYTES("PROXY UNKNOWN anything \0 \x80 at all\r\n"), 35, NULL, NULL);
	check(BYTES("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	      107, NULL, NULL);
}

static void version2(void **state)
{
	(void)state;
	check(BYTES(START2 "\x21\x11\0\x0c" IP4 PORTS "GET /"), 28, "203.0.113.9:4711",
	      "192.0.2.1:443");
	check(BYTES(START2 "\x21\x21\0\x24" IP6("\x09") IP6("\x01") PORTS), 52,
	      "[2001:db8::9]:4711", "[2001:db8::1]:443");
	check(BYTES(START2 "\x21\x31\0\xd8" PATH "\0" PATH), 232, "unix:/abstract/or/path",
	      "unix:@/abstract/or/path");
	check(BYTES(START2 "\x21\x31\0\xd8" HUNDRED "12345678" TEN(TEN("\0")) "\0\0\0\0\0\0\0\0"),
	      232, "unix:" HUNDRED "12345678", "");
	check(BYTES(START2 "\x21\x31\0\xd8" TEN(TEN("\0")) TEN(TEN("\0")) TEN("\0") "\0\0\0\0\0\0"),
	      232, "", "");
	/* extensions, which need not be there yet */
	check(BYTES(START2 "\x21\x11\xff\xff" IP4 PORTS), 65551, "203.0.113.9:4711",
	      "192.0.2.1:443");
	check(BYTES(START2 "\x21\x11\0\x13" IP4 PORTS "\x03\0\x04\x01\x02\x03\x04"), 35,
	      "203.0.113.9:4711", "192.0.2.1:443");
	/* no stream's address */
	check(BYTES(START2 "\x20\0\0\0"), 16, NULL, NULL);
	check(BYTES(START2 "\x20\xff\0\x0c" IP4 PORTS), 28, NULL, NULL);
	check(BYTES(START2 "\x21\0\0\0"), 16, NULL, NULL);
	check(BYTES(START2 "\x21\0\0\x05"), 21, NULL, NULL);
	check(BYTES(START2 "\x21\x12\0\x0c" IP4 PORTS), 28, NULL, NULL);
	check(BYTES(START2 "\x21\x22\0\0"), 16, NULL, NULL);
	check(BYTES(START2 "\x21\x32\0\0"), 16, NULL, NULL);
	check(BYTES(START2 "\x21\x10\0\0"), 16, NULL, NULL);
	check(BYTES(START2 "\x21\x01\0\0"), 16, NULL, NULL);
}

/* It is refused, and not before `needed` bytes are there. */
static void refuse(struct bytes b, size_t needed, const char *message)
{
	struct proxy_header header;
	struct err err = { 0 };
	size_t asked;

	assert_int_equal(ask(b, &header, &err, &asked), PROXY_HEADER_BAD);
	assert_int_equal(asked, needed);
	assert_int_equal(proxy_header_read(b, &header, &err), PROXY_HEADER_BAD);
	assert_int_equal(err.kind, ERR_PROXY);
	assert_string_equal(err.text, message);
}

static void what_is_no_header(void **state)
{
	(void)state;
	refuse(BYTES("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 1,
	       "no PROXY header: the peer sent 'GET / HTTP/1.1'");
	refuse(BYTES("PROXI TCP4"), 5, "no PROXY header: the peer sent 'PROXI TCP4'");
	refuse(BYTES("PROXY\tTCP4"), 6, "no PROXY header: the peer sent 'PROXY\\tTCP4'");
	refuse(BYTES("proxy"), 1, "no PROXY header: the peer sent 'proxy'");
	refuse(BYTES("\n"), 1, "no PROXY header: the peer sent '\\n'");
	refuse(BYTES("\x16\x03\x01\x02"), 1,
	       "no PROXY header: the peer sent '\\x16\\x03\\x01\\x02'");
	refuse(BYTES("\r\n\r\n\0\r\nQUIT\r"), 12,
	       "no PROXY header: the peer sent '\\r\\n\\r\\n\\x00\\r\\nQUIT\\r'");
}

static void bad_lines(void **state)
{
	static const char *const rows[] = {
		"PROXY ",
		"PROXY TCP4",
		"PROXY TCP4 ",
		"PROXY TCP4 203.0.113.9 192.0.2.1 4711",
		"PROXY TCP4 203.0.113.9 192.0.2.1 4711 ",
		"PROXY TCP4 203.0.113.9 192.0.2.1 4711 443 ",
		"PROXY TCP4 203.0.113.9 192.0.2.1 4711 443 x",
		"PROXY  TCP4 203.0.113.9 192.0.2.1 4711 443",
		"PROXY TCP4  203.0.113.9 192.0.2.1 4711 443",
		"PROXY tcp4 203.0.113.9 192.0.2.1 4711 443",
		"PROXY TCP5 203.0.113.9 192.0.2.1 4711 443",
		"PROXY UDP4 203.0.113.9 192.0.2.1 4711 443",
		"PROXY UNKNOWNS",
		"PROXY TCP4 ::1 192.0.2.1 4711 443",
		"PROXY TCP4 203.0.113.9 ::1 4711 443",
		"PROXY TCP6 203.0.113.9 ::1 4711 443",
		"PROXY TCP6 fe80::1%lo ::1 4711 443",
		"PROXY TCP6 ::g ::1 4711 443",
		"PROXY TCP4 203.0.113 192.0.2.1 4711 443",
		"PROXY TCP4 203.0.113.009 192.0.2.1 4711 443",
		"PROXY TCP4 203.0.113.256 192.0.2.1 4711 443",
		"PROXY TCP4 203.0.113.9 192.0.2.1 65536 443",
		"PROXY TCP4 203.0.113.9 192.0.2.1 4711 -1",
		"PROXY TCP4 203.0.113.9 192.0.2.1 04711 443",
		"PROXY TCP4 203.0.113.9 192.0.2.1 4711 00",
		"PROXY TCP4 203.0.113.9 192.0.2.1 4711 ",
		"PROXY TCP4 localhost 192.0.2.1 4711 443",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char line[128], message[128];
		int len = snprintf(line, sizeof(line), "%s\r\n", rows[i]);

		(void)snprintf(message, sizeof(message), "bad PROXY header '%s'", rows[i]);
		refuse(bytes_of(line, (size_t)len), (size_t)len, message);
	}
}

static void bad_line_ends(void **state)
{
	char message[128];

	(void)state;
	refuse(BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\n"), 42,
	       "bad PROXY header 'PROXY TCP4 203.0.113.9 192.0.2.1 4711 443'");
	refuse(BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r \n"), 44,
	       "bad PROXY header 'PROXY TCP4 203.0.113.9 192.0.2.1 4711 443'");
	refuse(BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\r\n"), 44,
	       "bad PROXY header 'PROXY TCP4 203.0.113.9 192.0.2.1 4711 443'");
	refuse(BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\0\r\n"), 44,
	       "bad PROXY header 'PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\\x00'");
	refuse(BYTES("PROXY UNKNOWN\n"), 14, "bad PROXY header 'PROXY UNKNOWN'");
	/* one byte too long: 108 with its end */
	refuse(BYTES("PROXY " HUNDRED "\r\n"), 107, "bad PROXY header 'PROXY " HUNDRED "'");
	(void)snprintf(message, sizeof(message), "bad PROXY header 'PROXY UNKNOWN %.93s'", HUNDRED);
	refuse(BYTES("PROXY UNKNOWN " HUNDRED "\r\n"), 107, message);
}

static void bad_blocks(void **state)
{
	static const char *const rows[] = {
		"\x11\x11\0\x0c",				      /* version 1, 3 and 0 */
		"\x31\x11\0\x0c", "\x01\x11\0\x0c", "\x22\x11\0\x0c", /* command */
		"\x2f\x11\0\x0c", "\x21\x41\0\x0c",		      /* family */
		"\x21\x13\0\x0c",				      /* protocol */
		"\x21\x11\0\x0b", /* too short for the addresses */
		"\x21\x21\0\x23", "\x21\x31\0\xd7", "\x21\x11\0\0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char block[] = START2 "...." IP4 PORTS;
		struct proxy_header header;
		struct err err = { 0 };
		size_t needed;

		memcpy(block + 12, rows[i], 4);
		assert_int_equal(ask(BYTES(block), &header, &err, &needed), PROXY_HEADER_BAD);
		assert_int_equal(needed, 16);
		assert_int_equal(err.kind, ERR_PROXY);
		assert_int_equal(strncmp(err.text, "bad PROXY header '\\r\\n\\r\\n\\x00", 30), 0);
	}
}

static void not_yet(void **state)
{
	struct proxy_header header;
	struct err err;
	size_t needed;

	(void)state;
	assert_int_equal(ask(BYTES(""), &header, &err, &needed), PROXY_HEADER_MORE);
	assert_int_equal(ask(BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 1\r"), &header, &err, &needed),
			 PROXY_HEADER_MORE);
	assert_int_equal(ask(BYTES(START2 "\x21\x11\0"), &header, &err, &needed),
			 PROXY_HEADER_MORE);
	assert_int_equal(ask(BYTES(START2 "\x21\x11\0\x0c" IP4 "\x12\x67\x01"), &header, &err,
			     &needed),
			 PROXY_HEADER_MORE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version1),	     cmocka_unit_test(version2),
		cmocka_unit_test(what_is_no_header), cmocka_unit_test(bad_lines),
		cmocka_unit_test(bad_line_ends),     cmocka_unit_test(bad_blocks),
		cmocka_unit_test(not_yet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
