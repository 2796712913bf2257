/* SPDX-License-Identifier: ISC */
/* test_http: URLs, requests, heads of responses and the ranges of --fail. */
#include "config.h"

#include "http/http_head.h"

#include "base/alloc.h"
#include "base/err.h"
#include "http/http_request.h"
#include "http/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- URLs ------------------------------------------------------------------ */

struct url_case {
	const char *text;
	const char *want; /* scheme|host|literal|port|target|userinfo|text */
};

static const struct url_case url_cases[] = {
	{ "example.com", "http|example.com|name|80|/|-|example.com" },
	{ "http://example.com", "http|example.com|name|80|/|-|http://example.com" },
	{ "HTTPS://Example.com/A", "https|Example.com|name|443|/A|-|HTTPS://Example.com/A" },
	{ "localhost:8080/x?y#z", "http|localhost|name|8080|/x?y|-|localhost:8080/x?y#z" },
	{ "http://h?q=1", "http|h|name|80|/?q=1|-|http://h?q=1" },
	{ "http://h#f", "http|h|name|80|/|-|http://h#f" },
	{ "http://h:/", "http|h|name|80|/|-|http://h:/" },
	{ "http://h/a?b?c#d#e", "http|h|name|80|/a?b?c|-|http://h/a?b?c#d#e" },
	{ "http://h/%41%zz", "http|h|name|80|/%41%zz|-|http://h/%41%zz" },
	{ "h/http://x", "http|h|name|80|/http://x|-|h/http://x" },
	{ "http://127.0.0.1:65535/", "http|127.0.0.1|literal|65535|/|-|http://127.0.0.1:65535/" },
	{ "https://[::1]:8443/", "https|::1|literal|8443|/|-|https://[::1]:8443/" },
	{ "[::1]", "http|::1|literal|80|/|-|[::1]" },
	{ "http://[fe80::1%25eth0]/", "http|fe80::1%eth0|literal|80|/|-|http://[fe80::1%25eth0]/" },
	{ "http://[fe80::1%eth0]/", "http|fe80::1%eth0|literal|80|/|-|http://[fe80::1%eth0]/" },
	{ "http://b\303\274cher.example/\303\274?\303\274",
	  "http|xn--bcher-kva.example|name|80|/%C3%BC?%C3%BC|-|"
	  "http://b\303\274cher.example/\303\274?\303\274" },
	{ "http://\357\274\221.\357\274\222.3.4/",
	  "http|1.2.3.4|literal|80|/|-|http://\357\274\221.\357\274\222.3.4/" },
	{ "http://h/\377", "http|h|name|80|/%FF|-|http://h/%FF" },
	{ "http://u:p@h/", "http|h|name|80|/|u:p|http://h/" },
	{ "u:p@h", "http|h|name|80|/|u:p|h" },
	{ "http://u@h/", "http|h|name|80|/|u:|http://h/" },
	{ "http://u:@h/", "http|h|name|80|/|u:|http://h/" },
	{ "http://:p@h/", "http|h|name|80|/|:p|http://h/" },
	{ "http://@h/", "http|h|name|80|/|-|http://h/" },
	{ "http://u%40x:p%3a%2F%C3%BC@h/", "http|h|name|80|/|u@x:p:/\303\274|http://h/" },
	{ "http://u:a@b:c@h:81/@", "http|h|name|81|/@|u:a@b:c|http://h:81/@" },
};

static void test_url(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(url_cases); i++) {
		struct err err = { 0 };
		struct url url;
		char *got;

		if (!url_parse(url_cases[i].text, &url, &err))
			fail_msg("%s: %s", url_cases[i].text, err.text);
		got = alloc_printf("%s|%s|%s|%u|%s|%s|%s", url.address.tls ? "https" : "http",
				   url.address.host,
				   url.address.host_kind == HOST_LITERAL ? "literal" : "name",
				   url.address.port, url.target,
				   url.userinfo != NULL ? url.userinfo : "-", url.text);
		assert_string_equal(got, url_cases[i].want);
		free(got);
		url_free(&url);
	}
}

