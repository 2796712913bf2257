/* SPDX-License-Identifier: ISC */
/* idn: internationalised host names. */
#include "config.h"

#include "net/idn.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/escape.h"

#include <idn2.h>
#include <stdbool.h>
#include <string.h>

/* What a name may hold; upper case does not come out of the mappings, but '_'
 * does. A sign such as U+2100 (a/c) maps to characters that mean something else
 * in an address or URL. */
#define HOST_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"

static bool is_ascii(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

static char *refuse(const char *host, const char *why, struct err *err)
{
	char shown[128];

	(void)err_set(err, ERR_USAGE, "'%s' is no host name: %s",
		      escape_visible(bytes_of_string(host), shown, sizeof(shown)), why);
	return NULL;
}

char *idn_to_ascii(const char *host, struct err *err)
{
	char *found = NULL;
	char *ascii;
	int rc;

	if (is_ascii(host))
		return alloc_string(host);
	rc = idn2_to_ascii_8z(host, &found, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc == IDN2_MALLOC)
		alloc_failed();
	if (rc != IDN2_OK)
		return refuse(host, idn2_strerror(rc), err);
	if (*found == '\0' || found[strspn(found, HOST_CHARS)] != '\0') {
		idn2_free(found);
		return refuse(host, "a character in it is not allowed", err);
	}
	ascii = alloc_string(found);
	idn2_free(found);
	return ascii;
}
