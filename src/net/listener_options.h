/* SPDX-License-Identifier: ISC */
/* listener_options: the options of a listener. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct listener_options {
	int family;  /* AF_UNSPEC, AF_INET, AF_INET6; literals are of it */
	int backlog; /* 100 by default */
	bool no_reuse_addr;
	bool reuse_port;
	bool has_unix_mode;
	mode_t unix_mode;
	const char *unix_owner; /* USER[:GROUP], or NULL */
};