static const struct url_case url_refused[] = {
	{ "", "invalid URL '': host is missing" },
	{ "http://", "invalid URL 'http://': host is missing" },
	{ "8080",
	  "invalid URL '8080': a number alone is not a host, did you mean localhost:PORT?" },
	{ "http:///x", "invalid URL 'http:///x': host is missing" },
	{ "://h", "invalid URL '://h': only http and https are supported" },
	{ "ftp://h/", "invalid URL 'ftp://h/': only http and https are supported" },
	{ "http:/h/", "invalid URL 'http:/h/': '//' is missing after the scheme" },
	{ "https:h/", "invalid URL 'https:h/': '//' is missing after the scheme" },
	{ "http://h:0/", "invalid URL 'http://h:0/': the port is not a number from 1 to 65535" },
	{ "http://h:65536/",
	  "invalid URL 'http://h:65536/': the port is not a number from 1 to 65535" },
	{ "http://h:http/",
	  "invalid URL 'http://h:http/': the port is not a number from 1 to 65535" },
	{ "http://h:80x", "invalid URL 'http://h:80x': the port is not a number from 1 to 65535" },
	{ "http://h:-1", "invalid URL 'http://h:-1': the port is not a number from 1 to 65535" },
	{ "http://::1/", "invalid URL 'http://::1/': the port is not a number from 1 to 65535" },
	{ "http://[::1]80/",
	  "invalid URL 'http://[::1]80/': the port is not a number from 1 to 65535" },
	{ "http://[::1/", "invalid URL 'http://[::1/': ']' is missing after the IPv6 address" },
	{ "http://[]/", "invalid URL 'http://[]/': the host is not an IPv6 address" },
	{ "http://[1.2.3.4]/", "invalid URL 'http://[1.2.3.4]/': the host is not an IPv6 address" },
	{ "http://[fe80::1%]/",
	  "invalid URL 'http://[fe80::1%]/': the host is not an IPv6 address" },
	{ "http://[fe80::1%25a\"b]/",
	  "invalid URL 'http://[fe80::1%25a\"b]/': the host is not an IPv6 address" },
	{ "http://[fe80::1%25a%b]/",
	  "invalid URL 'http://[fe80::1%25a%b]/': the host is not an IPv6 address" },
	{ "http://a_b,c/",
	  "invalid URL 'http://a_b,c/': the host name has a character that is not allowed" },
	{ "http://a\\b/",
	  "invalid URL 'http://a\\\\b/': the host name has a character that is not allowed" },
	{ "http://h/a b",
	  "invalid URL 'http://h/a b': white space or control character (write %20, %0A...)" },
	{ "http://h/\r\nX: y", "invalid URL 'http://h/\\r\\nX: y': white space or control "
			       "character (write %20, %0A...)" },
	{ "http://h/\x7f",
	  "invalid URL 'http://h/\\x7f': white space or control character (write %20, %0A...)" },
	/* Credentials stay out of messages, however the text is wrong. */
	{ "http://u:secret@h:x/",
	  "invalid URL 'http://h:x/': the port is not a number from 1 to 65535" },
	{ "ftp://u:secret@h/", "invalid URL 'ftp://h/': only http and https are supported" },
	{ "http://u:sec ret@h/",
	  "invalid URL 'http://h/': white space or control character (write %20, %0A...)" },
	{ "http://u:sec/ret@h/",
	  "invalid URL '...@h/': the port is not a number (in a password write '/', '?' "
	  "and '#' as %2F, %3F and "
	  "%23)" },
	{ "http://u:se#cret@h/",
	  "invalid URL '...@h/': the port is not a number (in a password write '/', '?' "
	  "and '#' as %2F, %3F and "
	  "%23)" },
	{ "http://u:%zz@h/", "invalid URL 'http://h/': invalid '%' in the credentials" },
	{ "http://u:%4@h/", "invalid URL 'http://h/': invalid '%' in the credentials" },
	{ "http://u:%0a@h/", "invalid URL 'http://h/': control character in the credentials" },
	{ "http://u:%00@h/", "invalid URL 'http://h/': control character in the credentials" },
	{ "http://u%3av:p@h/", "invalid URL 'http://h/': ':' in the user name" },
};

