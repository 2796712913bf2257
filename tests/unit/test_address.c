/* SPDX-License-Identifier: ISC */
/* test_address: every form of ADDRESS, and it as text. */
#include "config.h"

#include "net/address.h"

#include "base/alloc.h"
#include "base/err.h"

#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEN	 "0123456789"
#define HUNDRED	 TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define LABEL_63 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabc"
#define NAME_253                                                                                   \
	LABEL_63 "." LABEL_63 "." LABEL_63                                                         \
		 ".abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij0"
#define C ADDRESS_CONNECT
#define L ADDRESS_LISTEN

/* One line that says all that was read. */
static char *shown(const struct address *a)
{
	static const char *const hosts[] = { "name", "literal", "loopback", "any" };
	const char *tls = a->tls ? "tls " : "";

	switch (a->kind) {
	case ADDRESS_TCP:
		return alloc_printf("%stcp %s%s%s %u", tls, hosts[a->host_kind],
				    a->host != NULL ? " " : "", a->host != NULL ? a->host : "",
				    a->port);
	case ADDRESS_UNIX:
		return alloc_printf("%sunix %s%s", tls, a->abstract ? "abstract " : "", a->path);
	case ADDRESS_FD:
		return alloc_printf("%sfd %d", tls, a->fd);
	case ADDRESS_SD:
		return alloc_printf("%ssd %s", tls, a->name != NULL ? a->name : "(all)");
	case ADDRESS_VSOCK:
		return alloc_printf("%svsock %u %u", tls, a->cid, a->vsock_port);
	}
	return NULL;
}

struct row {
	const char *text;
	const char *next; /* NULL: only one word may be taken */
	enum address_use use;
	const char *want; /* what shown() says, or the error */
};

static void check_row(const struct row *row)
{
	struct address a;
	struct err err = { .kind = ERR_OK };
	bool ok = address_parse(row->text, row->next, row->use, &a, &err);
	bool took = ok && address_wants_port(row->text, row->next);
	char *got = ok ? shown(&a) : alloc_string(err.text);
	char *all = alloc_printf("%s -> %s%s", row->text, got, took ? " (took the next)" : "");
	char *want = alloc_printf("%s -> %s", row->text, row->want);

	assert_string_equal(all, want);
	assert_int_equal(err.kind, ok ? ERR_OK : ERR_USAGE);
	if (ok)
		address_free(&a);
	free(got);
	free(all);
	free(want);
}

#define CHECK_ROWS(rows)                                                                           \
	do {                                                                                       \
		for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++)                      \
			check_row(&(rows)[i]);                                                     \
	} while (0)

