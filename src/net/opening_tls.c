/* SPDX-License-Identifier: ISC */
/* opening_tls: the stage that puts TLS on a transport. */
#include "config.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/transport.h"
#include "net/opening.h"
#include "tls/transport_tls.h"

#include <stdlib.h>

struct tls_stage {
	const struct tls_config *config;
	const char *tls_name;
	const char *peer; /* the server; NULL: it is one */
	bool begun;
};

static enum opening_result run(struct opening *o, void *arg, struct err *err)
{
	struct tls_stage *tls = arg;

	if (!tls->begun)
		opening_set_transport(o, transport_tls_new(opening_transport(o), tls->config,
							   tls->tls_name));
	tls->begun = true;
	switch (transport_handshake(opening_transport(o), err)) {
	case STREAM_AGAIN:
		return OPENING_AGAIN;
	case STREAM_OK:
		return OPENING_DONE;
	case STREAM_EOF:
	case STREAM_OVERRUN:
	case STREAM_ERROR:
		break;
	}
	if (tls->peer != NULL)
		(void)err_prefix(err, "%s", tls->peer);
	return OPENING_FAILED;
}

static char *text(const void *arg)
{
	const struct tls_stage *tls = arg;

	if (tls->peer == NULL)
		return alloc_string("TLS handshake");
	return alloc_printf("TLS handshake with %s", tls->peer);
}

void opening_add_tls(struct opening *o, const struct tls_config *config, const char *peer,
		     const char *tls_name, struct opening_limit limit, uint64_t *took_us)
{
	const struct tls_stage tls = { .config = config, .tls_name = tls_name, .peer = peer };
	const struct opening_stage stage = {
		.run = run,
		.text = text,
		.free = free,
		.arg = alloc_copy(&tls, sizeof(tls)),
		.limit = limit,
		.took_us = took_us,
	};

	opening_add(o, &stage);
}
