/* SPDX-License-Identifier: ISC */
/* stats: the totals of a command's connections, for --stats. */
#include "config.h"

#include "session/stats.h"

#include "base/text.h"
#include "session/session_struct.h"

#include <inttypes.h>

enum { KIB = 1024, MICROSECONDS = 1000 * 1000 };

void stats_add(struct stats *stats, const struct session *session)
{
	if (session->connection == NULL)
		return;
	stats->received += connection_received(session->connection);
	stats->sent += connection_sent(session->connection);
}

/* "received 12 bytes (6 B/s)" */
static void add_bytes(struct text *text, const char *what, uint64_t bytes, uint64_t us)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double rate = us > 0 ? (double)bytes * MICROSECONDS / (double)us : 0;
	size_t unit = 0;

	while (rate >= KIB && unit + 1 < sizeof(units) / sizeof(*units)) {
		rate /= KIB;
		unit++;
	}
	text_addf(text, "%s %" PRIu64 " byte%s (%.*f %s/s)", what, bytes, bytes == 1 ? "" : "s",
		  unit > 0, rate, units[unit]);
}

char *stats_text(const struct stats *stats, bool listening, uint64_t us)
{
	struct text text = { 0 };

	if (listening)
		text_addf(&text,
			  "%" PRIu64 " connection%s, %" PRIu64 " open, %" PRIu64 " failed, %" PRIu64
			  " probe%s, %" PRIu64 " refused; ",
			  stats->connections, stats->connections == 1 ? "" : "s", stats->open,
			  stats->failed, stats->probes, stats->probes == 1 ? "" : "s",
			  stats->refused);
	add_bytes(&text, "received", stats->received, us);
	text_addf(&text, ", ");
	add_bytes(&text, "sent", stats->sent, us);
	text_addf(&text, " in %.3f s", (double)us / MICROSECONDS);
	return text.data;
}
