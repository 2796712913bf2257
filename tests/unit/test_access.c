/* SPDX-License-Identifier: ISC */
/* test_access: blocks as text, and which peers they hold. */
#include "config.h"

#include "net/access.h"

#include "base/err.h"
#include "io/sockaddr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SUCH " (such as 10.0.0.0/8, 2001:db8::/32 or 192.0.2.1)"

static void add(struct access_list *list, const char *text)
{
	struct err err = { 0 };

	if (text != NULL && !access_add(list, text, &err))
		fail_msg("%s: %s", text, err.text);
}

/* Which option refuses the peer, with one block each of --allow and --deny, or NULL? */
static const char *refusal(const char *allow, const char *deny, const char *ip)
{
	struct access access = { 0 };
	struct socket_address peer;
	const char *option;

	add(&access.allow, allow);
	add(&access.deny, deny);
	assert_true(sockaddr_literal(ip, 5000, &peer));
	option = access_refusal(&access, &peer);
	access_free(&access);
	return option;
}

static void blocks_hold_peers(void **state)
{
	static const struct {
		const char *block, *in, *out; /* out NULL: nothing of its family is outside */
	} rows[] = {
		{ "10.0.0.0/8", "10.255.0.1", "11.0.0.0" },
		{ "10.0.0.0/8", "10.0.0.0", "9.255.255.255" },
		{ "10.32.0.0/11", "10.63.255.255", "10.64.0.0" },
		{ "192.0.2.1", "192.0.2.1", "192.0.2.0" },
		{ "192.0.2.1/32", "192.0.2.1", "192.0.2.3" },
		{ "128.0.0.0/1", "200.0.0.1", "127.255.255.255" },
		{ "0.0.0.0/0", "1.2.3.4", "::1" },
		{ "::/0", "2001:db8::1", "1.2.3.4" },
		{ "2001:db8::/32", "2001:db8:ffff::1", "2001:db9::" },
		{ "2001:db8::8/125", "2001:db8::f", "2001:db8::10" },
		{ "::1", "::1", "::2" },
		{ "fe80::/10", "fe80::1%lo", "fec0::1" },
		/* IPv4 in its IPv6 form */
		{ "10.0.0.0/8", "::ffff:10.1.2.3", "::ffff:11.0.0.0" },
		{ "::/0", "::", "::ffff:1.2.3.4" },
		{ "::ffff:10.0.0.0/104", "10.1.2.3", "11.0.0.0" },
		{ "::ffff:10.0.0.1", "::ffff:10.0.0.1", "10.0.0.2" },
		{ "::ffff:0:0/96", "1.2.3.4", "::1" },
		{ "::10.0.0.0/104", "::10.1.2.3", "10.1.2.3" }, /* the old form is IPv6 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *block = rows[i].block;

		assert_null(refusal(block, NULL, rows[i].in));
		assert_string_equal(refusal(block, NULL, rows[i].out), "--allow");
		assert_string_equal(refusal(NULL, block, rows[i].in), "--deny");
		assert_null(refusal(NULL, block, rows[i].out));
	}
}

static void deny_wins(void **state)
{
	struct access access = { 0 };
	struct socket_address peer;

	(void)state;
	assert_null(refusal(NULL, NULL, "192.0.2.1"));
	assert_string_equal(refusal("10.0.0.0/8", "10.1.0.0/16", "10.1.0.1"), "--deny");
	assert_string_equal(refusal("10.1.0.0/16", "10.0.0.0/8", "10.1.0.1"), "--deny");
	assert_null(refusal("10.0.0.0/8", "10.1.0.0/16", "10.2.0.1"));
	assert_string_equal(refusal("10.0.0.0/8", "10.1.0.0/16", "::1"), "--allow");
	add(&access.allow, "10.0.0.0/8");
	add(&access.allow, "::1");
	assert_true(sockaddr_literal("::1", 1, &peer));
	assert_null(access_refusal(&access, &peer));
	access_free(&access);
}

static void a_peer_without_an_ip_address_may_connect(void **state)
{
	struct access access = { 0 };
	struct socket_address peer = { 0 };

	(void)state;
	add(&access.allow, "10.0.0.0/8");
	add(&access.deny, "::/0");
	assert_null(access_refusal(&access, &peer));
	assert_true(sockaddr_unix("/s", false, &peer));
	assert_null(access_refusal(&access, &peer));
	peer = sockaddr_vsock(2, 1);
	assert_null(access_refusal(&access, &peer));
	access_free(&access);
}

static void bad_blocks(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "", "invalid block ''" SUCH },
		{ "/8", "invalid block '/8'" SUCH },
		{ "10/8", "invalid block '10/8'" SUCH },
		{ "localhost", "invalid block 'localhost'" SUCH },
		{ "010.0.0.0/8", "invalid block '010.0.0.0/8'" SUCH },
		{ " 10.0.0.0/8", "invalid block ' 10.0.0.0/8'" SUCH },
		{ "[::1]", "invalid block '[::1]'" SUCH },
		{ "10.0.0.0/8,::1",
		  "invalid block '10.0.0.0/8,::1': give the option once for each block" },
		{ "fe80::1%lo", "invalid block 'fe80::1%lo'" SUCH },
		{ "10.0.0.0:80", "invalid block '10.0.0.0:80'" SUCH },
		{ "0:0:0:0:0:ffff:255.255.255.2551/128",
		  "invalid block '0:0:0:0:0:ffff:255.255.255.2551/128'" SUCH },
		{ "0000:0000:0000:0000:0000:0000:0000:00000001",
		  "invalid block '0000:0000:0000:0000:0000:0000:0000:00000001'" SUCH },
		/* good up to the length of the longest address */
		{ "0000:0000:0000:0000:0000:ffff:192.168.100.2281",
		  "invalid block '0000:0000:0000:0000:0000:ffff:192.168.100.2281'" SUCH },
		{ "10.0.0.0/", "invalid prefix length '' (0 to 32)" },
		{ "10.0.0.0/33", "invalid prefix length '33' (0 to 32)" },
		{ "10.0.0.0/8/8", "invalid prefix length '8/8' (0 to 32)" },
		{ "10.0.0.0/-1", "invalid prefix length '-1' (0 to 32)" },
		{ "10.0.0.0/255.0.0.0", "invalid prefix length '255.0.0.0' (0 to 32)" },
		{ "::/129", "invalid prefix length '129' (0 to 128)" },
		{ "10.0.0.1/8", "invalid block '10.0.0.1/8', did you mean 10.0.0.0/8?" },
		{ "10.0.0.1/31", "invalid block '10.0.0.1/31', did you mean 10.0.0.0/31?" },
		{ "10.0.0.0/0", "invalid block '10.0.0.0/0', did you mean 0.0.0.0/0?" },
		{ "2001:db8::1/32", "invalid block '2001:db8::1/32', did you mean 2001:db8::/32?" },
		{ "::ffff:10.0.0.1/104",
		  "invalid block '::ffff:10.0.0.1/104', did you mean 10.0.0.0/8?" },
		{ "::ffff:0:0/95", "invalid block '::ffff:0:0/95', did you mean ::fffe:0:0/95?" },
	};
	struct access_list list = { 0 };
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_false(access_add(&list, rows[i].text, &err));
		assert_int_equal(err.kind, ERR_USAGE);
		assert_string_equal(err.text, rows[i].message);
		assert_int_equal(list.count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_hold_peers),
		cmocka_unit_test(deny_wins),
		cmocka_unit_test(a_peer_without_an_ip_address_may_connect),
		cmocka_unit_test(bad_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
