/* SPDX-License-Identifier: ISC */
/* tls_settings: what the user asks of TLS. */
#include "config.h"

#include "tls/tls_settings.h"

#include <string.h>
#include <strings.h>

enum { PIN_DIGITS = 64 };

bool tls_settings_pin_valid(const char *text)
{
	static const char prefix[] = "sha256:";
	const char *digits = text + sizeof(prefix) - 1;

	return strncmp(text, prefix, sizeof(prefix) - 1) == 0 && strlen(digits) == PIN_DIGITS &&
	       strspn(digits, "0123456789abcdefABCDEF") == PIN_DIGITS;
}

bool tls_settings_allow_pin(const struct tls_settings *settings, const char *pin)
{
	for (size_t i = 0; i < settings->pin_count; i++)
		if (strcasecmp(settings->pins[i], pin) == 0)
			return true;
	return false;
}

bool tls_settings_need_chain(const struct tls_settings *settings)
{
	bool ca_given = settings->cacert != NULL || settings->capath != NULL;

	return !settings->insecure && (settings->pin_count == 0 || ca_given);
}
