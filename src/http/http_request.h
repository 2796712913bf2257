/* SPDX-License-Identifier: ISC */
/* http_request: the request that `liu head` sends. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct err;
struct url;

struct http_request_options {
	const char *method;	/* HEAD */
	const char *user_agent; /* NULL: liu/VERSION; "": none */
	const char **headers;	/* 'Name: value' replaces, 'Name:' removes, 'Name;' is empty */
	size_t header_count;
	bool http10;
};

/* False and ERR_USAGE when the method, the user agent or a header is not allowed. */
bool http_request_check(const struct http_request_options *options, struct err *err);

/* False and ERR_USAGE when no header can have that name. */
bool http_name_check(const char *name, struct err *err);

/* The head of the request with its blank line; owned by the caller. */
char *http_request(const struct url *url, const struct http_request_options *options);
