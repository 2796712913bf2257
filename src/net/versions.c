/* SPDX-License-Identifier: ISC */
/* versions: which libraries the program runs with. */
#include "config.h"

#include "net/versions.h"

#include "tls/tls_library.h"

#include <event2/event.h>
#include <stdio.h>

void versions_text(char *buf, size_t size)
{
	(void)snprintf(buf, size, "libevent %s, OpenSSL %s", event_get_version(),
		       tls_library_version());
}
