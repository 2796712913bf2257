/* SPDX-License-Identifier: ISC */
/* test_sockaddr: literals and local addresses, socket addresses as text, hints for bind(2). */
#include "config.h"

#include "io/sockaddr.h"
#include "net/address.h"

#include "base/alloc.h"
#include "base/err.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

#define TEN	"0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static void check_literal(const char *host, const char *want)
{
	struct socket_address addr;
	char *text;

	if (want == NULL) {
		assert_false(sockaddr_literal(host, 80, &addr));
		return;
	}
	assert_true(sockaddr_literal(host, 80, &addr));
	text = sockaddr_text(&addr);
	assert_string_equal(text, want);
	free(text);
}

static void test_literal(void **state)
{
	(void)state;
	check_literal("127.0.0.1", "127.0.0.1:80");
	check_literal("::1", "[::1]:80");
	check_literal("0:0:0:0:0:0:0:1", "[::1]:80");
	check_literal("fe80::1%lo", "[fe80::1%lo]:80");
	check_literal("fe80::1%1", "[fe80::1%lo]:80");
	check_literal("fe80::1%4294967295", "[fe80::1%4294967295]:80");
	check_literal("fe80::1%4294967296", NULL);
	check_literal("fe80::1%", NULL);
	check_literal("127.1", NULL);
	check_literal("127.0.0.1%lo", NULL);
	check_literal("[::1]", NULL);
	check_literal("localhost", NULL);
	check_literal("", NULL);
	check_literal(HUNDRED ":", NULL);
}

static void check_local(const char *word, const char *want)
{
	struct socket_address addr;
	struct err err = { .kind = ERR_OK };
	bool ok = address_parse_local(word, &addr, &err);
	char *text = ok ? sockaddr_text(&addr) : alloc_string(err.text);

	assert_string_equal(text, want);
	assert_int_equal(err.kind, ok ? ERR_OK : ERR_USAGE);
	free(text);
}

static void test_local(void **state)
{
	(void)state;
	check_local("127.0.0.1", "127.0.0.1:0");
	check_local("127.0.0.1:5000", "127.0.0.1:5000");
	check_local("::1", "[::1]:0");
	check_local("[::1]", "[::1]:0");
	check_local("[::1]:5000", "[::1]:5000");
	check_local("fe80::1%lo", "[fe80::1%lo]:0");
	check_local("127.1", "'127.1' is not an IP address of this machine");
	check_local("localhost", "'localhost' is not an IP address of this machine");
	check_local("[127.0.0.1]:1", "'[127.0.0.1]:1' is not an IP address of this machine");
	check_local("[::1", "'[::1' is not ADDR[:PORT]");
	check_local("[::1]1", "'[::1]1' is not ADDR[:PORT]");
	check_local("127.0.0.1:99999", "invalid port '99999' (at most 65535)");
	check_local("", "'' is not an IP address of this machine");
	check_local(":80", "':80' is not an IP address of this machine");
}

static void check_unix_text(const char *path, size_t len, const char *want)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct socket_address a;
	char *text;

	memcpy(addr.sun_path, path, len);
	a = sockaddr_of((struct sockaddr *)&addr,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	text = sockaddr_text(&a);
	assert_string_equal(text, want);
	free(text);
}

static void test_sockaddr_text(void **state)
{
	struct socket_address addr = { .len = sizeof(addr.addr) };
	char *text;

	(void)state;
	check_unix_text("", 0, "");
	check_unix_text("/run/x", 7, "unix:/run/x");
	check_unix_text("/run/x", 6, "unix:/run/x");
	check_unix_text("//x", 3, "unix:////x");
	check_unix_text("\0name", 5, "unix:@name");
	check_unix_text("\0a\0b", 4, "unix:@a@b");
	check_unix_text(HUNDRED "12345678", 108, "unix:" HUNDRED "12345678");
	text = sockaddr_text(&addr);
	assert_string_equal(text, "");
	free(text);
	addr.len = 0;
	text = sockaddr_text(&addr);
	assert_string_equal(text, "");
	free(text);
}

static void test_bind_hint(void **state)
{
	static const char root[] = " (ports below 1024 need root)";
	static const char none[] = " (this machine has no such address)";
	const struct socket_address vsock = sockaddr_vsock(1, 80);
	struct socket_address a;

	(void)state;
	assert_true(sockaddr_literal("192.0.2.1", 80, &a));
	assert_string_equal(sockaddr_bind_hint(&a, EACCES), root);
	assert_string_equal(sockaddr_bind_hint(&a, EADDRNOTAVAIL), none);
	assert_string_equal(sockaddr_bind_hint(&a, EADDRINUSE), "");
	assert_true(sockaddr_literal("2001:db8::1", 0, &a));
	assert_string_equal(sockaddr_bind_hint(&a, EACCES), "");
	assert_string_equal(sockaddr_bind_hint(&a, EADDRNOTAVAIL), none);
	assert_string_equal(sockaddr_bind_hint(&vsock, EACCES), root);
	assert_true(sockaddr_unix("s", false, &a));
	assert_string_equal(sockaddr_bind_hint(&a, EACCES), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literal),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_sockaddr_text),
		cmocka_unit_test(test_bind_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
