/* SPDX-License-Identifier: ISC */
/* commands: functions that the commands share. */
#pragma once

#include "net/dial.h"
#include "tls/tls_settings.h"

#include <stdbool.h>

struct err;
struct options;
struct tls_config;

/* Read ADDRESS (left out: port 0 on loopback) and each --address, and what the steps
 * have to know of them. ERR_USAGE also for an option that would be ignored. */
bool command_read_addresses(struct options *options, struct err *err);

/* After an error about a word that the COMMAND of --run may have lost for want of quotes. Returns
 * false. */
bool command_hint_at_run(const struct options *options, struct err *err);

/* Once the steps are known: ERR_USAGE when the TLS options do not say what the certificate
 * of the step `to` is checked against. */
bool command_check_to(const struct options *options, struct err *err);

/* Make a client's TLS configuration, which the caller owns; NULL where nothing uses TLS. */
bool command_client_tls(const struct options *options, struct tls_config **tls, struct err *err);

/* How the step `to` dials: as the options say, but it presents no certificate. */
struct to_dialing {
	struct dial_options options;
	struct tls_settings settings;
	struct tls_config *tls; /* owned by the caller; NULL: it uses no TLS */
};

/* Make it, with the TLS configuration where that is needed. */
bool command_to_dialing(const struct options *options, struct to_dialing *to, struct err *err);

/* Of listen, and of echo, which differs in its steps alone. */
bool listen_run(const struct options *options, int *status, struct err *err);
