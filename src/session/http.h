/* SPDX-License-Identifier: ISC */
/* http: requests and the head of an answer. */
#ifndef LIU_SESSION_HTTP_H
#define LIU_SESSION_HTTP_H

/*
 * RFC 9110 and 9112 as far as `liu head` needs them: no body is ever read. The
 * parser is pure: it takes lines and says what they mean.
 */

#include "base/bytes.h"
#include "session/url.h"

#include <stdbool.h>
#include <stddef.h>

struct err;

enum {
	HTTP_LINE_MAX = 64 * 1024,
	HTTP_HEAD_MAX = 256 * 1024,
	HTTP_FIELDS_MAX = 1000,
};

struct http_request_options {
	const char *method;	/* HEAD */
	const char *user_agent; /* NULL: liu/VERSION; "": none */
	const char **headers;	/* 'Name: value' replaces, 'Name:' removes, 'Name;' is empty */
	size_t header_count;
	bool http10;
};

/* Are the method and the header lines allowed? ERR_USAGE. */
bool http_request_check(const struct http_request_options *options, struct err *err);

/* The request's head, with its blank line; owned by the caller. */
struct bytes http_request(const struct url *url, const struct http_request_options *options);

struct http_field {
	char *name;  /* owned */
	char *value; /* without white space at its ends, folds made one space; owned */
	size_t value_len;
};

struct http_head {
	char *version; /* "HTTP/1.1"; owned */
	int status;
	char *reason; /* may be ""; owned */
	struct http_field *fields;
	size_t count;
	size_t bytes;	 /* of all lines so far */
	bool has_status; /* the status line has been read */
};

enum http_answer {
	HTTP_MORE, /* give the next line */
	HTTP_DONE, /* that was the blank line */
	HTTP_FAIL, /* `err` says why: ERR_IO (not HTTP), ERR_LIMIT_OVERRUN */
};

/* One line with its line end (CR LF or LF). */
enum http_answer http_head_line(struct http_head *head, struct bytes line, struct err *err);
void http_head_free(struct http_head *head); /* leaves it zeroed, for the next */

/* STATUS ranges of --fail: "200-299,304"; "" is the default, 100-399. NULL and
 * ERR_USAGE when malformed. */
struct http_ranges;
struct http_ranges *http_ranges_parse(const char *text, struct err *err);
bool http_ranges_hold(const struct http_ranges *ranges, int status);
void http_ranges_free(struct http_ranges *ranges);

#endif