static void test_url_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(url_refused); i++) {
		struct err err = { 0 };
		struct url url;

		if (url_parse(url_refused[i].text, &url, &err))
			fail_msg("'%s' has been taken", url_refused[i].text);
		assert_string_equal(err.text, url_refused[i].want);
		assert_int_equal(err.kind, ERR_USAGE);
	}
}

/* No mapping may bring in a character that ends the host. */
static void test_url_bad_names(void **state)
{
	static const char *const texts[] = {
		"http://\342\204\200.example/", /* U+2100, "a/c" */
		"http://\377\376/",
		"http://a\340\200\200/",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct err err = { 0 };
		struct url url;

		assert_false(url_parse(texts[i], &url, &err));
		assert_int_equal(err.kind, ERR_USAGE);
		assert_non_null(strstr(err.text, "invalid host name"));
	}
}

static void test_url_long_name(void **state)
{
	char *text = alloc_printf("http://%0300d/", 0);
	struct err err = { 0 };
	struct url url;

	(void)state;
	assert_false(url_parse(text, &url, &err));
	assert_non_null(strstr(err.text, "the host name is too long"));
	free(text);
}

/* --- requests -------------------------------------------------------------- */

struct request_case {
	const char *url;
	const char *headers[6];
	const char *method, *agent;
	bool http10;
	const char *want;
};

#define SIGNS "!#$%&'*+-.^_`|~"
#define AGENT "User-Agent: liu/" PACKAGE_VERSION "\r\n"
#define REST  "Accept: */*\r\nConnection: close\r\n"

static const struct request_case request_cases[] = {
	{ .url = "http://example.com/path/page.html",
	  .want = "HEAD /path/page.html HTTP/1.1\r\nHost: example.com\r\n" AGENT REST "\r\n" },
	{ .url = "https://h:443", .want = "HEAD / HTTP/1.1\r\nHost: h\r\n" AGENT REST "\r\n" },
	{ .url = "https://h:80", .want = "HEAD / HTTP/1.1\r\nHost: h:80\r\n" AGENT REST "\r\n" },
	{ .url = "http://h:443", .want = "HEAD / HTTP/1.1\r\nHost: h:443\r\n" AGENT REST "\r\n" },
	{ .url = "http://[::1]", .want = "HEAD / HTTP/1.1\r\nHost: [::1]\r\n" AGENT REST "\r\n" },
	{ .url = "http://[fe80::1%25lo]:8080",
	  .want = "HEAD / HTTP/1.1\r\nHost: [fe80::1]:8080\r\n" AGENT REST "\r\n" },
	{ .url = "http://Aladdin:open%20sesame@h/",
	  .want = "HEAD / HTTP/1.1\r\nHost: h\r\n" AGENT
		  "Accept: */*\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"
		  "Connection: close\r\n\r\n" },
	{ .url = "http://u:p@h/",
	  .headers = { "authorization: Bearer x" },
	  .want = "HEAD / HTTP/1.1\r\nHost: h\r\n" AGENT REST "authorization: Bearer x\r\n\r\n" },
	{ .url = "http://h/",
	  .method = "OPTIONS",
	  .agent = "me/1",
	  .http10 = true,
	  .want = "OPTIONS / HTTP/1.0\r\nHost: h\r\nUser-Agent: me/1\r\n" REST "\r\n" },
	{ .url = "http://h/", .agent = "", .want = "HEAD / HTTP/1.1\r\nHost: h\r\n" REST "\r\n" },
	{ .url = "http://h/",
	  .headers = { "X-A: 1", "hOST: other", "user-agent:", "X-B;", "Accept:text/html",
		       "X-A:2" },
	  .want = "HEAD / HTTP/1.1\r\nhOST: other\r\nConnection: close\r\nX-A: 1\r\nX-B:\r\n"
		  "Accept: text/html\r\nX-A: 2\r\n\r\n" },
	{ .url = "http://h/",
	  .headers = { "Host: \t", "Accept:", "Connection:", "User-Agent:" },
	  .want = "HEAD / HTTP/1.1\r\n\r\n" },
};

