/* SPDX-License-Identifier: ISC */
/* option_values: store an option's argument in its field, and complete the whole. */
#include "config.h"

#include "cli/option_values.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/escape.h"
#include "base/number.h"
#include "http/http_head.h"
#include "net/address.h"
#include "session/pump.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
	BACKLOG = 100,
	HAPPY_EYEBALLS_DELAY_MS = 250,
	LOW_WATER_PART = 4, /* of high */
	MODE_MAX = 0777,
};

void option_defaults(struct options *out)
{
	memset(out, 0, sizeof(*out));
	out->handshake_timeout_ms = SETTINGS_HANDSHAKE_TIMEOUT_MS;
	out->session.limit = SETTINGS_LIMIT;
	out->session.high_water = SETTINGS_HIGH_WATER;
	out->session.close_timeout_ms = SETTINGS_CLOSE_TIMEOUT_MS;
	out->dialing.happy_eyeballs_delay_ms = HAPPY_EYEBALLS_DELAY_MS;
	out->listening.backlog = BACKLOG;
	out->serve.readiness.ready_fd = -1;
	out->request.method = "HEAD";
}

static void list_add(struct string_list *list, const char *item)
{
	list->items = alloc_resize(list->items, (list->count + 1) * sizeof(*list->items));
	list->items[list->count++] = item;
}

static bool store_string(const char *value, const char **out, struct err *err)
{
	if (value[0] == '\0')
		return err_set(err, ERR_USAGE, "the argument is empty");
	*out = value;
	return true;
}

static bool store_pin(const char *value, struct string_list *out, struct err *err)
{
	if (!tls_settings_pin_valid(value))
		return err_set(err, ERR_USAGE,
			       "invalid pin '%s' (sha256: and 64 hexadecimal digits)", value);
	list_add(out, value);
	return true;
}

/* 0 must not mean "unlimited". */
static bool store_size(const char *value, size_t *out, struct err *err)
{
	uint64_t size;

	if (!number_size(value, &size, err))
		return false;
	if (size == 0)
		return err_set(err, ERR_USAGE, "invalid size '%s': must be above 0", value);
	if (size > SIZE_MAX)
		return err_set(err, ERR_USAGE, "invalid size '%s': too large", value);
	*out = (size_t)size;
	return true;
}

static bool store_int(const char *value, int *out, struct err *err)
{
	uint64_t number;

	if (!number_count(value, "number", 1, INT_MAX, &number, err))
		return false;
	*out = (int)number;
	return true;
}

static bool store_mode(const char *value, mode_t *out, struct err *err)
{
	bool octal = value[0] != '\0' && strspn(value, "01234567") == strlen(value);
	unsigned long mode = strtoul(value, NULL, 8);

	if (!octal || mode > MODE_MAX)
		return err_set(err, ERR_USAGE, "invalid mode '%s' (octal, at most 0777)", value);
	*out = (mode_t)mode;
	return true;
}

static bool store_pump(const char *value, const char **out, struct err *err)
{
	if (!pump_known(value))
		return err_set(err, ERR_USAGE, "unknown pump '%s'", value);
	*out = value;
	return true;
}

static bool store_color(const char *value, enum color_when *out, struct err *err)
{
	static const char *const names[] = {
		[COLOR_AUTO] = "auto",
		[COLOR_ALWAYS] = "always",
		[COLOR_NEVER] = "never",
	};

	for (enum color_when when = COLOR_AUTO; when <= COLOR_NEVER; when++) {
		if (strcmp(value, names[when]) == 0) {
			*out = when;
			return true;
		}
	}
	return err_set(err, ERR_USAGE, "invalid value '%s' (auto, always or never)", value);
}

static bool store_separator(const char *value, const char **out, struct err *err)
{
	struct bytes decoded;

	if (value[0] == '\0')
		return err_set(err, ERR_USAGE, "the separator is empty");
	if (!escape_decode(value, &decoded, err))
		return false;
	free((void *)decoded.data);
	*out = value;
	return true;
}

