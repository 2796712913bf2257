/* SPDX-License-Identifier: ISC */
/* idn: internationalised host names. */
#include "config.h"

#include "base/idn.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/escape.h"

#include <dlfcn.h>
#include <idn2.h>
#include <stdbool.h>
#include <string.h>

/* The characters of a name. Some signs, such as U+2100 (a/c), map to characters that
 * mean something else in an address or URL. */
#define HOST_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"

/*
 * Loaded on use, as libc does for AI_IDN: few names need it, and loading it takes a
 * tenth of the time in which liu starts.
 */
#define LIBRARY "libidn2.so.0"

struct library {
	void *handle;
	__typeof__(&idn2_to_ascii_8z) to_ascii;
	__typeof__(&idn2_strerror) error_text;
	__typeof__(&idn2_free) release;
};

static bool library_open(struct library *l)
{
	*l = (struct library){ .handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL) };
	if (l->handle == NULL)
		return false;
	/* POSIX guarantees that a pointer of dlsym(3) can be called. */
	*(void **)&l->to_ascii = dlsym(l->handle, "idn2_to_ascii_8z");
	*(void **)&l->error_text = dlsym(l->handle, "idn2_strerror");
	*(void **)&l->release = dlsym(l->handle, "idn2_free");
	if (l->to_ascii != NULL && l->error_text != NULL && l->release != NULL)
		return true;
	(void)dlclose(l->handle);
	return false;
}

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

	(void)err_set(err, ERR_USAGE, "invalid host name '%s': %s",
		      escape_visible(bytes_of_string(host), shown, sizeof(shown)), why);
	return NULL;
}

static char *convert(const struct library *l, const char *host, struct err *err)
{
	char *found = NULL;
	char *ascii;
	int rc = l->to_ascii(host, &found, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);

	if (rc == IDN2_MALLOC)
		alloc_failed();
	if (rc != IDN2_OK)
		return refuse(host, l->error_text(rc), err);
	if (*found == '\0' || found[strspn(found, HOST_CHARS)] != '\0')
		ascii = refuse(host, "it has a character that is not allowed", err);
	else
		ascii = alloc_string(found);
	l->release(found);
	return ascii;
}

char *idn_to_ascii(const char *host, struct err *err)
{
	struct library library;
	char *ascii;

	if (is_ascii(host))
		return alloc_string(host);
	if (!library_open(&library))
		return refuse(host,
			      "it is not ASCII, and " LIBRARY " cannot be loaded "
			      "(use the form with xn--)",
			      err);
	ascii = convert(&library, host, err);
	(void)dlclose(library.handle);
	return ascii;
}