static struct http_request_options request_options(const struct request_case *c)
{
	struct http_request_options options = {
		.method = c->method != NULL ? c->method : "HEAD",
		.user_agent = c->agent,
		.headers = (const char **)c->headers,
		.http10 = c->http10,
	};

	while (options.header_count < COUNT(c->headers) && c->headers[options.header_count] != NULL)
		options.header_count++;
	return options;
}

static void test_request(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(request_cases); i++) {
		struct http_request_options options = request_options(&request_cases[i]);
		struct err err = { 0 };
		struct url url;
		char *request;

		assert_true(http_request_check(&options, &err));
		assert_true(url_parse(request_cases[i].url, &url, &err));
		request = http_request(&url, &options);
		assert_string_equal(request, request_cases[i].want);
		free(request);
		url_free(&url);
	}
}

static const struct request_case request_refused[] = {
	{ .method = "", .want = "invalid method '': only letters, digits and " SIGNS },
	{ .method = "A B", .want = "invalid method 'A B': only letters, digits and " SIGNS },
	{ .method = "A\r\n", .want = "invalid method 'A\\r\\n': only letters, digits and " SIGNS },
	{ .agent = "a\nX: y", .want = "invalid user agent 'a\\nX: y': control character" },
	{ .headers = { "X: a\r\nY: b" },
	  .want = "invalid header 'X: a\\r\\nY: b': control character" },
	{ .headers = { "X: a\rb" }, .want = "invalid header 'X: a\\rb': control character" },
	{ .headers = { "OK: 1", "no header" },
	  .want = "invalid header 'no header': not 'Name: value', 'Name:' or 'Name;'" },
	{ .headers = { "" }, .want = "invalid header '': not 'Name: value', 'Name:' or 'Name;'" },
	{ .headers = { ": x" },
	  .want = "invalid header ': x': not 'Name: value', 'Name:' or 'Name;'" },
	{ .headers = { "A B: x" },
	  .want = "invalid header 'A B: x': not 'Name: value', 'Name:' or 'Name;'" },
	{ .headers = { "A; x" },
	  .want = "invalid header 'A; x': not 'Name: value', 'Name:' or 'Name;'" },
};

static void test_request_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(request_refused); i++) {
		struct http_request_options options = request_options(&request_refused[i]);
		struct err err = { 0 };

		assert_false(http_request_check(&options, &err));
		assert_string_equal(err.text, request_refused[i].want);
		assert_int_equal(err.kind, ERR_USAGE);
	}
}

/* --- heads of responses ------------------------------------------------------ */

struct head_case {
	const char *input;
	size_t len; /* 0: strlen */
	const char *want;
};

/* Feed line after line; what came of it, as text: VERSION|STATUS|REASON, then
 * |NAME=VALUE each, then the end: " done", " more", or the error. */
static char *head_run(const char *input, size_t len)
{
	struct http_head head = { 0 };
	enum http_head_status status = HTTP_HEAD_MORE;
	struct err err = { 0 };
	char *text, *old;

	while (len > 0 && status == HTTP_HEAD_MORE) {
		const char *newline = memchr(input, '\n', len);
		size_t n = newline != NULL ? (size_t)(newline - input) + 1 : len;

		status = http_head_line(&head, bytes_of(input, n), &err);
		input += n;
		len -= n;
	}
	text = head.status != 0 ? alloc_printf("%s|%d|%s", head.version, head.status, head.reason)
				: alloc_string("");
	for (size_t i = 0; i < head.count; i++) {
		assert_int_equal(strlen(head.fields[i].value.data), head.fields[i].value.len);
		old = text;
		text = alloc_printf("%s|%s=%s", old, head.fields[i].name,
				    head.fields[i].value.data);
		free(old);
	}
	old = text;
	text = alloc_printf("%s %s", old,
			    status == HTTP_HEAD_DONE   ? "done"
			    : status == HTTP_HEAD_MORE ? "more"
						       : err.text);
	free(old);
	assert_true((status == HTTP_HEAD_FAIL) == (err.kind != ERR_OK));
	http_head_free(&head);
	assert_null(head.fields);
	return text;
}

