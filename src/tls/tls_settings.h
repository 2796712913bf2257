/* SPDX-License-Identifier: ISC */
/* tls_settings: what the user asks of TLS. */
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
	const char **pins;	 /* "sha256:HEX", checked by tls_settings_pin_valid() */
	size_t pin_count;
};

/* Is `text` what --pin takes: sha256: and 64 hexadecimal digits? */
bool tls_settings_pin_valid(const char *text);

/* Is `pin` among the pins? */
bool tls_settings_allow_pin(const struct tls_settings *settings, const char *pin);

/* Must the peer's chain and name be valid? Not with --insecure, nor with --pin unless
 * a CA is given too. */
bool tls_settings_need_chain(const struct tls_settings *settings);
