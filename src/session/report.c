/* SPDX-License-Identifier: ISC */
/* report: the one form in which an error is told while the loop runs. */
#include "config.h"

#include "session/report.h"

#include "base/err.h"
#include "base/log.h"
#include "session/event_writer.h"

#include <stddef.h>

void report_error(struct event_writer *events, unsigned conn, const char *peer,
		  const struct err *err)
{
	if (peer != NULL)
		log_line(LOG_ERROR, "%s: %s", peer, err->text);
	else
		log_line(LOG_ERROR, "%s", err->text);
	if (events != NULL)
		event_writer_error(events, conn, err);
}
