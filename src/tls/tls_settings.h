/* SPDX-License-Identifier: ISC */
/* tls_settings: the TLS options of the user. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* From the command line; strings borrowed for the program's life. */
struct tls_settings {
	bool insecure;	      /* check neither the chain nor the name */
	bool allow_truncated; /* accept an end without close_notify */
	const char *cacert;   /* PEM file instead of the system's store */
	const char *capath;
	const char *server_name; /* sent as SNI and checked, instead of the host */
	const char *cert, *key;	 /* PEM; the key may be in the file of the certificate */
	const char **pins;	 /* "sha256:HEX", checked by tls_verify_pin_valid() */
	size_t pin_count;
};