static const struct head_case head_cases[] = {
	{ "HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody", 0, "HTTP/1.1|200|OK|A=b done" },
	{ "HTTP/1.0 404 Not  Found\nA:b\n\n", 0, "HTTP/1.0|404|Not  Found|A=b done" },
	{ "HTTP/1.1 204\r\n\r\n", 0, "HTTP/1.1|204| done" },
	{ "HTTP/1.1 204 \r\n\n", 0, "HTTP/1.1|204| done" },
	{ "HTTP/1.1 200 OK\r\n", 0, "HTTP/1.1|200|OK more" },
	{ "HTTP/1.1 200 OK\r\nA: \t b c\t \r\nB:\r\nC : d\r\nD:e:f\r\n\r\n", 0,
	  "HTTP/1.1|200|OK|A=b c|B=|C=d|D=e:f done" },
	{ "HTTP/1.1 200 OK\r\nA: b\r\n  c\r\n\td \r\n \r\nB:\r\n x\r\n\r\n", 0,
	  "HTTP/1.1|200|OK|A=b c d|B=x done" },
	{ "HTTP/1.1 200 \303\244\377\r\nA: \033[1m\r\n\r\n", 0,
	  "HTTP/1.1|200|\303\244\377|A=\033[1m done" },
	{ "\r\n", 0, " the response is not HTTP: '\\r\\n'" },
	{ "SSH-2.0-OpenSSH\r\n", 0, " the response is not HTTP: 'SSH-2.0-OpenSSH\\r\\n'" },
	{ "HTTP/1.1\r\n", 0, " the response is not HTTP: 'HTTP/1.1\\r\\n'" },
	{ "HTTP/1.1 20\r\n", 0, " the response is not HTTP: 'HTTP/1.1 20\\r\\n'" },
	{ "HTTP/1.1 2000 x\r\n", 0, " the response is not HTTP: 'HTTP/1.1 2000 x\\r\\n'" },
	{ "HTTP/1.1 099 x\r\n", 0, " the response is not HTTP: 'HTTP/1.1 099 x\\r\\n'" },
	{ "HTTP/2 200 OK\r\n", 0, " the response is not HTTP: 'HTTP/2 200 OK\\r\\n'" },
	{ "HTTP/2.0 200 OK\r\n", 0, " the response is not HTTP: 'HTTP/2.0 200 OK\\r\\n'" },
	{ "http/1.1 200 OK\r\n", 0, " the response is not HTTP: 'http/1.1 200 OK\\r\\n'" },
	{ "HTTP/1.1 200 a\rb\r\n", 0, " the response is not HTTP: 'HTTP/1.1 200 a\\rb\\r\\n'" },
	{ "HTTP/1.1 200 a\0b\r\n", 18, " the response is not HTTP: 'HTTP/1.1 200 a\\x00b\\r\\n'" },
	{ "HTTP/1.1 200 OK\r\nA: b\0c\r\n", 25,
	  "HTTP/1.1|200|OK NUL in a header line: 'A: b\\x00c\\r\\n'" },
	{ "HTTP/1.1 200 OK\r\nA: b\rc\r\n", 0,
	  "HTTP/1.1|200|OK bare CR in a header line: 'A: b\\rc\\r\\n'" },
	{ "HTTP/1.1 200 OK\r\n\r\r\n", 0, "HTTP/1.1|200|OK bare CR in a header line: '\\r\\r\\n'" },
	{ "HTTP/1.1 200 OK\r\nno colon\r\n", 0,
	  "HTTP/1.1|200|OK header line without a colon: 'no colon\\r\\n'" },
	{ "HTTP/1.1 200 OK\r\n: x\r\n", 0,
	  "HTTP/1.1|200|OK header line without a name: ': x\\r\\n'" },
	{ "HTTP/1.1   200   OK\r\n\r\n", 0, "HTTP/1.1|200|OK done" },
	{ "HTTP/1.12 200 OK\r\n", 0, " the response is not HTTP: 'HTTP/1.12 200 OK\\r\\n'" },
	{ "HTTP/1.1 200 OK\r\n x\r\n\ty\r\nA: b\r\n\r\n", 0, "HTTP/1.1|200|OK|A=b done" },
};

