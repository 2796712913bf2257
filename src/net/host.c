/* SPDX-License-Identifier: ISC */
/* host: the HOST and the PORT of an address, read strictly. */
#include "config.h"

#include "net/host.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/escape.h"
#include "base/idn.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * getaddrinfo(3) hands a name to inet_aton(3) first, for which 127.1, 0x7f.1 and
 * 2130706433 are 127.0.0.1. A host whose last label is a number is never a name
 * (WHATWG URL, "ends in a number"), so it must be four decimal numbers.
 */

#define DIGITS	   "0123456789"
#define HEX_DIGITS DIGITS "abcdefABCDEF"
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "-_"

enum { NAME_MAX_LEN = 253, LABEL_MAX_LEN = 63, PORT_MAX = 65535, SHOWN_SIZE = 160 };

bool host_refuse(const char *word, const char *why, struct err *err)
{
	char shown[SHOWN_SIZE];

	return err_set(err, ERR_USAGE, "'%s' %s",
		       escape_visible(bytes_of_string(word), shown, sizeof(shown)), why);
}

static bool refuse_port(const char *word, const char *why, struct err *err)
{
	char shown[SHOWN_SIZE];

	return err_set(err, ERR_USAGE, "invalid port '%s'%s",
		       escape_visible(bytes_of_string(word), shown, sizeof(shown)), why);
}

bool host_is_digits(const char *text)
{
	return *text != '\0' && text[strspn(text, DIGITS)] == '\0';
}

bool host_is_ipv6(const char *text)
{
	char literal[INET6_ADDRSTRLEN];
	struct in6_addr addr;
	size_t len = strcspn(text, "%");

	if (len >= sizeof(literal) || (text[len] == '%' && text[len + 1] == '\0'))
		return false;
	memcpy(literal, text, len);
	literal[len] = '\0';
	return inet_pton(AF_INET6, literal, &addr) == 1;
}

bool host_zone_index(const char *zone, uint32_t *index)
{
	unsigned found = strlen(zone) < IF_NAMESIZE ? if_nametoindex(zone) : 0;
	unsigned long long number;

	if (found == 0 && host_is_digits(zone) && strlen(zone) <= strlen("4294967295")) {
		number = strtoull(zone, NULL, 10);
		found = number <= UINT32_MAX ? (unsigned)number : 0;
	}
	if (found == 0)
		return false;
	*index = found;
	return true;
}

static bool label_is_number(const char *label, size_t len)
{
	if (len >= 2 && strncasecmp(label, "0x", 2) == 0)
		return strspn(label + 2, HEX_DIGITS) == len - 2;
	return len > 0 && strspn(label, DIGITS) == len;
}

/* Labels of letters, digits, '-' and '_'; the last dot may be the root. */
static bool check_name(const char *name, struct err *err)
{
	const char *label = name;
	bool number = false;
	size_t len = strlen(name);
	bool rooted = len > 0 && name[len - 1] == '.';

	if (len - rooted > NAME_MAX_LEN)
		return host_refuse(name, "is too long for a host name", err);
	do {
		len = strspn(label, NAME_CHARS);
		if (len == 0 || len > LABEL_MAX_LEN || (label[len] != '.' && label[len] != '\0'))
			return host_refuse(name, "is not a host name", err);
		number = label_is_number(label, len);
		label += len;
		if (*label == '.')
			label++;
	} while (*label != '\0');
	if (number)
		return host_refuse(name, "is not an IPv4 address: four numbers from 0 to 255", err);
	return true;
}

static bool read_ipv6(const char *text, char **host, struct err *err)
{
	const char *zone = strchr(text, '%');
	uint32_t index;

	if (!host_is_ipv6(text))
		return host_refuse(text, "is not an IPv6 address", err);
	if (zone != NULL && !host_zone_index(zone + 1, &index))
		return host_refuse(text, "does not name an interface of this machine", err);
	*host = alloc_string(text);
	return true;
}

bool host_read(const char *text, char **host, bool *literal, struct err *err)
{
	struct in_addr addr;
	char *ascii;

	if (strchr(text, ':') != NULL) {
		*literal = true;
		return read_ipv6(text, host, err);
	}
	ascii = idn_to_ascii(text, err);
	if (ascii == NULL)
		return false;
	*literal = inet_pton(AF_INET, ascii, &addr) == 1;
	if (!*literal && !check_name(ascii, err)) {
		free(ascii);
		return false;
	}
	*host = ascii;
	return true;
}

bool host_read_port(const char *text, uint16_t *port, struct err *err)
{
	const struct servent *service;
	unsigned long number;

	if (!host_is_digits(text)) {
		service = getservbyname(text, "tcp");
		if (service == NULL)
			return refuse_port(text, ": not a number and not a known service", err);
		*port = ntohs((uint16_t)service->s_port);
		return true;
	}
	number = strtoul(text, NULL, 10); /* ULONG_MAX when it overflows */
	if (number > PORT_MAX)
		return refuse_port(text, " (1 to 65535)", err);
	*port = (uint16_t)number;
	return true;
}