static void test_tcp(void **state)
{
	static const struct row rows[] = {
		{ "example.org:80", NULL, C, "tcp name example.org 80" },
		{ "example.org.:80", NULL, C, "tcp name example.org. 80" },
		{ "Example_1.ORG:80", NULL, C, "tcp name Example_1.ORG 80" },
		{ "localhost:65535", NULL, C, "tcp name localhost 65535" },
		{ "localhost:00080", NULL, C, "tcp name localhost 80" },
		{ "127.0.0.1:80", NULL, C, "tcp literal 127.0.0.1 80" },
		{ "[::1]:80", NULL, C, "tcp literal ::1 80" },
		{ "[::ffff:1.2.3.4]:80", NULL, C, "tcp literal ::ffff:1.2.3.4 80" },
		{ "[fe80::1%lo]:80", NULL, C, "tcp literal fe80::1%lo 80" },
		{ "[fe80::1%1]:80", NULL, C, "tcp literal fe80::1%1 80" },
		{ "80", NULL, C, "tcp loopback 80" },
		{ "0", NULL, L, "tcp loopback 0" },
		{ ":80", NULL, C, "tcp any 80" },
		{ "*:80", NULL, L, "tcp any 80" },
		{ ":0", NULL, L, "tcp any 0" },
		{ "[::1]:0", NULL, L, "tcp literal ::1 0" },
		{ "a1:80", NULL, C, "tcp name a1 80" },
		{ "1a:80", NULL, C, "tcp name 1a 80" },
		{ "127.1.example:80", NULL, C, "tcp name 127.1.example 80" },
		{ LABEL_63 ":80", NULL, C, "tcp name " LABEL_63 " 80" },
		{ NAME_253 ":80", NULL, C, "tcp name " NAME_253 " 80" },
		{ NAME_253 ".:80", NULL, C, "tcp name " NAME_253 ". 80" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void test_idn(void **state)
{
	static const struct row rows[] = {
		{ "b\xc3\xbc"
		  "cher.example:80",
		  NULL, C, "tcp name xn--bcher-kva.example 80" },
		{ "B\xc3\x9c"
		  "cher.example:80",
		  NULL, C, "tcp name xn--bcher-kva.example 80" },
		{ "bu\xcc\x88"
		  "cher.example:80",
		  NULL, C, "tcp name xn--bcher-kva.example 80" },
		{ "stra\xc3\x9f"
		  "e.example:80",
		  NULL, C, "tcp name xn--strae-oqa.example 80" },
		{ "\xe6\xb5\x81.example", "80", C, "tcp name xn--qzw.example 80 (took the next)" },
		/* full-width digits and dots are digits and dots */
		{ "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1:80", NULL, C,
		  "tcp literal 127.0.0.1 80" },
		{ "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.1:80", NULL, C,
		  "'127.1' is not an IPv4 address: four numbers from 0 to 255" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void test_not_idn(void **state)
{
	struct address a;
	struct err err;

	(void)state;
	assert_false(address_parse("b\xfc"
				   "cher:80",
				   NULL, C, &a, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_false(address_parse("\xe2\x84\x80:80", NULL, C, &a, &err)); /* a/c */
	assert_int_equal(err.kind, ERR_USAGE);
}

static void test_schemes(void **state)
{
	static const struct row rows[] = {
		{ "tcp:example.org:80", NULL, C, "tcp name example.org 80" },
		{ "tcp://example.org:80", NULL, C, "tcp name example.org 80" },
		{ "TCP://example.org:80", NULL, C, "tcp name example.org 80" },
		{ "tcp:tcp:80", NULL, C, "tcp name tcp 80" },
		{ "tcp:unix:80", NULL, C, "tcp name unix 80" },
		{ "tcp:80", NULL, C, "tcp loopback 80" },
		{ "tcp::80", NULL, C, "tcp any 80" },
		{ "tcp:[::1]:80", NULL, C, "tcp literal ::1 80" },
		{ "tls:example.org:443", NULL, C, "tls tcp name example.org 443" },
		{ "tls://example.org:443", NULL, C, "tls tcp name example.org 443" },
		{ "tls:tcp:tls:443", NULL, C, "tls tcp name tls 443" },
		{ "tls://tcp://h:443", NULL, C, "tls tcp name h 443" },
		{ "tls:443", NULL, L, "tls tcp loopback 443" },
		{ "tls::443", NULL, L, "tls tcp any 443" },
		{ "tls:unix:/run/x", NULL, C, "tls unix /run/x" },
		{ "tls:/run/x", NULL, C, "tls unix /run/x" },
		{ "tls:fd:3", NULL, C, "tls fd 3" },
		{ "unix:/run/x", NULL, C, "unix /run/x" },
		{ "unix:///run/x", NULL, C, "unix /run/x" },
		{ "unix:x", NULL, C, "unix x" },
		{ "unix:a:b@c", NULL, C, "unix a:b@c" },
		{ "unix:@name", NULL, C, "unix abstract name" },
		{ "unix:./@name", NULL, C, "unix ./@name" },
		{ "/run/x", NULL, C, "unix /run/x" },
		{ "./x:80", NULL, C, "unix ./x:80" },
		{ "../x", NULL, L, "unix ../x" },
		{ "fd:3", NULL, C, "fd 3" },
		{ "fd:0", NULL, L, "fd 0" },
		{ "fd://2147483647", NULL, C, "fd 2147483647" },
		{ "sd:", NULL, L, "sd (all)" },
		{ "sd:web", NULL, L, "sd web" },
		{ "tls:sd:web", NULL, L, "tls sd web" },
		{ "tcpx:80", NULL, C, "tcp name tcpx 80" },
		{ "sd", "80", C, "tcp name sd 80 (took the next)" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

#if __has_include(<linux/vm_sockets.h>)
static void test_vsock(void **state)
{
	static const struct row rows[] = {
		{ "vsock:2:80", NULL, C, "vsock 2 80" },
		{ "vsock://2:80", NULL, C, "vsock 2 80" },
		{ "tls:vsock:2:80", NULL, C, "tls vsock 2 80" },
		{ "vsock:1:4294967294", NULL, C, "vsock 1 4294967294" },
		{ "vsock:80", NULL, L, "vsock 4294967295 80" },
		{ "vsock:2:0", NULL, L, "vsock 2 0" },
		{ "vsock:80", NULL, C, "'vsock:80' is not vsock:CID:PORT" },
		{ "vsock:2:", NULL, C, "'vsock:2:' is not vsock:CID:PORT" },
		{ "vsock::80", NULL, C, "'vsock::80' is not vsock:CID:PORT" },
		{ "vsock:2:4294967295", NULL, C, "'vsock:2:4294967295' is not vsock:CID:PORT" },
		{ "vsock:2:80:1", NULL, C, "'vsock:2:80:1' is not vsock:CID:PORT" },
		{ "vsock:a", NULL, L, "'vsock:a' is not vsock:PORT or vsock:CID:PORT" },
		{ "vsock:2:0", NULL, C, "'vsock:2:0' has port 0, to which nothing can connect" },
	};

	(void)state;
	CHECK_ROWS(rows);
}
#endif

static void test_two_words(void **state)
{
	static const struct row rows[] = {
		{ "localhost", "80", C, "tcp name localhost 80 (took the next)" },
		{ "127.0.0.1", "80", C, "tcp literal 127.0.0.1 80 (took the next)" },
		{ "::1", "80", C, "tcp literal ::1 80 (took the next)" },
		{ "[::1]", "80", C, "tcp literal ::1 80 (took the next)" },
		{ "fe80::1%lo", "80", C, "tcp literal fe80::1%lo 80 (took the next)" },
		{ "*", "80", L, "tcp any 80 (took the next)" },
		{ "localhost", "0", L, "tcp name localhost 0 (took the next)" },
		{ "80", "90", C, "tcp loopback 80" },
		{ "localhost:80", "90", C, "tcp name localhost 80" },
		{ ":80", "90", C, "tcp any 80" },
		{ "[::1]:80", "90", C, "tcp literal ::1 80" },
		{ "tcp:localhost:80", "90", C, "tcp name localhost 80" },
		{ "./x", "90", C, "unix ./x" },
		{ "fd:3", "90", C, "fd 3" },
		{ "localhost:80", "readline", C, "tcp name localhost 80" },
		{ "localhost", "readline", C, "'localhost' has no port: localhost:PORT" },
		{ "tcp-listen:80", NULL, L, "'tcp-listen:80' is an address of socat" },
		{ "tcp:tcp-listen:80", NULL, L, "tcp name tcp-listen 80" },
		{ "tcp:localhost", "80", C, "'tcp:localhost' has no port: localhost:PORT" },
		{ "localhost", "80x", C,
		  "invalid port '80x': not a number and not a known service" },
		{ "localhost", "70000", C, "invalid port '70000' (at most 65535)" },
		{ "127.1", "80", C, "'127.1' is not an IPv4 address: four numbers from 0 to 255" },
		{ "", "80", C, "'' is not an address" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void test_one_word_only(void **state)
{
	struct address a;
	struct err err;

	(void)state;
	assert_false(address_parse("localhost", NULL, C, &a, &err));
	assert_string_equal(err.text, "'localhost' has no port: localhost:PORT");
}

static void test_refused_ports(void **state)
{
	static const struct row rows[] = {
		{ "", NULL, C, "'' is not an address" },
		{ "tls:", NULL, C, "'tls:' is not an address" },
		{ "tls:tls:h:1", NULL, C, "'tls:tls:h:1' has tls: twice" },
		{ "localhost", NULL, C, "'localhost' has no port: localhost:PORT" },
		{ "localhost:", NULL, C, "'localhost:' has no port" },
		{ ":", NULL, C, "':' has no port" },
		{ "*", NULL, C, "'*' has no port: *:PORT" },
		{ "localhost:99999", NULL, C, "invalid port '99999' (at most 65535)" },
		{ "99999999999999999999999", NULL, C,
		  "invalid port '99999999999999999999999' (at most 65535)" },
		{ "localhost:-1", NULL, C,
		  "invalid port '-1': not a number and not a known service" },
		{ "localhost:+1", NULL, C,
		  "invalid port '+1': not a number and not a known service" },
		{ "localhost: 1", NULL, C,
		  "invalid port ' 1': not a number and not a known service" },
		{ "localhost:1 ", NULL, C,
		  "invalid port '1 ': not a number and not a known service" },
		{ "localhost:nosuchservice", NULL, C,
		  "invalid port 'nosuchservice': not a number and not a known service" },
		{ "0", NULL, C, "'0' has port 0, to which nothing can connect" },
		{ "h:0", NULL, C, "'h:0' has port 0, to which nothing can connect" },
		{ "[::1]:0", NULL, C, "'[::1]:0' has port 0, to which nothing can connect" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void test_refused_ipv6(void **state)
{
	static const struct row rows[] = {
		{ "::1:80", NULL, C, "'::1:80' needs brackets: [::1]:80" },
		{ "::1:80", "readline", C, "'::1:80' needs brackets: [::1]:80" },
		{ "fe80::1%lo:80", NULL, C, "'fe80::1%lo:80' needs brackets: [fe80::1%lo]:80" },
		{ "::1:http", NULL, C, "'::1:http' needs brackets: [::1]:http" },
		{ "1:2:3:4:5:6:7:8:80", NULL, C,
		  "'1:2:3:4:5:6:7:8:80' needs brackets: [1:2:3:4:5:6:7:8]:80" },
		{ "::1", NULL, C, "'::1' has no port: [::1]:PORT" },
		{ "1:2:3:4:5:6:7:8", NULL, C,
		  "'1:2:3:4:5:6:7:8' has no port: [1:2:3:4:5:6:7:8]:PORT" },
		{ "a:b:c", NULL, C, "'a:b:c' is not HOST:PORT: it has several colons" },
		{ "localhost::80", NULL, C,
		  "'localhost::80' is not HOST:PORT: it has several colons" },
		/* brackets */
		{ "[::1]", NULL, C, "'[::1]' has no port: [::1]:PORT" },
		{ "[::1]80", NULL, C, "'[::1]80' is not [IPV6]:PORT" },
		{ "[::1", NULL, C, "'[::1' is not [IPV6]:PORT" },
		{ "[::1]:", NULL, C, "'[::1]:' has no port" },
		{ "[127.0.0.1]:80", NULL, C, "'[127.0.0.1]:80' is not [IPV6]:PORT" },
		{ "[localhost]:80", NULL, C, "'[localhost]:80' is not [IPV6]:PORT" },
		{ "[::g]:80", NULL, C, "'::g' is not an IPv6 address" },
		{ "[::1%]:80", NULL, C, "'::1%' is not an IPv6 address" },
		{ "[fe80::1%nosuchif]:80", NULL, C,
		  "'fe80::1%nosuchif' does not name an interface of this machine" },
		{ "[fe80::1%0]:80", NULL, C,
		  "'fe80::1%0' does not name an interface of this machine" },
		{ "[]:80", NULL, C, "'[]:80' is not [IPV6]:PORT" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void test_refused_names(void **state)
{
	static const struct row rows[] = {
		/* what only inet_aton takes */
		{ "127.1:80", NULL, C,
		  "'127.1' is not an IPv4 address: four numbers from 0 to 255" },
		{ "0x7f.1:80", NULL, C,
		  "'0x7f.1' is not an IPv4 address: four numbers from 0 to 255" },
		{ "127.0.0.0x1:80", NULL, C,
		  "'127.0.0.0x1' is not an IPv4 address: four numbers from 0 to 255" },
		{ "2130706433:80", NULL, C,
		  "'2130706433' is not an IPv4 address: four numbers from 0 to 255" },
		{ "0177.0.0.1:80", NULL, C,
		  "'0177.0.0.1' is not an IPv4 address: four numbers from 0 to 255" },
		{ "1.2.3.256:80", NULL, C,
		  "'1.2.3.256' is not an IPv4 address: four numbers from 0 to 255" },
		{ "1.2.3.4.5:80", NULL, C,
		  "'1.2.3.4.5' is not an IPv4 address: four numbers from 0 to 255" },
		{ "127.0.0.1.:80", NULL, C,
		  "'127.0.0.1.' is not an IPv4 address: four numbers from 0 to 255" },
		/* names */
		{ "a b:80", NULL, C, "'a b' is not a host name" },
		{ "a..b:80", NULL, C, "'a..b' is not a host name" },
		{ ".:80", NULL, C, "'.' is not a host name" },
		{ ".a:80", NULL, C, "'.a' is not a host name" },
		{ "*.a:80", NULL, C, "'*.a' is not a host name" },
		{ "a@b:80", NULL, C, "'a@b' is not a host name" },
		{ "a\nb:80", NULL, C, "'a\\nb' is not a host name" },
		{ "x" LABEL_63 ":80", NULL, C, "'x" LABEL_63 "' is not a host name" },
		{ "http://h/", NULL, C, "'http://h/' is a URL, not an address" },
		{ "tcp://h:1/", NULL, C,
		  "'tcp://h:1/' is not HOST:PORT; a path begins with / or ./" },
		{ "run/x", NULL, C, "'run/x' is not HOST:PORT; a path begins with / or ./" },
		{ "run/x", "80", C, "'run/x' is not HOST:PORT; a path begins with / or ./" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void test_refused_schemes(void **state)
{
	static const struct row rows[] = {
		{ "unix:", NULL, C, "'unix:' has no name" },
		{ "unix:@", NULL, C, "'unix:@' has no name" },
		{ "unix:///", NULL, L, "unix /" },
		{ "fd:", NULL, C, "'fd:' is not fd:N" },
		{ "fd:-1", NULL, C, "'fd:-1' is not fd:N" },
		{ "fd:x", NULL, C, "'fd:x' is not fd:N" },
		{ "fd:3x", NULL, C, "'fd:3x' is not fd:N" },
		{ "fd:2147483648", NULL, C, "'fd:2147483648' is not fd:N" },
		{ "sd:", NULL, C, "'sd:' is only for listening" },
		{ "sd:x", NULL, C, "'sd:x' is only for listening" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void test_too_long(void **state)
{
	struct address a;
	struct err err;

	(void)state;
	assert_false(address_parse(NAME_253 "x:80", NULL, C, &a, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.text, "is too long for a host name"));
}

static void test_sun_path(void **state)
{
	static const struct row rows[] = {
		{ "unix:" HUNDRED "1234567", NULL, C, "unix " HUNDRED "1234567" },
		{ "unix:@" HUNDRED "1234567", NULL, C, "unix abstract " HUNDRED "1234567" },
		{ "unix:" HUNDRED "12345678", NULL, C,
		  "'" HUNDRED "12345678' is too long for a Unix socket (at most 107 bytes)" },
		{ "unix:@" HUNDRED "12345678", NULL, L,
		  "'" HUNDRED "12345678' is too long for a Unix socket (at most 107 bytes)" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void test_service(void **state)
{
	static const struct row rows[] = {
		{ "localhost:http", NULL, C, "tcp name localhost 80" },
		{ ":https", NULL, L, "tcp any 443" },
		{ "[::1]:http", NULL, C, "tcp literal ::1 80" },
		{ "localhost", "http", C, "'localhost' has no port: localhost:PORT" },
		{ "http", NULL, C, "'http' has no port: http:PORT" },
	};

	(void)state;
	if (getservbyname("http", "tcp") == NULL || getservbyname("https", "tcp") == NULL)
		skip();
	CHECK_ROWS(rows);
}

static void test_wants_port(void **state)
{
	(void)state;
	assert_true(address_wants_port("localhost", "80"));
	assert_true(address_wants_port("::1", "8"));
	assert_true(address_wants_port("[::1]", "80"));
	assert_true(address_wants_port("unix", "80"));
	assert_false(address_wants_port("localhost", NULL));
	assert_false(address_wants_port("localhost", ""));
	assert_false(address_wants_port("localhost", "write"));
	assert_false(address_wants_port("localhost:1", "80"));
	assert_false(address_wants_port("1", "80"));
	assert_false(address_wants_port("", "80"));
	assert_false(address_wants_port("unix:x", "80"));
	assert_false(address_wants_port("/x", "80"));
	assert_false(address_wants_port("[::1]:1", "80"));
}

/* What address_text() gives is read as the same again, but for "tls:". */
static void test_text(void **state)
{
	static const char *const rows[][2] = {
		{ "localhost:80", "localhost:80" },
		{ "[::1]:80", "[::1]:80" },
		{ "80", "localhost:80" },
		{ ":80", "*:80" },
		{ "tls:example.org:443", "example.org:443" },
		{ "tcp:unix:80", "tcp:unix:80" },
		{ "tls://tcp:tls:80", "tcp:tls:80" },
		{ "tls://TCP-CONNECT:80", "tcp:TCP-CONNECT:80" },
		{ "/run/x", "unix:/run/x" },
		{ "//run/x", "unix:////run/x" },
		{ "unix:////x", "unix:////x" },
		{ "unix:@x", "unix:@x" },
		{ "unix:@//x", "unix:@//x" },
		{ "fd:3", "fd:3" },
		{ "sd:", "sd:" },
		{ "sd:web", "sd:web" },
		{ "sd:////x", "sd:////x" },
#if __has_include(<linux/vm_sockets.h>)
		{ "vsock:2:80", "vsock:2:80" },
		{ "vsock:80", "vsock:80" },
#endif
	};
	struct address a;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text;

		assert_true(address_parse(rows[i][0], NULL, L, &a, &err));
		text = address_text(&a);
		assert_string_equal(text, rows[i][1]);
		address_free(&a);
		assert_true(address_parse(text, NULL, L, &a, &err));
		free(text);
		text = address_text(&a);
		assert_string_equal(text, rows[i][1]);
		address_free(&a);
		free(text);
	}
}

static void test_tls_name(void **state)
{
	static const char *const rows[][2] = {
		{ "example.org:1", "example.org" },
		{ "[::1]:1", "::1" },
		{ "127.0.0.1:1", "127.0.0.1" },
		{ "1", "localhost" },
		{ ":1", "localhost" },
		{ "/run/x", NULL },
		{ "fd:3", NULL },
		{ "sd:", NULL },
	};
	struct address a;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(address_parse(rows[i][0], NULL, L, &a, &err));
		if (rows[i][1] == NULL)
			assert_null(address_tls_name(&a));
		else
			assert_string_equal(address_tls_name(&a), rows[i][1]);
		address_free(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_idn),
		cmocka_unit_test(test_not_idn),
		cmocka_unit_test(test_schemes),
#if __has_include(<linux/vm_sockets.h>)
		cmocka_unit_test(test_vsock),
#endif
		cmocka_unit_test(test_two_words),
		cmocka_unit_test(test_one_word_only),
		cmocka_unit_test(test_refused_ports),
		cmocka_unit_test(test_refused_ipv6),
		cmocka_unit_test(test_refused_names),
		cmocka_unit_test(test_refused_schemes),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_sun_path),
		cmocka_unit_test(test_service),
		cmocka_unit_test(test_wants_port),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_tls_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
