/* SPDX-License-Identifier: ISC */
/* http_head: the head of an HTTP response, read line by line. */
#pragma once

/*
 * RFC 9110 and 9112 as far as `liu head` needs them: no body is read. The parser
 * takes lines and says what they mean; it knows no stream.
 */

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

struct err;

enum {
	HTTP_HEAD_MAX = 256 * 1024,
	HTTP_FIELDS_MAX = 1000,
};

struct http_field {
	char *name;	   /* owned */
	struct text value; /* trimmed; a fold is one space */
};

struct http_head {
	char *version; /* "HTTP/1.1"; owned */
	int status;    /* 0 until the status line has been read */
	char *reason;  /* may be ""; owned */
	struct http_field *fields;
	size_t count;
	size_t bytes; /* of all lines so far */
};

enum http_head_status {
	HTTP_HEAD_MORE, /* give the next line */
	HTTP_HEAD_DONE, /* that was the blank line */
	HTTP_HEAD_FAIL, /* `err` says why: ERR_IO (not HTTP), ERR_LIMIT_OVERRUN */
};

/* Can a response begin with these bytes? */
bool http_head_begins(struct bytes start);

/* One line with its line end (CR LF or LF). */
enum http_head_status http_head_line(struct http_head *head, struct bytes line, struct err *err);
void http_head_free(struct http_head *head); /* leaves it zeroed, for the next */

/* Has it a field of that name? Case is ignored. */
bool http_head_has(const struct http_head *head, const char *name);

/* Ranges of statuses, "200-299,304": are they well-formed, and is `status` in one? */
bool http_ranges_valid(const char *ranges);
bool http_ranges_hold(const char *ranges, int status);
