/* SPDX-License-Identifier: ISC */
/* url: http and https URLs, as `liu head` takes them. */
#pragma once

#include "net/address.h"

#include <stdbool.h>

struct err;

struct url {
	char *text;		/* as given, without credentials; UTF-8; owned, like all */
	struct address address; /* HOST_NAME or HOST_LITERAL; https is `tls` */
	char *target;		/* path and query, "/" at least; no fragment */
	char *userinfo;		/* "user:password" percent-decoded, or NULL */
};

/*
 * "[http[s]://][USER[:PASSWORD]@]HOST[:PORT][/PATH][?QUERY][#FRAGMENT]"; without
 * a scheme it is http. ERR_USAGE: another scheme, a bad host or port, white
 * space or a control character. Credentials are not in its message.
 */
bool url_parse(const char *text, struct url *out, struct err *err);
void url_free(struct url *url); /* leaves it zeroed */