static void test_head(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(head_cases); i++) {
		const struct head_case *c = &head_cases[i];
		char *got = head_run(c->input, c->len > 0 ? c->len : strlen(c->input));

		assert_string_equal(got, c->want);
		free(got);
	}
}

/* A head of `count` lines "X: aaa...\r\n" of `size` bytes each; what the last of
 * them gave. */
static enum http_head_status feed_many(size_t count, size_t size, struct err *err)
{
	struct http_head head = { 0 };
	enum http_head_status status;
	char *line = alloc_printf("X: %0*d\r\n", (int)(size - strlen("X: \r\n")), 0);

	status = http_head_line(&head, bytes_of_string("HTTP/1.1 200 OK\r\n"), err);
	for (size_t i = 0; i < count && status == HTTP_HEAD_MORE; i++)
		status = http_head_line(&head, bytes_of(line, size), err);
	free(line);
	http_head_free(&head);
	return status;
}

static void test_head_limits(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(feed_many(HTTP_FIELDS_MAX, 6, &err), HTTP_HEAD_MORE);
	assert_int_equal(feed_many(HTTP_FIELDS_MAX + 1, 6, &err), HTTP_HEAD_FAIL);
	assert_int_equal(err.kind, ERR_LIMIT_OVERRUN);
	assert_string_equal(err.text, "more than 1000 headers");

	/* 17 bytes of status line, 255 lines of 1024 and then 1007 more are 256K. */
	assert_int_equal(feed_many(255, 1024, &err), HTTP_HEAD_MORE);
	assert_int_equal(feed_many(256, 1024, &err), HTTP_HEAD_FAIL);
	assert_int_equal(err.kind, ERR_LIMIT_OVERRUN);
	assert_string_equal(err.text, "the headers are longer than 262144 bytes");
}

/* --- the ranges of --fail -------------------------------------------------- */

static void test_ranges(void **state)
{
	static const struct {
		const char *text;
		int in[3], out[3];
	} cases[] = {
		{ "100-399", { 100, 399, 200 }, { 400, 999, 500 } },
		{ "200-299,304", { 200, 299, 304 }, { 199, 300, 305 } },
		{ "404", { 404, 404, 404 }, { 403, 405, 200 } },
		{ "100-999", { 100, 999, 500 }, { 99, 1000, 0 } },
		{ "500-599,200,201-201", { 500, 200, 201 }, { 202, 600, 499 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_true(http_ranges_valid(cases[i].text));
		for (size_t k = 0; k < COUNT(cases[i].in); k++) {
			assert_true(http_ranges_hold(cases[i].text, cases[i].in[k]));
			assert_false(http_ranges_hold(cases[i].text, cases[i].out[k]));
		}
	}
}

static void test_ranges_refused(void **state)
{
	static const char *const texts[] = {
		"",	   ",",	   "200,", ",200",     "20",	      "2000",
		"299-200", "200-", "-200", "200--300", "200-300-400", "099",
		"2xx",	   " 200", "200 ", "200;300",  "200-2999",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		if (http_ranges_valid(texts[i]))
			fail_msg("'%s' has been taken", texts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_url),	      cmocka_unit_test(test_url_refused),
		cmocka_unit_test(test_url_bad_names), cmocka_unit_test(test_url_long_name),
		cmocka_unit_test(test_request),	      cmocka_unit_test(test_request_refused),
		cmocka_unit_test(test_head),	      cmocka_unit_test(test_head_limits),
		cmocka_unit_test(test_ranges),	      cmocka_unit_test(test_ranges_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