static bool store_ranges(const char *value, const char **out, struct err *err)
{
	if (value[0] == '\0')
		return err_set(err, ERR_USAGE, "the list of statuses is empty");
	if (!http_ranges_valid(value))
		return err_set(err, ERR_USAGE, "invalid statuses '%s' (such as 200-299,304)",
			       value);
	*out = value;
	return true;
}

/* The types are those that enum option_type names. */
static bool store(const struct option_row *row, const char *value, void *field, struct err *err)
{
	switch (row->type) {
	case OPTION_SWITCH:
		*(bool *)field = true;
		return true;
	case OPTION_REPEATED:
		++*(unsigned *)field;
		return true;
	case OPTION_STRING:
		return store_string(value, field, err);
	case OPTION_STRING_ANY:
		*(const char **)field = value;
		return true;
	case OPTION_LIST:
		list_add(field, value);
		return true;
	case OPTION_PINS:
		return store_pin(value, field, err);
	case OPTION_DURATION:
		return number_duration(value, false, field, err);
	case OPTION_DURATION_0:
		return number_duration(value, true, field, err);
	case OPTION_SIZE:
		return store_size(value, field, err);
	case OPTION_COUNT:
		return number_count(value, "count", 1, UINT64_MAX, field, err);
	case OPTION_INT:
		return store_int(value, field, err);
	case OPTION_MODE:
		return store_mode(value, field, err);
	case OPTION_COLOR:
		return store_color(value, field, err);
	case OPTION_PUMP:
		return store_pump(value, field, err);
	case OPTION_SEPARATOR:
		return store_separator(value, field, err);
	case OPTION_RANGES:
		return store_ranges(value, field, err);
	}
	return err_set(err, ERR_USAGE, "an option of no type");
}

bool option_store(const struct option_row *row, const char *value, struct options *out,
		  struct err *err)
{
	char *base = (char *)out;

	if (!store(row, value, base + row->offset, err))
		return false;
	if (row->flag != 0)
		*(bool *)(base + row->flag) = true;
	return true;
}

static bool settle_marks(bool has_low_water, struct session_settings *session, struct err *err)
{
	if (!has_low_water)
		session->low_water = session->high_water / LOW_WATER_PART;
	if (session->low_water > session->high_water)
		return err_set(err, ERR_USAGE, "--low-water (%zu) is above --high-water (%zu)",
			       session->low_water, session->high_water);
	return true;
}

static bool settle_local(struct options *out, int family, struct err *err)
{
	struct dial_options *dialing = &out->dialing;

	if (out->local_addr == NULL)
		return true;
	if (!address_parse_local(out->local_addr, &dialing->local, err))
		return err_prefix(err, "--local-addr");
	if (family != AF_UNSPEC && family != dialing->local.addr.ss_family)
		return err_set(err, ERR_USAGE, "--local-addr: '%s' is excluded by -%c",
			       out->local_addr, out->ipv4 ? '4' : '6');
	return true;
}

bool option_settle(struct options *out, struct err *err)
{
	int family = out->ipv4 ? AF_INET : out->ipv6 ? AF_INET6 : AF_UNSPEC;

	if (!settle_marks(out->has_low_water, &out->session, err) ||
	    !settle_local(out, family, err))
		return false;
	out->request.headers = out->headers.items;
	out->request.header_count = out->headers.count;
	out->tls_settings.pins = out->pins.items;
	out->tls_settings.pin_count = out->pins.count;
	out->dialing.family = family;
	out->dialing.handshake_timeout_ms = out->handshake_timeout_ms;
	out->dialing.nagle = out->nagle;
	out->listening.family = family;
	out->serve.handshake_timeout_ms = out->handshake_timeout_ms;
	out->serve.nagle = out->nagle;
	out->serve.keep_open = out->serve.keep_open || out->serve.accept_count > 0;
	return true;
}
